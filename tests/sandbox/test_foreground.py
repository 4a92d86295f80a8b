"""A container in the foreground, by a runtime that is a script."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from cargo_stow.sandbox.forwarding import Forwarding
from tests.sandbox.test_isolation import isolated
from tests.terminal import Terminal

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
if [ "$7" = --console-socket ]; then
    exec "$0.py" "$8" "$6" "$0.program"
fi
/bin/sh -c "while kill -0 $$ 2>/dev/null; do sleep 0.01; done; . $0.program" &
echo $! > "$6"
"""
# The same with a terminal, whose master it gives away.
ON_TERMINAL = """\
#!{python}
import os, pty, socket, subprocess, sys
path, file, program = sys.argv[1:]
master, slave = pty.openpty()
code = f"while kill -0 {{os.getpid()}} 2>/dev/null; do sleep 0.01; done; . {{program}}"
command = ["setsid", "--ctty", "/bin/sh", "-c", code]
child = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave)
with socket.socket(socket.AF_UNIX) as connection:
    connection.connect(path)
    socket.send_fds(connection, [b"pty"], [master])
open(file, "w").write(str(child.pid))
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
process = Process(arguments=("x",), environment=(), terminal={terminal})
container = Container(directory=directory / "c-test", root=directory, process=process)
try:
    sys.exit(run_foreground(container, Runtime(name="fake", program=str(directory / "runtime")), SystemRunner()))
except RuntimeFailedError as error:
    sys.exit(error.message)
"""


@pytest.fixture
def command(tmp_path: Path) -> list[str]:
    (tmp_path / "runtime").write_text(RUNTIME)
    (tmp_path / "runtime").chmod(0o755)
    return [sys.executable, "-c", CODE.format(path=sys.path, directory=str(tmp_path), terminal=None)]


@pytest.fixture
def on_terminal(command: list[str], tmp_path: Path) -> list[str]:
    (tmp_path / "runtime.py").write_text(ON_TERMINAL.format(python=sys.executable))
    (tmp_path / "runtime.py").chmod(0o755)
    return [sys.executable, "-c", CODE.format(path=sys.path, directory=str(tmp_path), terminal=(24, 80))]


@isolated
@pytest.mark.parametrize(("program", "code"), [("exit 0", 0), ("exit 7", 7), ("kill -9 $$", 137), ("kill -15 $$", 143)])
def test_its_end_is_ours(command: list[str], tmp_path: Path, program: str, code: int) -> None:
    (tmp_path / "runtime.program").write_text(program)
    assert subprocess.run(command, check=False).returncode == code
    log = (tmp_path / "runtime.log").read_text().splitlines()
    assert log[-1] == f"--root {tmp_path}/c-test/state delete --force c-test"
    assert len(log) == 2


@isolated
def test_it_has_our_streams(command: list[str], tmp_path: Path) -> None:
    (tmp_path / "runtime.program").write_text("echo out; echo err >&2")
    result = subprocess.run(command, capture_output=True, check=False)
    assert (result.stdout, result.stderr) == (b"out\n", b"err\n")


@isolated
def test_it_gets_our_signals(command: list[str], tmp_path: Path) -> None:
    (tmp_path / "runtime.program").write_text("trap 'exit 5' TERM; echo up; while :; do sleep 0.05; done")
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        process.terminate()
        assert process.wait() == 5


@isolated
def test_one_that_does_not_start(command: list[str], tmp_path: Path) -> None:
    (tmp_path / "runtime.broken").touch()
    result = subprocess.run(command, capture_output=True, check=False)
    assert result.returncode == 1
    assert b"cannot start a container" in result.stderr
    assert "delete --force" in (tmp_path / "runtime.log").read_text()


@isolated
class TestTerminal:
    def test_it_is_a_terminal_of_its_own(self, on_terminal: list[str], tmp_path: Path) -> None:
        (tmp_path / "runtime.program").write_text("tty; stty size; exit 7")
        with Terminal(on_terminal) as window:
            window.resize(33, 101)
            assert window.wait() == 7
        lines = window.text.splitlines()
        assert lines[0].startswith("/dev/pts/")
        assert lines[0] != window.name
        assert lines[1:] == ["33 101"]

    def test_keys_are_passed_on(self, on_terminal: list[str], tmp_path: Path) -> None:
        (tmp_path / "runtime.program").write_text(
            "trap 'echo caught; exit 5' INT; echo up; read line; echo [$line]; read line"
        )
        with Terminal(on_terminal) as window:
            before = window.modes()
            window.until_it_says("up")
            window.type("one\n")
            window.until_it_says("[one]")
            assert window.modes() != before
            window.type("\x03")
            assert window.wait() == 5
            assert window.modes() == before
        assert "caught" in window.text

    def test_all_that_is_written_is_shown(self, on_terminal: list[str], tmp_path: Path) -> None:
        (tmp_path / "runtime.program").write_text("seq 1 30000; (sleep 60; echo never) & exit 0")
        with Terminal(on_terminal) as window:
            assert window.wait() == 0
        assert window.text.splitlines() == [str(number) for number in range(1, 30001)]

    def test_a_program_that_a_signal_ended(self, on_terminal: list[str], tmp_path: Path) -> None:
        (tmp_path / "runtime.program").write_text("echo up; exec sleep 60")
        with Terminal(on_terminal) as window:
            before = window.modes()
            window.until_it_says("up")
            window.process.terminate()
            assert window.wait() == 143
            assert window.modes() == before

    def test_a_window_that_changes(self, on_terminal: list[str], tmp_path: Path) -> None:
        (tmp_path / "runtime.program").write_text(
            "trap 'stty size; exit 6' WINCH; echo up; while :; do sleep 0.05; done"
        )
        with Terminal(on_terminal) as window:
            window.until_it_says("up")
            window.resize(20, 40)
            assert window.wait() == 6
        assert window.text.splitlines()[-1] == "20 40"

    def test_one_that_does_not_start(self, on_terminal: list[str], tmp_path: Path) -> None:
        (tmp_path / "runtime.broken").touch()
        with Terminal(on_terminal) as window:
            before = window.modes()
            assert window.wait() == 1
            assert window.modes() == before
        assert "cannot start a container" in window.text


class TestForwarding:
    @pytest.fixture
    def forwarding(self, monkeypatch: pytest.MonkeyPatch) -> Forwarding:
        monkeypatch.setattr(Forwarding, "_install", lambda _self: -1)
        return Forwarding()

    @pytest.fixture
    def sent(self, monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
        sent: list[tuple[int, int]] = []
        monkeypatch.setattr("os.kill", lambda pid, number: sent.append((pid, number)))
        return sent

    def test_signals_wait_for_the_process(self, forwarding: Forwarding, sent: list[tuple[int, int]]) -> None:
        forwarding(15, None)
        forwarding(2, None)
        assert sent == []
        forwarding.to(4711)
        forwarding(1, None)
        assert sent == [(4711, 15), (4711, 2), (4711, 1)]

    def test_those_about_our_terminal_stay_here(self, forwarding: Forwarding, sent: list[tuple[int, int]]) -> None:
        done: list[str] = []
        forwarding.to(4711, resized=lambda: done.append("resized"), resumed=lambda: done.append("resumed"))
        forwarding(signal.SIGWINCH, None)
        forwarding(signal.SIGCONT, None)
        assert (done, sent) == (["resized", "resized", "resumed"], [])

    def test_nobody_is_left_when_our_parent_is_killed(
        self, forwarding: Forwarding, sent: list[tuple[int, int]]
    ) -> None:
        forwarding.to(4711)
        forwarding(signal.SIGRTMIN, None)
        assert sent == [(4711, signal.SIGKILL)]
