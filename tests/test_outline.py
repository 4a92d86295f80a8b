"""What the steps of a plan do, in words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import pytest

from cargo_stow.outline import _command, make_outline
from cargo_stow.plan import Copy, Run, Stage, Write
from tests.crates import make_package, make_workspace, plan_of

if TYPE_CHECKING:
    from cargo_stow.outline import StageOutline

CONTAINER = {"base_image": "debian:12", "build_deps": ["libssl-dev"], "runtime_deps": ["libssl3"]}


@pytest.fixture
def stages() -> dict[str, StageOutline]:
    plan = plan_of(make_workspace(make_package(container=CONTAINER)))
    return {stage.name: stage for stage in make_outline(plan)}


def test_stages_are_told_in_order_with_their_parents(stages: dict[str, StageOutline]) -> None:
    parents = {name: stage.parent.partition(":")[0] for name, stage in stages.items()}
    assert list(parents.items()) == [
        ("base", "debian"), ("toolchain", "rust"), ("builder", "base"), ("tools", "builder"), ("lock", "builder"),
        ("deps", "builder"), ("packages", "base"), ("build", "builder"), ("runtime", "packages"),
    ]  # fmt: skip


def test_packages(stages: dict[str, StageOutline]) -> None:
    assert stages["builder"].packages == ("ca-certificates", "gcc", "libc6-dev", "libssl-dev")
    assert stages["packages"].packages == ("libssl3",)
    assert stages["packages"].does[0] == "install libssl3 (apt-get)"
    assert all(not stage.packages for name, stage in stages.items() if name not in {"builder", "packages"})


def test_what_is_compiled_and_copied(stages: dict[str, StageOutline]) -> None:
    command = "cargo build --package greeter --bin greeter --release --locked"
    assert command in stages["build"].does
    assert tuple(command.split()) in stages["build"].commands
    assert stages["runtime"].does == ("copy /out/greeter from build to /usr/bin/greeter",)
    assert stages["runtime"].files == ("/usr/bin/greeter",)


def test_what_is_written(stages: dict[str, StageOutline]) -> None:
    assert stages["tools"].does[0] == "write stow.rs below /stow"
    assert stages["deps"].does[0] == "write the skeleton, 2 files, below /build/src"
    assert stages["deps"].files[:2] == ("/build/src/Cargo.toml", "/build/src/src/main.rs")


def test_what_comes_from_the_context() -> None:
    stage = Stage(name="x", parent="base", steps=(Copy(source="a", target="/a"),))
    assert _told(stage).does == ("copy a from the context to /a",)


def test_no_step_is_left_out() -> None:
    steps = (
        Run(commands=(("make", "it", "so so"),)),
        Write(name="w", target="/w", files=((PurePosixPath("f"), ""),)),
    )
    assert _told(Stage(name="x", parent="base", steps=steps)).does == ("make it 'so so'", "write f below /w")


@pytest.mark.parametrize(
    ("command", "sentences"),
    [
        ("apt-get -o A=b update", []),
        ("apt-get -o A=b install --yes -- curl libssl3=3.0", ["install curl, libssl3=3.0 (apt-get)"]),
        ("apk add --no-cache openssl", ["install openssl (apk)"]),
        ("/usr/bin/dnf --assumeyes install openssl gcc", ["install openssl, gcc (dnf)"]),
        ("rm -rf /x", []),
        ("/stow/stow sync /context /build --lend a", ["bring the sources up to date, by content"]),
        ("/stow/stow other", ["/stow/stow other"]),
        ("/stow/stow link /image /out/a", ["ask the image's loader for what the executables are linked with"]),
        ("/x/stow with /x/packages apt-get install -- @", ["install what was missing (apt-get)"]),
        ("/x/stow with /x/packages apt-get update", []),
    ],
)
def test_commands(command: str, sentences: list[str]) -> None:
    assert list(_command(tuple(command.split()))) == sentences


def _told(stage: Stage) -> StageOutline:
    plan = plan_of(make_workspace())
    base = plan.stages[0]
    return make_outline(replace(plan, stages=(base, stage)))[1]
