"""What we may do here: root mounts as he is, anybody else in a user namespace, where he is root and has ids to give.

Only finds out; `entering.py` goes there. Sources: user_namespaces(7), subuid(5), newuidmap(1).
"""

from __future__ import annotations

import os
import pwd
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cargo_stow.errors import RuntimeFailedError, ToolMissingError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

USERS, GROUPS = Path("/etc/subuid"), Path("/etc/subgid")
_MAPS = (Path("/proc/self/uid_map"), Path("/proc/self/gid_map"))
_PROGRAMS = ("newuidmap", "newgidmap")
# As an image may have them: 0 is the user himself.
_NEEDED = (1 << 16) - 1
# Where useradd(8) begins.
_LOWEST = 100_000
_OTHERWISE = "or build as root, or with an engine: --backend docker"
_PARTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """So many ids that are these inside of a user namespace, and those outside."""

    inside: int
    outside: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """`users` and `groups` are the ids of a user namespace to be made; none where root needs no other.

    Who `is_confined` is in a user namespace, that one or the one that he is in already.
    """

    users: tuple[Span, ...] = ()
    groups: tuple[Span, ...] = ()
    is_confined: bool = False


AS_WE_ARE = Rights()
"""Those of the machine's root, and for what needs none."""


def find_rights(environment: Mapping[str, str]) -> Rights:
    """Find out what we may. Raises ToolMissingError or RuntimeFailedError for a user who cannot have what it takes."""
    if os.geteuid() == 0:
        return Rights(is_confined=read_ids() != _whole())
    missing = next((each for each in _PROGRAMS if not shutil.which(each, path=environment.get("PATH"))), None)
    if missing:
        raise ToolMissingError(
            f"the program `{missing}` is not installed, and without it only root can own what is in images",
            hint=f"install your distribution's package `uidmap` (or `shadow-utils`); {_OTHERWISE}",
        )
    user = _name(os.getuid())
    users, groups = _read(USERS), _read(GROUPS)
    for path, text in ((USERS, users), (GROUPS, groups)):
        _check(path, text, user, _free(users, groups))
    return Rights(
        users=make_map(os.getuid(), ranges_of(users, user)),
        groups=make_map(os.getgid(), ranges_of(groups, user)),
        is_confined=True,
    )


def make_map(own: int, ranges: list[tuple[int, int]]) -> tuple[Span, ...]:
    """Return a map with one's own id as 0 and ranges of others from 1 on."""
    spans = [Span(inside=0, outside=own, count=1)]
    for first, count in ranges:
        spans.append(Span(inside=spans[-1].inside + spans[-1].count, outside=first, count=count))
    return tuple(spans)


def ranges_of(text: str, user: str) -> list[tuple[int, int]]:
    """Return what a file of subordinate ids gives a user, by name or number: first ids and counts."""
    names = {user, str(os.getuid())}
    return list(dict.fromkeys((first, count) for name, first, count in _lines(text) if name in names))


def read_ids() -> str:
    """Which ids of the machine ours are, as the kernel says it."""
    return "\n".join(" ".join(path.read_text(encoding="ascii").split()) for path in _MAPS)


def _whole() -> str:
    """The ids of a process in no user namespace."""
    return "\n".join(["0 0 4294967295"] * len(_MAPS))


def _check(path: Path, text: str, user: str, free: int) -> None:
    count = sum(count for _, count in ranges_of(text, user))
    if count < _NEEDED:
        wanted = f"{free}-{free + _NEEDED}"
        raise RuntimeFailedError(
            f"the user {user} has {count or 'no'} ids in {path}, and what is in images needs {_NEEDED}",
            hint=f"as root: `usermod --add-subuids {wanted} --add-subgids {wanted} {user}`; {_OTHERWISE}",
        )


def _free(*texts: str) -> int:
    """The first id that is above all that anybody has."""
    return max([_LOWEST, *(first + count for text in texts for _, first, count in _lines(text))])


def _lines(text: str) -> Iterator[tuple[str, int, int]]:
    for line in text.splitlines():
        parts = line.split(":")
        if len(parts) == _PARTS and all(part.isascii() and part.isdecimal() for part in parts[1:]):
            yield parts[0], int(parts[1]), int(parts[2])


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


def _name(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)
