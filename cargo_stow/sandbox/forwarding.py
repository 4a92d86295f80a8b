"""The signals of a process that stands for a program in a container: they are the program's.

Of processes that lose their parent below us we become it (PR_SET_CHILD_SUBREAPER, prctl(2)), so the program's end is
told to us. Should our own parent be killed, the program is too: nobody would be left to end it.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import FrameType

# linux/prctl.h.
_DEATH_SIGNAL, _SUBREAPER = 1, 36
_PARENT_DIED = signal.SIGRTMIN
_FORWARDED = (
    *(signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2),
    *(signal.SIGWINCH, signal.SIGCONT),
)


class Forwarding:
    """Passes signals on to a process; those that come before there is one wait for it.

    `woken` is a descriptor that can be read whenever one came, or a child ended.
    """

    def __init__(self) -> None:
        self._waiting: list[int] = []
        self._pid: int | None = None
        self._instead: dict[int, Callable[[], object]] = {}
        self.woken = self._install()

    def _install(self) -> int:
        library = ctypes.CDLL(None, use_errno=True)
        library.prctl(_SUBREAPER, 1, 0, 0, 0)
        for number in (*_FORWARDED, _PARENT_DIED):
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        library.prctl(_DEATH_SIGNAL, int(_PARENT_DIED), 0, 0, 0)
        woken, waking = os.pipe()
        os.set_blocking(waking, False)
        signal.set_wakeup_fd(waking, warn_on_full_buffer=False)
        return woken

    def to(
        self,
        pid: int,
        missed: Iterable[int] = (),
        *,
        resized: Callable[[], object] | None = None,
        resumed: Callable[[], object] | None = None,
    ) -> None:
        """Pass them on from now on; those about our terminal are no program's that has one of its own.

        `missed` are those that somebody else got meanwhile: the runtime, while it started the program.
        """
        self._pid = pid
        if resized and resumed:
            self._instead = {signal.SIGWINCH: resized, signal.SIGCONT: resumed}
            resized()
        for number in (*self._waiting, *missed):
            self(number, None)

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        if self._pid is None:
            self._waiting.append(number)
        elif number in self._instead:
            self._instead[number]()
        else:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL if number == _PARENT_DIED else number)
