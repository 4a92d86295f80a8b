"""The commands of a rendered step, run by a real `sh`: each word arrives as it was."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import dockerfile as docker
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cargo_stow.dockerfile import render_dockerfile
from cargo_stow.plan import Copy, Run
from tests.crates import ROOT, make_package, make_workspace, plan_of
from tests.test_dockerfile_parse import NAMES, plan_with

if TYPE_CHECKING:
    from pathlib import Path

    from cargo_stow.plan import Plan

COPY = Copy(stage="build", source="/a", target="/b")


def texts(plan: Plan) -> list[str]:
    """What Docker gives to `sh -c` for each RUN of a plan."""
    return [each.value[0] for each in docker.parse_string(render_dockerfile(plan)) if each.cmd.upper() == "RUN"]


def sh(run: Run) -> str:
    (text,) = texts(plan_with(run, COPY, ("/b",)))
    environment = {"PATH": "/usr/bin:/bin", "HOME": "/nowhere"}
    ended = subprocess.run(["sh", "-c", text], capture_output=True, check=True, env=environment)
    assert not ended.stderr
    return ended.stdout.decode()


@settings(deadline=None, max_examples=60)
@given(
    words=st.lists(st.text(st.sampled_from("ab #$`'\"\\<>|&;()[]*?!~=-\u00e9"), max_size=10), min_size=1, max_size=5)
)
@example(words=NAMES)
def test_words_arrive_intact(words: list[str]) -> None:
    run = Run(commands=(("printf", r"%s\n", "first"), ("printf", r"[%s]\n", *words)))
    assert sh(run) == "first\n" + "".join(f"[{word}]\n" for word in words)


@pytest.mark.parametrize("name", NAMES)
def test_directories_and_variables_arrive_intact(name: str, tmp_path: Path) -> None:
    (tmp_path / name).mkdir()
    run = Run(
        commands=(("pwd",), ("sh", "-c", r'printf "%s\n" "$A" "$PATH"')),
        environment=(("A", name),),
        path=("/first bin", "/second"),
        directory=str(tmp_path / name),
    )
    assert sh(run) == f"{tmp_path / name}\n{name}\n/first bin:/second:/usr/bin:/bin\n"


def test_the_first_command_that_fails_ends_the_step() -> None:
    (text,) = texts(plan_with(Run(commands=(("false",), ("echo", "reached"))), COPY, ("/b",)))
    ended = subprocess.run(["sh", "-c", text], capture_output=True, check=False)
    assert (ended.returncode, ended.stdout) == (1, b"")


@pytest.mark.parametrize("name", NAMES)
def test_a_shell_can_parse_every_step(name: str) -> None:
    container = {"base_image": "a", "build_deps": ["g++"], "runtime_deps": ["libssl3"], "features": ["a?/b"]}
    workspace = make_workspace(
        make_package("m", ROOT / name / "m", container=container), make_package("o", ROOT / name / "o")
    )
    found = texts(plan_of(workspace))
    assert len(found) == 3
    for text in found:
        subprocess.run(["sh", "-n", "-c", text], check=True)
