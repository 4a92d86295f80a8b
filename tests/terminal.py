"""Running Python code whose stderr, and stdout if asked, is a terminal."""

from __future__ import annotations

import contextlib
import os
import pty
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


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
