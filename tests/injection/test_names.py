"""Whatever packages, executables, files and directories are called, what manifests and git say of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cargo_stow.dockerfile import render_dockerfile
from cargo_stow.errors import UsageError
from cargo_stow.model import Git, Target
from tests.crates import ROOT, make_package, make_workspace, plan_of
from tests.docker_reader import expected, read
from tests.injection.hostile import TEXTS, near
from tests.injection.judge import BASE, EXAMPLES, GIT, check_message, values_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from cargo_stow.plan import Plan
    from tests.docker_reader import Instruction

many = settings(max_examples=EXAMPLES * 4)
NAMES = TEXTS | near("greeter", "a-b_c")
# A path's component: what a file system takes.
COMPONENTS = NAMES.map(lambda text: text.replace("/", "").replace("\0", "")[:200]).filter(
    lambda text: text not in {"", ".", ".."}
)
# So that the root of the context is above the directories with odd names.
OUTSIDE = (make_package("outside", ROOT / "outside"),)
LABEL = "org.opencontainers.image"


def judge(make: Callable[[], Plan]) -> list[Instruction] | None:
    """As that of keys; such a message names the manifest, or what it is about."""
    try:
        plan = make()
    except UsageError as error:
        check_message(str(error).replace(str(ROOT), ""), "Cargo.toml", "package `", "path", "directory")
        return None
    found = read(render_dockerfile(plan))
    assert found == expected(plan)
    return found


def shape(found: list[Instruction]) -> list[str]:
    return [name for name, _, _ in found]


HARMLESS = shape(read(render_dockerfile(plan_of(make_workspace(make_package(container=BASE)), git=GIT))))


@many
@given(name=NAMES)
def test_packages(name: str) -> None:
    found = judge(lambda: plan_of(make_workspace(make_package(name, bins=("a",), container=BASE)), git=GIT))
    assert found is None or shape(found) == HARMLESS


@many
@given(name=NAMES, other=NAMES)
def test_executables(name: str, other: str) -> None:
    package = make_package(bins=tuple(sorted({name, other})), container={**BASE, "bins": True})
    found = judge(lambda: plan_of(make_workspace(package), git=GIT))
    assert found is None or values_of(found, "ENTRYPOINT")[0] in {f"/usr/bin/{name}", f"/usr/bin/{other}"}


@many
@given(name=NAMES)
def test_default_run(name: str) -> None:
    package = make_package(bins=("a", "b"), container=BASE, default_run=name)
    judge(lambda: plan_of(make_workspace(package)))


@many
@given(directory=COMPONENTS, file=COMPONENTS)
def test_directories_and_files(directory: str, file: str) -> None:
    package = make_package("member", ROOT / directory / "member", container=BASE, needs=(ROOT / "outside",))
    package = replace(package, targets=(Target(name="member", kind="bin", path=PurePosixPath(f"src/{file}")),))
    other = make_package("other", ROOT / directory / "other", bins=("other",))
    files = (ROOT / directory / "shared" / file,)
    root = ROOT / directory
    found = judge(lambda: plan_of(make_workspace(package, other, root=root, outside=OUTSIDE), files=files, git=GIT))
    if found is None:
        return
    plain = make_package("member", ROOT / "x/member", container=BASE, needs=(ROOT / "outside",))
    beside = make_package("other", ROOT / "x/other", bins=("other",))
    workspace = make_workspace(plain, beside, root=ROOT / "x", outside=OUTSIDE)
    assert shape(found) == shape(read(render_dockerfile(plan_of(workspace, files=(ROOT / "x/shared/y",), git=GIT))))


@many
@given(name=COMPONENTS)
def test_configuration_and_vendored_crates(name: str) -> None:
    package = make_package("member", ROOT / "member", container=BASE)
    config, vendored = (ROOT / name / ".cargo/config.toml",), (ROOT / name / "vendor",)
    judge(
        lambda: plan_of(
            make_workspace(package, make_package("other", ROOT / "other"), root=ROOT),
            configuration=config,
            vendored=vendored,
        )
    )


FIELDS = {"version": "version", "description": "description", "license": "licenses", "repository": "source"}


@pytest.mark.parametrize("field", FIELDS)
@many
@given(text=TEXTS | near("https://user:pass@example.org/team/web", "MIT OR Apache-2.0", "1.2.3-rc.1+build"))
def test_what_a_manifest_says_of_a_package(field: str, text: str) -> None:
    package = replace(make_package(container=BASE), **{field: text})  # type: ignore[arg-type]
    found = judge(lambda: plan_of(make_workspace(package), git=replace(GIT, remote=None)))
    assert found is not None
    assert shape(found) == HARMLESS
    values = values_of(found, "LABEL")
    labels = dict(zip(values[::2], values[1::2], strict=True))
    kept = labels.get(f"{LABEL}.{FIELDS[field]}")
    if field == "repository":
        assert "user:pass" not in (kept or "")
    elif text and text.isprintable() and len(text) < 8_000:
        assert kept == (" ".join(text.split()) or None)


@many
@given(
    branch=NAMES,
    tag=st.none() | NAMES,
    remote=TEXTS | near("https://me:secret@example.org/a.git", "git@example.org:a/b"),
)
def test_git(branch: str, tag: str | None, remote: str) -> None:
    git = Git(sha=GIT.sha, branch=branch, tag=tag, remote=remote)
    container = {
        **BASE,
        "target_image": "registry.example.org/{git.branch}/web:1",
        "tags": ["{git.branch}", "v{git.tag}"],
    }
    found = judge(lambda: plan_of(make_workspace(make_package(container=container)), git=git))
    assert found is None or shape(found) == HARMLESS
    if found is not None:
        assert "secret" not in str(values_of(found, "LABEL"))
