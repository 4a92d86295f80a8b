"""What all tests share: no engine, a canned Runner, crates on disk and a backend in memory."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import hypothesis
import pytest

from cargo_stow.backends.memory import MemoryBackend
from cargo_stow.process import SystemRunner
from cargo_stow.project import Project, Request
from cargo_stow.report import Report
from cargo_stow.session import Session
from tests.scene import Scene
from tests.single import load_project

Write = Callable[[Mapping[str, str]], Path]
# How long an example takes says how busy the machine is.
hypothesis.settings.register_profile("cargo-stow", deadline=None)
hypothesis.settings.load_profile("cargo-stow")

MANIFEST = """\
[package]
name = "greeter"
version = "0.1.0"
edition = "2021"

[package.metadata.container]
target_image = "registry.example.org/team/greeter:1"
base_image = "debian:bookworm-slim"
"""
CARGO_LOCK = """\
version = 3

[[package]]
name = "greeter"
version = "0.1.0"
"""
GREETER = {"Cargo.toml": MANIFEST, "Cargo.lock": CARGO_LOCK, "src/main.rs": "fn main() {}\n", ".gitignore": "target\n"}

_BLOCKED = """\
#!/bin/sh
echo "a unit test started the real docker: $0 $*" >&2
exit 99
"""
# What of the developer's own environment would change what a test sees.
_OURS = (
    *("CARGO_STOW_", "CARGO_", "DOCKER_", "RUSTUP_TOOLCHAIN", "BUILDX_", "CI", "NO_COLOR", "SSL_CERT_FILE", "GIT_"),
    *("PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"),
)


@pytest.fixture(scope="session")
def _blocked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("blocked")
    for name in ("docker", "docker-compose"):
        (directory / name).write_text(_BLOCKED, encoding="utf-8")
        (directory / name).chmod(0o755)
    return directory


@pytest.fixture(autouse=True)
def _alone(_blocked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the real docker, its engine and the developer's own settings, as a test of nox has its tools blocked."""
    for name in os.environ:
        if name.startswith(_OURS) and name != "CARGO_HOME":
            monkeypatch.delenv(name)
    monkeypatch.setenv("PATH", f"{_blocked}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("DOCKER_HOST", f"unix://{_blocked}/no-engine.sock")


@pytest.fixture
def crate(tmp_path: Path) -> Write:
    """Write files below `crate`; returns that directory."""

    def write(files: Mapping[str, str]) -> Path:
        for name, text in files.items():
            path = tmp_path / "crate" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return tmp_path / "crate"

    return write


@pytest.fixture
def greeter(crate: Write, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The smallest crate with a container section; the current directory is in it."""
    directory = crate(GREETER)
    monkeypatch.chdir(directory)
    return directory


@pytest.fixture
def with_cargo() -> dict[str, str]:
    if shutil.which("cargo") is None:
        pytest.skip("no cargo on this machine")
    return dict(os.environ)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Without cargo, which costs a tenth of a second each time; manifests are then read from the files."""
    return {**os.environ, "PATH": str(tmp_path / "nothing")}


@pytest.fixture
def backend() -> MemoryBackend:
    return MemoryBackend()


@pytest.fixture
def session(backend: MemoryBackend, environment: dict[str, str]) -> Session:
    value = Session(environment=environment, runner=SystemRunner(), report=Report(environment=environment))
    value._backend = backend
    return value


@pytest.fixture
def load(session: Session) -> Callable[..., Project]:
    """Read the project of the current directory anew, as each command does."""

    def project(directory: Path | None = None, **asked: object) -> Project:
        path = directory / "Cargo.toml" if directory else None
        return load_project(Request(manifest_path=path, **asked), session.environment, session.runner)  # type: ignore[arg-type]

    return project


@pytest.fixture
def scene(greeter: Path, tmp_path: Path) -> Scene:
    """The greeter crate, for processes of their own."""
    return Scene(directory=greeter, state=tmp_path / "engine.json", environment={})
