"""Running Python code whose stderr, and stdout if asked, is a terminal; and a program that has one for all."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


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


class Window:
    """A context manager: a program whose controlling terminal, for all three streams, is ours to type on."""

    def __init__(self, argv: Sequence[str]) -> None:
        self._master, slave = pty.openpty()
        self.name = os.ttyname(slave)
        self.text = ""
        self.process = subprocess.Popen(["setsid", "--ctty", *argv], stdin=slave, stdout=slave, stderr=slave)
        os.close(slave)

    def __enter__(self) -> Window:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._master)
        self.process.kill()
        self.process.wait()

    def modes(self) -> list[Any]:
        return termios.tcgetattr(self._master)

    def resize(self, rows: int, columns: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("4H", rows, columns, 0, 0))

    def type(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def until(self, text: str) -> None:
        while text not in self.text:
            assert self._read(), self.text

    def wait(self) -> int:
        while self._read():
            pass
        return self.process.wait()

    def _read(self) -> bool:
        data = b""
        with contextlib.suppress(OSError):  # how Linux says that the other side is closed
            data = os.read(self._master, 1 << 16)
        self.text += data.decode()
        return bool(data)
