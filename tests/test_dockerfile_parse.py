"""What Docker's own parser reads in the rendered text: exactly the plan's instructions, whatever the values hold."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import dockerfile as docker
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cargo_stow.dockerfile import render_dockerfile
from cargo_stow.plan import (
    CacheMount,
    Context,
    ContextMount,
    Copy,
    ImageConfig,
    Plan,
    Run,
    SecretMount,
    Stage,
    StageMount,
)
from tests.crates import AMD64, BASE, ROOT, TOOLCHAIN, make_package, make_workspace, plan_of

if TYPE_CHECKING:
    from collections.abc import Iterator

Instruction = tuple[str, tuple[str, ...], tuple[str, ...]]
EMPTY = Context(directories=(PurePosixPath(),), files=(), excluded=())
HOSTILE = st.text(st.sampled_from("ab #$`'\"\\<>EOF|&;()[]{}*?!=,:/-~\u00e9\u2028"), max_size=12)
WORDS = st.lists(HOSTILE, max_size=4).map(tuple)
MOUNTS = (
    CacheMount(id="c", target="/c"), CacheMount(id="s", target="/s", sharing="shared"), ContextMount(target="/src"),
    StageMount(stage="toolchain", source="/t", target="/u"), SecretMount(id="k", target="/k"),
)  # fmt: skip
FLAGS = (
    "--mount=type=cache,id=c,target=/c,sharing=locked", "--mount=type=cache,id=s,target=/s,sharing=shared",
    "--mount=type=bind,target=/src,rw", "--mount=type=bind,from=toolchain,source=/t,target=/u",
    "--mount=type=secret,id=k,target=/k,mode=0444",
)  # fmt: skip


def read(text: str) -> list[Instruction]:
    """Docker's parse of a text. A RUN's words are the shell's, as far as quoting goes."""
    return [_instruction(each) for each in docker.parse_string(text)]


def _instruction(each: Any) -> Instruction:
    assert not each.heredocs
    assert each.json == (each.cmd.upper() in {"COPY", "ENTRYPOINT"})
    is_run = each.cmd.upper() == "RUN"
    return each.cmd.upper(), each.flags, tuple(shlex.split(each.value[0])) if is_run else each.value


def expected(plan: Plan, flags: dict[object, str]) -> Iterator[Instruction]:
    for stage in plan.stages:
        yield "FROM", (), (str(stage.parent), "AS", stage.name)
        if stage.name == "base":
            yield "USER", (), ("0:0",)
        for step in stage.steps:
            if isinstance(step, Copy):
                yield "COPY", (f"--from={step.stage}",), (step.source, step.target)
            else:
                yield "RUN", tuple(flags[mount] for mount in step.mounts), tuple(_words(step))
    yield "USER", (), (plan.config.user,)
    yield "ENTRYPOINT", (), plan.config.entrypoint


def _words(step: Run) -> list[str]:
    exports = [f"{name}={value}" for name, value in step.environment]
    exports += [f"PATH={':'.join(step.path)}:$PATH"] if step.path else []
    commands = [["export", *exports]] if exports else []
    commands += [["cd", step.directory]] if step.directory else []
    commands += [list(command) for command in step.commands]
    return [word for command in commands for word in ("&&", *command)][1:]


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    run = Run(
        commands=tuple(("printf", *words) for words in draw(st.lists(WORDS, min_size=1, max_size=3))),
        mounts=tuple(draw(st.lists(st.sampled_from(MOUNTS), unique=True))),
        path=draw(st.sampled_from([(), ("/a/bin",), ("/a b/bin", "/c'd")])),
        environment=tuple(("A", value) for value in draw(st.lists(HOSTILE, max_size=2))),
        directory=draw(st.none() | HOSTILE.map(lambda name: f"/src/{name}")),
    )
    copy = Copy(stage="build", source=f"/out/{draw(HOSTILE)}", target=f"/usr/bin/{draw(HOSTILE)}")
    return plan_with(run, copy, draw(st.lists(HOSTILE, min_size=1, max_size=3).map(tuple)))


def plan_with(run: Run, copy: Copy, entrypoint: tuple[str, ...]) -> Plan:
    return Plan(
        package="p",
        bin="p",
        platform=AMD64,
        stages=(
            Stage(name="base", parent=BASE, comment="a comment"),
            Stage(name="toolchain", parent=TOOLCHAIN),
            Stage(name="build", parent="base", steps=(run,)),
            Stage(name="runtime", parent="base", steps=(copy,)),
        ),
        config=ImageConfig(user="65532:65532", entrypoint=entrypoint),
        context=EMPTY,
    )


@given(plan=plans(), command=st.sampled_from(["", "docker build .", "docker build 'a # \\"]))
@example(
    plan=plan_with(
        Run(commands=(("printf", "<<EOF", "a\\"), ("printf", "#", ""))),
        Copy(stage="build", source="a\\", target='"'),
        ("$",),
    ),
    command="",
)
def test_no_value_adds_an_instruction_a_word_or_an_option(plan: Plan, command: str) -> None:
    flags: dict[object, str] = dict(zip(MOUNTS, FLAGS, strict=True))
    assert read(render_dockerfile(plan, command=command)) == list(expected(plan, flags))


NAMES = [
    "a b",
    "a'b",
    'a"b',
    "$HOME",
    "a#b",
    "# x",
    "<<EOF",
    "a\\",
    "\\",
    "`id`",
    "$(id)",
    "a;b",
    "!x",
    "*",
    "[ab]",
    "--rm",
    "é",
]


@pytest.mark.parametrize("name", NAMES)
def test_directories_of_any_name(name: str) -> None:
    package = make_package("member", ROOT / name / "member", needs=())
    stub = make_package("other", ROOT / name / "other", bins=("other",))
    plan = plan_of(make_workspace(package, stub))
    found = [words for command, _, words in read(render_dockerfile(plan)) if command == "RUN" and "cargo" in words]
    assert len(found) == 1
    assert found[0][found[0].index("cd") + 1] == f"/src/{name}/member"
    assert found[0][found[0].index("touch") + 1] == f"/src/{name}/other/src/bin/other.rs"
    instructions = [command for command, _, _ in read(render_dockerfile(plan))]
    plain = plan_of(
        make_workspace(replace(package, directory=ROOT / "x/member"), replace(stub, directory=ROOT / "x/other"))
    )
    assert instructions == [command for command, _, _ in read(render_dockerfile(plain))]
