"""What Docker's own parser reads in the rendered text: exactly the plan's instructions, whatever the values hold."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cargo_stow.dockerfile import render_dockerfile
from cargo_stow.image_values import Healthcheck
from cargo_stow.plan import (
    CacheMount,
    Context,
    ContextMount,
    Copy,
    ImageConfig,
    Plan,
    Run,
    SecretMount,
    SshMount,
    Stage,
    StageMount,
    Write,
)
from tests.crates import AMD64, BASE, ROOT, TOOLCHAIN, make_package, make_workspace, plan_of
from tests.docker_reader import expected, read

if TYPE_CHECKING:
    from cargo_stow.plan import Mount

EMPTY = Context(directories=(PurePosixPath(),), files=(), excluded=())
HOSTILE = st.text(st.sampled_from("ab #$`'\"\\<>EOF|&;()[]{}*?!=,:/-~\u00e9\u2028"), max_size=12)
TEXTS = st.lists(HOSTILE.map(lambda line: f"{line}\n"), max_size=4).map("".join)
FILES = st.lists(st.tuples(HOSTILE.map(lambda name: PurePosixPath(f"d/{name}x")), TEXTS), max_size=3).map(tuple)
WRITE = Write(name="w", target="/src", files=())
WORDS = st.lists(HOSTILE, max_size=4).map(tuple)
MOUNTS = (
    CacheMount(id="c", target="/c"), CacheMount(id="s", target="/s", sharing="shared"), ContextMount(target="/src"),
    StageMount(stage="toolchain", source="/t", target="/u"), SecretMount(id="k", target="/k"), SshMount(),
    StageMount(stage="toolchain", source="/t", target="/v", scratch=True),
    CacheMount(id="d", target="/d", stage="toolchain"), ContextMount(source="a b/v", target="/src/a b/v"),
    ContextMount(source="a,b", target="/src/a,b"), ContextMount(source='a"b', target='/src/a"b'),
    ContextMount(source="a'b", target="/src/a'b"), ContextMount(source="a\\b", target="/src/a\\b"),
    ContextMount(source="\\ ',\"", target="/src/\\ ',\""),
)  # fmt: skip


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    run = Run(
        commands=tuple(("printf", *words) for words in draw(st.lists(WORDS, min_size=1, max_size=3))),
        mounts=tuple(draw(st.lists(st.sampled_from(MOUNTS), unique=True))),
        path=draw(st.sampled_from([(), ("/a/bin",), ("/a b/bin", "/c'd")])),
        environment=tuple(("A", value) for value in draw(st.lists(HOSTILE, max_size=2))),
        directory=draw(st.none() | HOSTILE.map(lambda name: f"/src/{name}")),
    )
    source, target = f"out/{draw(HOSTILE)}", f"/usr/bin/{draw(HOSTILE)}"
    copy = draw(
        st.sampled_from([Copy(stage="build", source=f"/{source}", target=target), Copy(source=source, target=target)])
    )
    write = Write(name="w", target=f"/src/{draw(HOSTILE)}", files=draw(FILES))
    entrypoint = draw(st.lists(HOSTILE, min_size=1, max_size=3).map(tuple))
    return plan_with(
        run,
        copy,
        entrypoint,
        write=write,
        generated=draw(st.none() | HOSTILE.map(lambda name: PurePosixPath(f"g/{name}"))),
    )


def plan_with(
    run: Run, copy: Copy, entrypoint: tuple[str, ...], write: Write = WRITE, generated: PurePosixPath | None = None
) -> Plan:
    return Plan(
        package="p",
        bins=("p",),
        platform=AMD64,
        stages=(
            Stage(name="base", parent=BASE, comment="a comment"),
            Stage(name="toolchain", parent=TOOLCHAIN),
            Stage(name="build", parent="base", steps=(run,)),
            Stage(name="runtime", parent="base", steps=(copy, *([write] if write.files else []))),
        ),
        config=ImageConfig(user="65532:65532", entrypoint=entrypoint),
        context=EMPTY,
        generated=generated,
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
    assert read(render_dockerfile(plan, command=command)) == expected(plan)


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


# So that the context's root is above all of these.
OUTSIDE = (make_package("outside", ROOT / "outside"),)


@pytest.mark.parametrize("name", NAMES)
def test_directories_of_any_name(name: str) -> None:
    package = make_package("member", ROOT / name / "member", needs=())
    stub = make_package("other", ROOT / name / "other", bins=("other",), needs=(ROOT / "outside",))
    is_mounted = name.isascii() and set(name).isdisjoint("$'\"\\")  # else refused
    config = (ROOT / name / ".cargo/config",) if is_mounted else ()
    plan = plan_of(make_workspace(package, stub, root=ROOT / name, outside=OUTSIDE), configuration=config)
    found = read(render_dockerfile(plan))
    layer, build = (words for command, _, words in found if command == "RUN" and "cargo" in words)
    assert layer[layer.index("cd") + 1] == build[build.index("cd") + 1] == f"/build/src/{name}/member"
    stubs = {following for word, following in pairwise(build) if word == "--stub"}
    assert stubs == {f"{name}/other/src/bin/other.rs", "outside/src/bin/outside.rs"}
    assert build[build.index("--package") + 1 :][:3] == ("member", f"{name}/member", f"{name}/member/src/bin/member.rs")
    copies = [values for command, flags, values in found if command == "COPY" and not flags]
    assert copies == [(f"{name}/Cargo.lock", "/lock/whole")]
    instructions = [command for command, _, _ in read(render_dockerfile(plan))]
    package, stub = replace(package, directory=ROOT / "x/member"), replace(stub, directory=ROOT / "x/other")
    config = (ROOT / "x/.cargo/config",) if is_mounted else ()
    plain = plan_of(make_workspace(package, stub, root=ROOT / "x", outside=OUTSIDE), configuration=config)
    assert instructions == [command for command, _, _ in read(render_dockerfile(plain))]


@pytest.mark.parametrize("mount", MOUNTS, ids=repr)
def test_each_mount_is_read_as_it_is_meant(mount: Mount) -> None:
    run = Run(commands=(("true",),), mounts=(mount,))
    plan = plan_with(run, Copy(stage="build", source="/a", target="/b"), ("/b",))
    assert read(render_dockerfile(plan)) == expected(plan)


@pytest.mark.parametrize(
    "check", [Healthcheck(command=()), Healthcheck(command=("/bin/sh", "-c", "a")), Healthcheck(command=(), retries=1)]
)
def test_a_healthcheck_and_none(check: Healthcheck) -> None:
    plan = plan_with(Run(commands=(("true",),)), Copy(stage="build", source="/a", target="/b"), ("/b",))
    plan = replace(plan, config=replace(plan.config, healthcheck=check))
    assert read(render_dockerfile(plan)) == expected(plan)
