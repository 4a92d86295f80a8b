"""A command in the background, to be interrupted: its output so far, its signals, and what it leaves running."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_SECONDS = 90.0
_numbers = itertools.count()


def wait_until(true: Callable[[], object], what: str, seconds: float = _SECONDS) -> None:
    """Poll until something is true; fails with `what` when it does not become true in time."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.05)


class Running:
    """A process that leads a session, and so a process group, of its own."""

    def __init__(self, argv: Sequence[str], *, cwd: Path, env: Mapping[str, str], scratch: Path) -> None:
        number = next(_numbers)
        self._out, self._err = scratch / f"out.{number}", scratch / f"err.{number}"
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self.process = subprocess.Popen(
                argv, cwd=cwd, env=env, stdin=subprocess.PIPE, stdout=out, stderr=err, start_new_session=True
            )

    @property
    def out(self) -> str:
        return self._out.read_text(errors="replace")

    @property
    def err(self) -> str:
        return self._err.read_text(errors="replace")

    def until_it_says(self, text: str) -> None:
        """Wait until a text is in its output, which it must reach alive."""
        wait_until(lambda: text in self.err + self.out or self.process.poll() is not None, f"{text!r} in its output")
        assert text in self.err + self.out, (
            f"it ended with {self.process.returncode} before saying {text!r}:\n{self.err[-3000:]}"
        )

    def send(self, number: signal.Signals, *, group: bool = False) -> None:
        """Send a signal to the process alone, or to its whole group, as a terminal does."""
        if group:
            os.killpg(self.process.pid, number)
        else:
            self.process.send_signal(number)

    def wait(self, seconds: float) -> int:
        """Wait for its end; it is killed with all its children when that does not come in time."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            raise
        finally:
            if self.process.stdin:
                self.process.stdin.close()

    def survivors(self) -> list[str]:
        """What still runs of its session: the command lines."""
        return [line for pid, line in _processes() if _session(pid) == self.process.pid]


def _processes() -> list[tuple[int, str]]:
    found = []
    for directory in Path("/proc").iterdir():
        if directory.name.isdigit():
            try:
                line = (directory / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
            except OSError:
                continue  # it has gone meanwhile
            if line:  # a zombie has none
                found.append((int(directory.name), line))
    return found


def _session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except OSError:
        return None
