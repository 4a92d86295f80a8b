"""Running Python code whose stderr, and stdout if asked, is a terminal; and commands on one as a person has it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

CTRL_C, CTRL_D, CTRL_Z = "\x03", "\x04", "\x1a"


def on_terminal(code: str, environment: Mapping[str, str], *, stdout: bool = False) -> tuple[str, str]:
    """Return what came out of the pipe, and what the terminal saw, byte for byte but for its line ends."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", code]
    child = subprocess.Popen(
        command, stdout=theirs if stdout else subprocess.PIPE, stderr=theirs, stdin=subprocess.DEVNULL, env=environment
    )
    os.close(theirs)
    seen = b""
    with contextlib.suppress(OSError):  # how Linux says that the other side is closed
        while data := os.read(ours, 4096):
            seen += data
    os.close(ours)
    out, _ = child.communicate()
    assert child.returncode == 0, seen
    return (out or b"").decode(), seen.decode().replace("\r\n", "\n")


class Terminal:
    """A context manager: the command runs on the terminal, which is hung up at the end."""

    def __init__(self, argv: Sequence[str], *, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> None:
        self._master, slave = pty.openpty()
        self.name = os.ttyname(slave)
        self.text = ""
        # setsid makes the pty the controlling terminal, so that its keys become signals of the foreground group.
        self.process = subprocess.Popen(
            ["setsid", "--ctty", *argv], cwd=cwd, env=env, stdin=slave, stdout=slave, stderr=slave
        )
        os.close(slave)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def close(self) -> None:
        """Close the window: the terminal hangs up."""
        if self._master >= 0:
            os.close(self._master)
        self._master = -1

    def modes(self) -> list[Any]:
        """What the terminal does with keys and output (termios(3))."""
        return termios.tcgetattr(self._master)

    def resize(self, rows: int, columns: int) -> None:
        """Make the window another size, as a person drags it."""
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("4H", rows, columns, 0, 0))

    def type(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def until_it_says(self, text: str, seconds: float = 90.0) -> None:
        end = time.monotonic() + seconds
        while text not in self.text:
            assert time.monotonic() < end, f"not within {seconds} s: {text!r}; it said:\n{self.text[-3000:]}"
            assert self._read() or text in self.text, f"it ended without saying {text!r}:\n{self.text[-3000:]}"

    def wait(self, seconds: float = 90.0) -> int:
        """Wait for the end of the command, reading on meanwhile, and return its exit code."""
        end = time.monotonic() + seconds
        while self._read():
            assert time.monotonic() < end, f"no end within {seconds} s; it said:\n{self.text[-3000:]}"
        return self.process.wait(seconds)

    def _read(self) -> bool:
        """Take in what there is to read, for a moment; False when the other side has hung up."""
        if not select.select([self._master], [], [], 0.2)[0]:
            return True
        data = b""
        with contextlib.suppress(OSError):  # EIO is how Linux says that nobody has the other side
            data = os.read(self._master, 1 << 16)
        self.text += data.decode(errors="replace")
        return bool(data)
