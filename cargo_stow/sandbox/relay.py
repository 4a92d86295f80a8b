"""Copies between our terminal and a container's."""

from __future__ import annotations

import contextlib
import os
import select
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_MOST = 1 << 16


class Relay:
    """What is typed goes to `master`, what it shows to us; both descriptors of ours are 0 and 1.

    `master` does not block, and is closed at the end of `drain`.
    """

    def __init__(self, master: int) -> None:
        self._master = master
        self._typed = b""
        self._is_open = True
        self._shows = True

    def run(self, has_ended: Callable[[], bool], woken: int) -> None:
        """Copy until something has ended, which is asked whenever the descriptor `woken` can be read."""
        while not has_ended():
            waiting = [woken, *self._sources()]
            readable, writable, _ = select.select(waiting, [self._master] if self._is_open and self._typed else [], [])
            if woken in readable:
                os.read(woken, _MOST)
            if 0 in readable:
                self._take()
            if self._is_open and self._master in readable:
                self._show()
            if self._is_open and self._master in writable:
                self._type()

    def drain(self) -> None:
        """Show what is left to be shown."""
        while self._is_open and self._shows and self._show():
            pass
        self._hang_up()

    def _sources(self) -> list[int]:
        """What is read: of keys no more than the container takes."""
        if not self._is_open:
            return []
        return [*([] if self._typed else [0]), *([self._master] if self._shows else [])]

    def _take(self) -> None:
        with contextlib.suppress(OSError):
            self._typed = os.read(0, _MOST)
        if not self._typed:  # Our terminal hung up: so does the container's, which tells its programs.
            self._hang_up()

    def _type(self) -> None:
        try:
            self._typed = self._typed[os.write(self._master, self._typed) :]
        except BlockingIOError:
            return
        except OSError:  # No program has it open.
            self._typed = b""

    def _show(self) -> bool:
        """Show what there is; whether there was something."""
        try:
            data = os.read(self._master, _MOST)
        except BlockingIOError:
            return False
        except OSError:  # How Linux says that no program has it open.
            data = b""
        self._shows = bool(data)
        try:
            while data:
                data = data[os.write(1, data) :]
        except OSError:
            self._hang_up()
        return self._shows

    def _hang_up(self) -> None:
        if self._is_open:
            self._is_open = False
            os.close(self._master)
