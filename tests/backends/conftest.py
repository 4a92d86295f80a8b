"""What a docker backend needs besides an engine: an order, and a client that answers from a table."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import pytest

from cargo_stow.backends.protocol import BuildOrder
from cargo_stow.plan import Context, ImageConfig, Plan, Stage
from cargo_stow.platforms import Platform
from cargo_stow.reference import parse_reference
from tests.backends.fake_engine import FakeEngine, playing

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def plan() -> Plan:
    """The least that is a plan."""
    return Plan(
        package="greeter",
        bins=("hello",),
        platform=Platform(os="linux", architecture="arm64", variant="v8"),
        stages=(Stage(name="base", parent=parse_reference("debian:12")),),
        config=ImageConfig(user="1:1", entrypoint=("/usr/bin/hello",)),
        context=Context(directories=(PurePosixPath(),), files=(), excluded=()),
    )


@pytest.fixture
def order(plan: Plan, tmp_path: Path) -> BuildOrder:
    return BuildOrder(plan=plan, root=tmp_path / "root", directory=tmp_path / "stow", secrets={})


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without a Docker configuration, and no variable that names an engine."""
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[FakeEngine]:
    with playing(tmp_path / "docker.sock") as engine:
        yield engine
