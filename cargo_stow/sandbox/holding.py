"""Namespaces that are there before a container and end after it, whatever becomes of the processes in between.

The first process of a process namespace gets no signal that it has no handler for, and with it the kernel ends all
others (pid_namespaces(7)). So it is not the container's program, which Ctrl-C has to end, but one of ours that does
nothing, reaps what nobody waits for, and ends when its standard input does: with us.
"""

from __future__ import annotations

import contextlib
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cargo_stow.errors import RuntimeFailedError
from cargo_stow.process import held

if TYPE_CHECKING:
    from collections.abc import Iterator

# `-S`: without the site's modules it is there sooner. Who has SIGCHLD ignored need not wait for children (wait(2)).
# Whoever sees it can read its table of mounts, in which only what is below its root is: nothing. It keeps all that it
# may, for that alone keeps a container's root, who may less, from tracing it (ptrace(2)).
_FIRST = (
    "import os, signal as s; [s.signal(n, s.SIG_IGN) for n in (s.SIGCHLD, s.SIGINT)];"
    " os.chroot('/proc/self/fdinfo'); os.chdir('/'); os.write(1, b'.'); os.read(0, 1)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Namespaces:
    """Namespaces by the process that made them: `unshare`, whose child is the first of them."""

    holder: int
    has_network: bool

    @property
    def processes(self) -> str:
        return f"/proc/{self.holder}/ns/pid_for_children"

    @property
    def network(self) -> str:
        return f"/proc/{self.holder}/ns/net"

    def paths(self) -> dict[str, str]:
        """What a container joins, by the types of the OCI runtime specification."""
        return {"pid": self.processes, **({"network": self.network} if self.has_network else {})}


@contextlib.contextmanager
def hold(*, network: bool = False) -> Iterator[Namespaces]:
    """Yield a process namespace, and one of the network if asked; what runs in them ends with the block, or with us.

    Raises RuntimeFailedError where none can be made.
    """
    flags = ("--net",) if network else ()
    first = [sys.executable, "-I", "-S", "-c", _FIRST]
    with held(["unshare", *flags, "--pid", "--fork", "--kill-child", "--", *first]) as holder:
        if holder is None:
            raise RuntimeFailedError(
                "cannot make namespaces for a container",
                hint="what `unshare` said is above; root can make them: `unshare --pid --fork true`",
            )
        yield Namespaces(holder=holder, has_network=network)
