"""As whom a program runs: the `User` of an image, by number or by what its own /etc/passwd and /etc/group say.

Source: OCI image specification, "Properties", `User`; passwd(5), group(5).
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cargo_stow.errors import UsageError
from cargo_stow.sandbox.rooted import resolve

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_LONGEST = 1 << 20
# The number that means nobody (chown(2)).
_NONE = (1 << 32) - 1
# A file, the parts of its lines, and which of them are numbers.
_USERS = ("/etc/passwd", 7, slice(2, 4))
_GROUPS = ("/etc/group", 4, slice(2, 3))


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Numbers of a user and of its groups, and its home in the container."""

    user: int
    group: int
    groups: tuple[int, ...] = ()
    home: str = "/"


def find_account(text: str, root: Path) -> Account:
    """Read `user`, `user:group`, each a name or a number. Raises UsageError for a name that the image does not have."""
    name, _, group = text.partition(":")
    entry = _find(name, _entries(root, *_USERS))
    if entry is None and not _is_number(name):
        raise UsageError(f"the image has no user `{name}`", hint="name one that its /etc/passwd has, or a number")
    user = int(entry[2] if entry else name)
    own = int(entry[3]) if entry else 0
    return Account(
        user=user,
        group=_group(group, root) if group else own,
        groups=() if group or not entry else tuple(_memberships(entry[0], root)),
        home=(entry[5] if entry else "") or "/",
    )


def _group(name: str, root: Path) -> int:
    found = _find(name, _entries(root, *_GROUPS))
    if found is None and not _is_number(name):
        raise UsageError(f"the image has no group `{name}`", hint="name one that its /etc/group has, or a number")
    return int(found[2] if found else name)


def _memberships(user: str, root: Path) -> Iterator[int]:
    for entry in _entries(root, *_GROUPS):
        if user in entry[3].split(","):
            yield int(entry[2])


def _find(name: str, entries: Iterable[list[str]]) -> list[str] | None:
    """The first entry that a name means. A number is nobody's name."""
    if _is_number(name):
        return next((each for each in entries if int(each[2]) == int(name)), None)
    return next((each for each in entries if each[0] == name), None)


def _is_number(text: str) -> bool:
    """Whether the kernel can have such a user or group."""
    return text.isascii() and text.isdecimal() and len(text) <= len(str(_NONE)) and int(text) < _NONE


def _entries(root: Path, path: str, parts: int, numbers: slice) -> Iterator[list[str]]:
    """The lines of a file that have so many parts, with numbers where they belong."""
    with contextlib.suppress(OSError):
        file = resolve(root, path)
        text = _head(file).decode("utf-8", "replace") if file.is_file() else ""
        for line in text.split("\n"):
            entry = line.split(":")
            if len(entry) == parts and all(map(_is_number, entry[numbers])):
                yield entry


def _head(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(_LONGEST)
