"""A container in the foreground, by a runtime that is a script."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from cargo_stow.sandbox.foreground import _Forwarding

if TYPE_CHECKING:
    from pathlib import Path

# Starts what a container would run, in the background; youki does so with `--detach`. The program waits until its
# runtime is gone: a shell would wait for it, where a runtime does not.
RUNTIME = """\
#!/bin/sh
echo "$@" >> "$0.log"
case "$*" in
*" run --detach --pid-file "*) ;;
*) exit 0 ;;
esac
[ -e "$0.broken" ] && exit 1
/bin/sh -c "while kill -0 $$ 2>/dev/null; do sleep 0.01; done; . $0.program" &
echo $! > "$6"
"""
CODE = """\
import sys
sys.path[:] = {path!r}
from pathlib import Path
from cargo_stow.errors import RuntimeFailedError
from cargo_stow.process import SystemRunner
from cargo_stow.sandbox.bundle import Process
from cargo_stow.sandbox.foreground import run_foreground
from cargo_stow.sandbox.runtime import Container, Runtime
directory = Path({directory!r})
container = Container(directory=directory / "c-test", root=directory, process=Process(arguments=("x",), environment=()))
try:
    sys.exit(run_foreground(container, Runtime(name="fake", program=str(directory / "runtime")), SystemRunner()))
except RuntimeFailedError as error:
    sys.exit(error.message)
"""


@pytest.fixture
def command(tmp_path: Path) -> list[str]:
    (tmp_path / "runtime").write_text(RUNTIME)
    (tmp_path / "runtime").chmod(0o755)
    return [sys.executable, "-c", CODE.format(path=sys.path, directory=str(tmp_path))]


@pytest.mark.parametrize(("program", "code"), [("exit 0", 0), ("exit 7", 7), ("kill -9 $$", 137), ("kill -15 $$", 143)])
def test_its_end_is_ours(command: list[str], tmp_path: Path, program: str, code: int) -> None:
    (tmp_path / "runtime.program").write_text(program)
    assert subprocess.run(command, check=False).returncode == code
    log = (tmp_path / "runtime.log").read_text().splitlines()
    assert log[-1] == f"--root {tmp_path}/c-test/state delete --force c-test"
    assert len(log) == 2


def test_it_has_our_streams(command: list[str], tmp_path: Path) -> None:
    (tmp_path / "runtime.program").write_text("echo out; echo err >&2")
    result = subprocess.run(command, capture_output=True, check=False)
    assert (result.stdout, result.stderr) == (b"out\n", b"err\n")


def test_it_gets_our_signals(command: list[str], tmp_path: Path) -> None:
    (tmp_path / "runtime.program").write_text("trap 'exit 5' TERM; echo up; while :; do sleep 0.05; done")
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        process.terminate()
        assert process.wait() == 5


def test_one_that_does_not_start(command: list[str], tmp_path: Path) -> None:
    (tmp_path / "runtime.broken").touch()
    result = subprocess.run(command, capture_output=True, check=False)
    assert (result.returncode, result.stderr) == (1, b"fake cannot start the container\n")
    assert "delete --force" in (tmp_path / "runtime.log").read_text()


def test_signals_wait_for_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[int, int]] = []
    monkeypatch.setattr("os.kill", lambda pid, number: sent.append((pid, number)))
    handler = _Forwarding([])
    handler(15, None)
    handler(2, None)
    assert sent == []
    handler.to(4711)
    handler(1, None)
    assert sent == [(4711, 15), (4711, 2), (4711, 1)]
