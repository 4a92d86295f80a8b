"""The rendered text as people review it.

After a change that is meant: `GOLDEN=write pytest tests/test_dockerfile_golden.py`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cargo_stow.dockerfile import render_dockerfile, render_dockerignore
from cargo_stow.reference import parse_reference
from tests.crates import BASE, ROOT, TOOLCHAIN, make_package, make_workspace, plan_of

if TYPE_CHECKING:
    from cargo_stow.model import Workspace

GOLDEN = Path(__file__).parent / "golden"
WEB = {
    "base_image": "debian:bookworm-slim",
    "build_deps": ["pkg-config", "libssl-dev"],
    "runtime_deps": ["libssl3"],
}


def crate(**container: object) -> Workspace:
    return make_workspace(make_package(container={"base_image": "debian:bookworm-slim", **container}))


def workspace() -> Workspace:
    """An executable that needs a library beside it; another executable; a test crate in an awkward directory."""
    return make_workspace(
        make_package("api", ROOT / "api", needs=(ROOT / "shared",)),
        make_package("shared", ROOT / "shared", bins=(), library=True),
        make_package("worker", ROOT / "worker", needs=(ROOT / "shared",)),
        make_package("odd", ROOT / "it's [odd] #1", bins=("odd one",), library=True),
    )


CASES = {
    "greeter": crate(),
    "web": crate(**WEB),
    "workspace": workspace(),
    "debug": crate(profile="dev"),
    "features": crate(features=["tls", "store/sqlite"], no_default_features=True),
    "root": crate(user="root"),
}


@pytest.mark.parametrize("case", CASES)
def test_the_text_is_the_golden_one(case: str) -> None:
    # What only an engine has keeps its tag: the greeter's images stand for that.
    local = case == "greeter"
    plan = plan_of(
        CASES[case],
        locked=case != "features",
        base=parse_reference("debian:bookworm-slim") if local else BASE,
        toolchain=parse_reference("rust:1.95-slim") if local else TOOLCHAIN,
    )
    text = render_dockerfile(plan, command="docker build ." if local else "")
    for name, rendered in ((f"{case}.Dockerfile", text), (f"{case}.dockerignore", render_dockerignore(plan.context))):
        if os.environ.get("GOLDEN") == "write":
            (GOLDEN / name).write_text(rendered, encoding="utf-8")
        assert rendered == (GOLDEN / name).read_text(encoding="utf-8")


def test_no_golden_file_is_left_over() -> None:
    assert {path.name.partition(".")[0] for path in GOLDEN.iterdir()} == CASES.keys()


@pytest.mark.parametrize("case", CASES)
def test_only_what_the_oldest_frontend_knows(case: str) -> None:
    lines = render_dockerfile(plan_of(CASES[case])).splitlines()
    assert not any(line.startswith(("# syntax", "#syntax", "# escape")) for line in lines)
    assert not any("--link" in line or "<<" in line or "--security" in line for line in lines)


def test_equal_plans_give_equal_text() -> None:
    assert render_dockerfile(plan_of(workspace())) == render_dockerfile(plan_of(workspace()))
    assert str(BASE) in render_dockerfile(plan_of(workspace()))
