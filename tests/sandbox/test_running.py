"""A container to its end, by a runtime of which a process is all that is real."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cargo_stow.errors import RuntimeFailedError
from cargo_stow.process import Result
from cargo_stow.sandbox.bundle import Process
from cargo_stow.sandbox.running import run
from cargo_stow.sandbox.runtime import Container, Runtime
from tests.canned_runner import CannedRunner

YOUKI = Runtime(name="youki", program="/opt/youki")


@pytest.fixture
def container(tmp_path: Path) -> Container:
    return Container(
        directory=tmp_path / "c-1", root=tmp_path / "root", process=Process(arguments=("x",), environment=())
    )


def starting(script: str, result: Result) -> CannedRunner:
    """A runtime that starts a script."""

    def start(argv: tuple[str, ...]) -> None:
        number = os.posix_spawn("/bin/sh", ["sh", "-c", script], {})
        Path(argv[argv.index("--pid-file") + 1]).write_text(str(number))

    return CannedRunner({"/opt/youki": result}, on_start=start)


@pytest.mark.parametrize(("quiet", "how"), [(True, "capture"), (False, "show")])
def test_its_code_is_the_program_s(container: Container, quiet: bool, how: str) -> None:
    runner = starting("exit 3", Result(code=0, stdout="out"))
    assert run(container, YOUKI, runner, quiet=quiet) == Result(code=3, stdout="out")
    directory = container.directory
    assert runner.lines == [
        f"/opt/youki --root {directory}/state run --detach --pid-file {directory}/pid --bundle {directory} c-1"
    ]
    assert runner.started[0].how == how


def test_a_signal_that_ended_it(container: Container) -> None:
    assert run(container, YOUKI, starting("kill -9 $$", Result(code=0)), quiet=True).code == 137


def test_a_runtime_that_cannot(container: Container) -> None:
    runner = CannedRunner({"/opt/youki": Result(code=1, stderr="no cgroups\n")})
    with pytest.raises(RuntimeFailedError, match="the OCI runtime /opt/youki cannot start a container") as caught:
        run(container, YOUKI, runner, quiet=True)
    assert caught.value.detail == "no cgroups"


def test_a_program_that_starts_nothing(container: Container) -> None:
    """As /bin/true: that it ends well is not enough."""
    with pytest.raises(RuntimeFailedError, match="cannot start a container"):
        run(container, YOUKI, CannedRunner(), quiet=True)
