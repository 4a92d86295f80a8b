"""A container in the foreground: it has our streams, gets our signals, and its end is ours.

Runtimes differ in how they tell that a signal ended a program (youki gives its bare number). So the runtime only starts
it, and this process, to which the kernel then hands the container's first process, waits for that itself.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
from typing import TYPE_CHECKING

from cargo_stow.errors import RuntimeFailedError
from cargo_stow.sandbox.runtime import remove_groups

if TYPE_CHECKING:
    from types import FrameType

    from cargo_stow.process import Runner
    from cargo_stow.sandbox.runtime import Container, Runtime

# PR_SET_CHILD_SUBREAPER of linux/prctl.h; prctl(2).
_SUBREAPER = 36
_FORWARDED = (
    *(signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2),
    *(signal.SIGWINCH, signal.SIGCONT),
)


def run_foreground(container: Container, runtime: Runtime, runner: Runner) -> int:
    """Run a container to its end; returns the program's exit code, 128+n for one that signal n ended.

    Raises RuntimeFailedError where the container does not start, and OSError.
    """
    ctypes.CDLL(None, use_errno=True).prctl(_SUBREAPER, 1, 0, 0, 0)
    came: list[int] = []
    handler = _Forwarding(came)
    for number in _FORWARDED:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)
    file = container.directory / "pid"
    command = container.command(runtime)
    at = command.index("run") + 1
    result = runner.attach([*command[:at], "--detach", "--pid-file", str(file), *command[at:]])
    try:
        if result.code != 0:
            raise RuntimeFailedError(f"{runtime.name} cannot start the container", hint="what it said is above")
        return _wait(int(file.read_text(encoding="ascii")), handler)
    finally:
        runner.capture(
            [runtime.program, "--root", str(container.directory / "state"), "delete", "--force", container.name]
        )
        remove_groups(container.name)


class _Forwarding:
    """Passes signals on to a process; those that come before there is one wait for it."""

    def __init__(self, waiting: list[int]) -> None:
        self._waiting = waiting
        self._pid: int | None = None

    def to(self, pid: int) -> None:
        self._pid = pid
        for number in self._waiting:
            self(number, None)

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        if self._pid is None:
            self._waiting.append(number)
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pid, number)


def _wait(pid: int, handler: _Forwarding) -> int:
    handler.to(pid)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)
