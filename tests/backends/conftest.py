"""What a docker backend needs besides an engine: an order, and a client that answers from a table."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from cargo_stow.backends.protocol import BuildOrder
from cargo_stow.model import Platform
from cargo_stow.plan import Context, ImageConfig, Plan, Stage
from cargo_stow.reference import parse_reference


@pytest.fixture
def plan() -> Plan:
    """The least that is a plan."""
    return Plan(
        package="greeter",
        bin="hello",
        platform=Platform(os="linux", architecture="arm64", variant="v8"),
        stages=(Stage(name="base", parent=parse_reference("debian:12")),),
        config=ImageConfig(user="1:1", entrypoint=("/usr/bin/hello",)),
        context=Context(directories=(PurePosixPath(),), files=(), excluded=()),
    )


@pytest.fixture
def order(plan: Plan, tmp_path: Path) -> BuildOrder:
    return BuildOrder(plan=plan, root=tmp_path / "root", directory=tmp_path / "stow", secrets={})
