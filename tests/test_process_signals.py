"""`attach`: whose signals are whose. Each scene is a process of its own, since handlers and terminals are."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

# Says each signal it gets; ends at SIGTERM, or when its time is over.
CHILD = """
import os, signal, sys, time
def say(number, _frame):
    os.write(1, f"child {signal.Signals(number).name}\\n".encode())
    if number == signal.SIGTERM: sys.exit(9)
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGQUIT):
    if signal.getsignal(number) != signal.SIG_IGN: signal.signal(number, say)
os.write(1, b"child up\\n")
end = time.monotonic() + 20
while time.monotonic() < end: time.sleep(0.05)
"""
PARENT = """
import os, signal, sys
from cargo_stow import process
{before}
result = process.SystemRunner().attach([sys.executable, "-c", {child!r}])
print("parent", result.code, signal.getsignal(signal.SIGTERM) == signal.SIG_DFL, *result.signals, flush=True)
"""


def parent(before: str = "") -> list[str]:
    return [sys.executable, "-c", PARENT.format(before=before, child=CHILD)]


def read_until(descriptor: int, text: str) -> str:
    seen = ""
    end = time.monotonic() + 10
    while text not in seen:
        ready, _, _ = select.select([descriptor], [], [], max(0, end - time.monotonic()))
        assert ready, f"waited for {text!r} in vain; saw {seen!r}"
        data = os.read(descriptor, 4096)
        assert data, f"no {text!r} in {seen!r}"
        seen += data.decode()
    return seen


@pytest.mark.parametrize("signum", [signal.SIGHUP, signal.SIGUSR1, signal.SIGINT, signal.SIGQUIT])
def test_signals_are_passed_on_and_we_stay(signum: signal.Signals) -> None:
    with subprocess.Popen(parent(), stdout=subprocess.PIPE, start_new_session=True) as scene:
        assert scene.stdout is not None
        out = scene.stdout.fileno()
        read_until(out, "child up")
        scene.send_signal(signum)
        read_until(out, f"child {signum.name}\n")
        scene.send_signal(signal.SIGTERM)
        read_until(out, f"parent 9 True {int(signum)} 15\n")
        scene.wait()
    assert scene.returncode == 0


def test_a_signal_that_comes_before_the_child(tmp_path: Path) -> None:
    before = """
start = process._start
def late(*args, **kwargs):
    os.kill(os.getpid(), signal.SIGUSR1)
    child = start([sys.executable, "-c", "import signal; signal.sigwait([signal.SIGUSR1]); print('child got it')"],
                  **kwargs)
    return child
process._start = late
signal.pthread_sigmask(signal.SIG_BLOCK, [])
"""
    # The child inherits a mask that keeps the signal until it waits for it.
    before += "real = process.subprocess.Popen\n"
    before += (
        "process.subprocess.Popen = lambda *a, **k: real(*a, **k, preexec_fn="
        "lambda: signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1]))\n"
    )
    done = subprocess.run(parent(before), capture_output=True, text=True, timeout=120, check=False)
    assert "child got it" in done.stdout
    assert "parent 0" in done.stdout


def test_an_ignored_signal_stays_ignored() -> None:
    """As under nohup: the program survives the hang-up, and so do we."""
    before = "signal.signal(signal.SIGHUP, signal.SIG_IGN)"
    with subprocess.Popen(parent(before), stdout=subprocess.PIPE, start_new_session=True) as scene:
        assert scene.stdout is not None
        out = scene.stdout.fileno()
        read_until(out, "child up")
        scene.send_signal(signal.SIGHUP)
        scene.send_signal(signal.SIGUSR1)
        assert "SIGHUP" not in read_until(out, "child SIGUSR1")
        scene.send_signal(signal.SIGTERM)
        read_until(out, "parent 9 True 10 15\n")
        scene.wait()


def test_in_a_thread_there_are_no_handlers_to_set() -> None:
    code = """
import sys, threading
from cargo_stow.process import SystemRunner
codes = []
thread = threading.Thread(target=lambda: codes.append(SystemRunner().attach([sys.executable, "-c", "exit(4)"]).code))
thread.start(); thread.join()
print(codes)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert (done.stdout, done.stderr) == ("[4]\n", "")


def test_at_a_raw_terminal_a_signal_comes_from_elsewhere() -> None:
    """As `kill -INT` sends it while `docker run --tty` has the terminal: nobody else tells the child."""
    pid, terminal = pty.fork()
    if pid == 0:  # pragma: no cover - the other process
        os.execv(sys.executable, parent("import tty; tty.setraw(0)"))  # noqa: S606
    try:
        read_until(terminal, "child up")
        os.kill(pid, signal.SIGINT)
        read_until(terminal, "child SIGINT")
        os.kill(pid, signal.SIGTERM)
        read_until(terminal, "parent 9 True 2 15")
    finally:
        os.close(terminal)
        os.waitpid(pid, 0)


def test_the_terminal_is_given_back_as_it_was() -> None:
    child = "import os, tty; tty.setraw(0); os.kill(os.getpid(), 9)"
    scene = f"""
import sys, termios
from cargo_stow.process import SystemRunner
SystemRunner().attach([sys.executable, "-c", {child!r}])
print("echo", bool(termios.tcgetattr(0)[3] & termios.ECHO), flush=True)
"""
    pid, terminal = pty.fork()
    if pid == 0:  # pragma: no cover - the other process
        os.execv(sys.executable, [sys.executable, "-c", scene])  # noqa: S606
    try:
        assert "echo True" in read_until(terminal, "\n")
    finally:
        os.close(terminal)
        os.waitpid(pid, 0)


@pytest.mark.parametrize("stdin_is_terminal", [True, False])
def test_ctrl_c_at_a_terminal_reaches_the_child_once(stdin_is_terminal: bool) -> None:
    """The terminal sends it to the whole foreground group: passed on as well, the child would have it twice."""
    pid, terminal = pty.fork()
    if pid == 0:  # pragma: no cover - the other process
        if not stdin_is_terminal:
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.execv(sys.executable, parent())  # noqa: S606
    try:
        read_until(terminal, "child up")
        os.write(terminal, b"\x03")
        seen = read_until(terminal, "child SIGINT")
        time.sleep(0.2)  # for a second one to come
        os.kill(pid, signal.SIGTERM)
        seen += read_until(terminal, "parent 9 True 2 15")
        assert seen.count("child SIGINT") == 1
    finally:
        os.close(terminal)
        os.waitpid(pid, 0)
