"""The rendered text as people review it.

After a change that is meant: `GOLDEN=write pytest tests/test_dockerfile_golden.py`.
"""

from __future__ import annotations

import os
from dataclasses import fields, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import pytest

from cargo_stow.dockerfile import render_dockerfile, render_dockerignore
from cargo_stow.manifest import ToolchainFile
from cargo_stow.model import Target
from cargo_stow.plan import ImageConfig
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


def patched() -> Workspace:
    """An executable whose vendored crates use a crate of ours, which has a build script; and one of another tree."""
    script = Target(name="build-script-build", kind="custom-build", path=PurePosixPath("build.rs"))
    ours = make_package("log", ROOT / "patches/log", bins=(), library=True)
    outside = make_package("shared", ROOT.parent / "shared", bins=(), library=True)
    return replace(
        make_workspace(
            make_package("api", ROOT / "api", needs=(outside.directory,)),
            replace(ours, targets=(*ours.targets, script)),
            outside=(outside,),
        ),
        patches=(ours.directory,),
    )


# Every key of the image's configuration.
IMAGE = {
    "env": {"PATH": "/opt/x:$PATH", "PRICE": "5$$", "QUOTED": "it's \\ \"so\"", "EMPTY": ""},
    "labels": {"org.example.team": "web", "org.opencontainers.image.title": False},
    "annotations": {"org.example.note": "of the manifest, which no Dockerfile holds"},
    "ports": [8080, "53/udp", "8000-8010"],
    "volumes": ["/var/lib/greeter", "/tmp"],
    "workdir": "/var/lib/greeter",
    "user": "1000",
    "entrypoint": ["/usr/bin/greeter", "--name", "it's \"me\""],
    "cmd": ["$HOME", "two\nlines"],
    "stop_signal": "SIGINT",
    "healthcheck": {"command": "curl -f http://localhost:8080 || exit 1", "interval": "30s", "timeout": "3s",
                    "start-period": "1m30s", "retries": 3},
}  # fmt: skip


def test_one_case_has_every_key_of_the_configuration() -> None:
    assert IMAGE.keys() == {field.name for field in fields(ImageConfig)}


def assets() -> Workspace:
    """Files for the image, and all else that a build may read."""
    container = {
        "base_image": "debian:bookworm-slim",
        "assets": [
            "static:/srv/www",
            {"source": "conf d/**/*.conf", "target": "/etc/x/", "mode": "640", "owner": "app"},
        ],
        "include": ["../proto/*.proto", "static/schema.json"],
        "build_env": {"SQLX_OFFLINE": "true", "WORDS": 'it\'s "$HOME"'},
        "secrets": {"npm-token": {"env": "NPM_TOKEN"}},
    }
    return make_workspace(make_package("api", ROOT / "api", container=container))


CASES = {
    "image": crate(**IMAGE),
    "greeter": crate(),
    "web": crate(**WEB),
    "auto": crate(**{**WEB, "runtime_deps": ["auto", "tzdata"]}),
    "workspace": workspace(),
    "debug": crate(profile="dev"),
    "features": crate(features=["tls", "store/sqlite"], no_default_features=True),
    "root": crate(user="root"),
    "generated": workspace(),
    "patched": patched(),
    "alpine": crate(build_deps=["openssl-dev", "pkgconf"], runtime_deps=["libssl3", "so:libz.so.1"]),
    "dnf": crate(build_deps=["openssl-devel", "gcc-c++"], runtime_deps=["openssl-libs"]),
    "microdnf": crate(runtime_deps=["openssl-libs"], toolchain="dnf"),
    "base": crate(toolchain="base"),
    "apt": crate(toolchain="apt"),
    "rustup": crate(),
    "assets": assets(),
    "minimal": crate(
        minimal=True,
        runtime_deps=["auto", "tzdata"],
        assets=["static:/srv/www"],
        env={"PATH": "/opt/x:$PATH", "LD_LIBRARY_PATH": "/opt/lib"},
    ),
}
MORE: dict[str, dict[str, Any]] = {
    "generated": {"generated": PurePosixPath("target/stow/generated/api.api")},
    "assets": {"history": ROOT / ".git"},
    "alpine": {"package_manager": "apk", "toolchain": parse_reference("rust:1.95-alpine")},
    "dnf": {"package_manager": "dnf"},
    "microdnf": {"package_manager": "microdnf", "toolchain": None},
    "base": {"toolchain": None},
    "apt": {"toolchain": None},
    "rustup": {
        "toolchain_file": ToolchainFile(
            file=ROOT / "rust-toolchain.toml",
            channel="nightly-2026-01-01",
            components=("clippy", "llvm-tools", "rust-src"),
            targets=("wasm32-wasip1",),
        )
    },
    "patched": {"configuration": (ROOT / ".cargo/config.toml",), "vendored": (ROOT / "third party",)},
}


@pytest.mark.parametrize("case", CASES)
def test_the_text_is_the_golden_one(case: str) -> None:
    # What only an engine has keeps its tag: the greeter's images stand for that.
    local = case == "greeter"
    plan = plan_of(
        CASES[case],
        locked=case != "features",
        **{"toolchain": parse_reference("rust:1.95-slim") if local else TOOLCHAIN, **MORE.get(case, {})},
        base=parse_reference("debian:bookworm-slim") if local else BASE,
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
    lines = render_dockerfile(plan_of(CASES[case], **MORE.get(case, {}))).splitlines()
    assert not any(line.startswith(("# syntax", "#syntax", "# escape")) for line in lines)
    assert not any("--link" in line or "<<" in line or "--security" in line for line in lines)


def test_equal_plans_give_equal_text() -> None:
    assert render_dockerfile(plan_of(workspace())) == render_dockerfile(plan_of(workspace()))
    assert str(BASE) in render_dockerfile(plan_of(workspace()))
