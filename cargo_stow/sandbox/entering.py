"""Go into a user namespace of our own, in which more ids than ours are mapped.

The kernel lets only a process outside of it map them, and only newuidmap and newgidmap, which are root's, may do so
with ids that /etc/subuid gives. unshare(1) can have them do it only from util-linux 2.38 on.
"""

from __future__ import annotations

import ctypes
import os
from typing import TYPE_CHECKING

from cargo_stow.errors import RuntimeFailedError, StowError
from cargo_stow.process import SystemRunner, start_copy, wait_for_copy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cargo_stow.sandbox.rights import Rights, Span

# CLONE_NEWUSER of linux/sched.h; unshare(2).
_NEW_USER = 0x10000000
FORBIDDEN = (
    "the machine may forbid it: see `sysctl user.max_user_namespaces kernel.unprivileged_userns_clone"
    " kernel.apparmor_restrict_unprivileged_userns`; or build as root, or with an engine: --backend docker"
)
"""Why a user gets no namespace, or one in which he may do nothing."""


def enter(rights: Rights) -> None:
    """Be root in a new user namespace, from the next program on. Raises RuntimeFailedError."""
    process, (waiting, ready) = os.getpid(), os.pipe()

    def work() -> int:
        os.close(ready)
        return _map_when_told(waiting, process, rights)

    mapper = start_copy(work)
    error = _unshare()
    if not error:
        os.write(ready, b"1")
    os.close(ready)
    os.close(waiting)
    code = wait_for_copy(mapper)
    if error:
        raise RuntimeFailedError(f"cannot make a user namespace: {os.strerror(error)}", hint=FORBIDDEN)
    if code:
        raise RuntimeFailedError(
            "cannot map the ids that /etc/subuid and /etc/subgid give into a user namespace",
            hint="what newuidmap or newgidmap said is above; or build as root, or with an engine: --backend docker",
        )


def _unshare() -> int:
    """Returns the number of the error, 0 for none."""
    library = ctypes.CDLL(None, use_errno=True)
    return ctypes.get_errno() if library.unshare(_NEW_USER) else 0


def _map_when_told(waiting: int, process: int, rights: Rights) -> int:
    """Map the ids of a process once it says that it is in its namespace; returns an exit code."""
    try:
        if not os.read(waiting, 1):
            return 0
        maps = {"newuidmap": rights.users, "newgidmap": rights.groups}
        return max(SystemRunner().show([name, str(process), *_words(spans)]).code for name, spans in maps.items())
    except StowError:
        return 1


def _words(spans: tuple[Span, ...]) -> Iterator[str]:
    for span in spans:
        yield from map(str, (span.inside, span.outside, span.count))
