"""The terminal of a container: how a runtime hands it over, and what ours is meanwhile.

Source: OCI runtime specification, config.md, `process.terminal`; the runtimes' `--console-socket`, through which the
master comes as a descriptor (unix(7), SCM_RIGHTS).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import termios
import tty
from typing import TYPE_CHECKING

from cargo_stow.errors import RuntimeFailedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_NAME = "console"
# Sent before the runtime says that the container runs; this is for one that does not.
_SECONDS = 10.0


def terminal_size() -> tuple[int, int] | None:
    """Rows and columns of our terminal; None unless both input and output are one, as `docker run --tty` has it."""
    if not all(os.isatty(descriptor) for descriptor in (0, 1)):
        return None
    size = os.get_terminal_size(0)
    return size.lines, size.columns


@contextlib.contextmanager
def listening(directory: Path) -> Iterator[tuple[str, socket.socket]]:
    """Yield the path of a socket for a runtime, and the socket.

    The path leads through a descriptor of ours: one of a socket has at most 107 bytes (unix(7)), a directory may have
    more.
    """
    opened = os.open(directory, os.O_PATH | os.O_DIRECTORY)
    path = f"/proc/{os.getpid()}/fd/{opened}/{_NAME}"
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
            listener.bind(path)
            listener.listen(1)
            listener.settimeout(_SECONDS)
            yield path, listener
    finally:
        os.close(opened)
        (directory / _NAME).unlink(missing_ok=True)


def receive_master(listener: socket.socket) -> int:
    """Take the master of a container's terminal. Raises RuntimeFailedError where the runtime sends none."""
    descriptors: list[int] = []
    with contextlib.suppress(OSError):
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(_SECONDS)
            _, descriptors, _, _ = socket.recv_fds(connection, 4096, 1)
    if not descriptors:
        raise RuntimeFailedError("the runtime gave no terminal for the container", hint="run it with `< /dev/null`")
    os.set_blocking(descriptors[0], False)
    return descriptors[0]


def give_size(master: int) -> None:
    """Let a container's terminal be as large as ours, upon which its programs get SIGWINCH."""
    with contextlib.suppress(OSError):
        fcntl.ioctl(master, termios.TIOCSWINSZ, fcntl.ioctl(0, termios.TIOCGWINSZ, b"\0" * 8))


@contextlib.contextmanager
def raw_mode() -> Iterator[Callable[[], None]]:
    """Have our terminal pass on every key in this block, and as it was afterwards; yields what does so again.

    Again, since a shell that stopped us and goes on with us gives us its own mode.
    """
    before = termios.tcgetattr(0)
    try:
        _make_raw()
        yield _make_raw
    finally:
        with contextlib.suppress(OSError, termios.error):  # It hung up.
            termios.tcsetattr(0, termios.TCSADRAIN, before)


def _make_raw() -> None:
    with contextlib.suppress(OSError, termios.error):
        tty.setraw(0, termios.TCSADRAIN)  # What was typed ahead stays.
