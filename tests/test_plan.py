"""The premise as `plan.py` enforces it: one base, and a toolchain that is only lent."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from cargo_stow.errors import UsageError
from cargo_stow.plan import SCRATCH, Context, Copy, ImageConfig, Plan, Run, Stage, StageMount
from cargo_stow.reference import parse_reference
from tests.crates import AMD64

DEBIAN, TRIXIE, RUST = (parse_reference(text) for text in ("debian:12", "debian:13", "rust:1.95"))
RUSTUP = Stage(name="rustup", parent="base")
BASE, LENDER = Stage(name="base", parent=DEBIAN), Stage(name="toolchain", parent=RUST)


def make(*stages: Stage) -> Plan:
    return Plan(
        package="greeter",
        bins=("greeter",),
        platform=AMD64,
        stages=stages,
        config=ImageConfig(user="0:0", entrypoint=("/usr/bin/greeter",)),
        context=Context(directories=(PurePosixPath(),), files=(), excluded=()),
    )


def runtime(*steps: Run | Copy, parent: str = "base") -> Stage:
    return Stage(name="runtime", parent=parent, steps=steps)


def mounting(stage: str) -> Run:
    return Run(commands=(("true",),), mounts=(StageMount(stage=stage, source="/a", target="/a"),))


def test_an_image_may_have_files_of_stages_alone() -> None:
    plan = make(BASE, LENDER, runtime(Copy(stage="base", source="/a", target="/b"), parent=SCRATCH))
    assert plan.stages[-1].parent == "scratch"


def test_one_base_and_a_lent_toolchain() -> None:
    plan = make(
        BASE,
        LENDER,
        Stage(name="build", parent="base", steps=(mounting("toolchain"),)),
        runtime(Copy(stage="build", source="/a", target="/b")),
    )
    assert [stage.name for stage in plan.stages] == ["base", "toolchain", "build", "runtime"]


@pytest.mark.parametrize(
    ("stages", "complaint"),
    [
        ((BASE, LENDER, Stage(name="runtime", parent=TRIXIE)),
         "`runtime` must stem from the stage `base`, not from debian:13"),
        ((BASE, LENDER, Stage(name="builder", parent=DEBIAN)), "`builder` must stem"),
        ((BASE, LENDER, Stage(name="BASE", parent=TRIXIE)), "two stages `BASE`"),
        ((BASE, Stage(name="base", parent=TRIXIE)), "two stages `base`"),
        ((BASE, LENDER, LENDER, runtime()), "two stages `toolchain`"),
        ((BASE, LENDER, runtime(parent="toolchain")), "not from `toolchain`"),
        ((BASE, RUSTUP, runtime(parent="rustup")), "not from `rustup`"),
        ((BASE, RUSTUP), "the image must stem from the stage `base`"),
        ((BASE, RUSTUP, runtime(Copy(stage="rustup", source="/a", target="/b"))), "must not copy files from `rustup`"),
        ((BASE, runtime(parent="Toolchain")), "not from `Toolchain`"),
        ((BASE, runtime(parent="later")), "not from `later`"),
        ((BASE, runtime(parent="runtime")), "not from `runtime`"),
        ((Stage(name="base", parent="base"),), "not from `base`"),
        ((BASE, LENDER), "the image must stem from the stage `base`"),
        ((LENDER,), "the image must stem"),
        ((), "the image must stem"),
        ((BASE, LENDER, runtime(Copy(stage="toolchain", source="/a", target="/b"))),
         "must not copy files from `toolchain`"),
        ((BASE, runtime(Copy(stage="debian:13", source="/a", target="/b"))), "must not copy files from `debian:13`"),
        ((BASE, runtime(mounting("debian:13"))), "mounts `debian:13`, which is no stage before it"),
        ((BASE, runtime(mounting("runtime"))), "mounts `runtime`"),
        ((BASE, Stage(name="empty", parent=SCRATCH), runtime()), "`empty` must stem"),
        ((BASE, runtime(Copy(source="a", target="/b"), parent=SCRATCH)), "`runtime` must stem"),
        ((BASE, runtime(mounting("base"), parent=SCRATCH)), "`runtime` must stem"),
        ((BASE, LENDER, runtime(Copy(stage="toolchain", source="/a", target="/b"), parent=SCRATCH)),
         "must not copy files from `toolchain`"),
    ],
)  # fmt: skip
def test_a_second_base_is_refused(stages: tuple[Stage, ...], complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        make(*stages)
