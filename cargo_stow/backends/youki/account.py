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
    from collections.abc import Iterator
    from pathlib import Path

_LONGEST = 1 << 20


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
    entry = next((each for each in _entries(root, "/etc/passwd", 7) if name in {each[0], each[2]}), None)
    if entry is None and not name.isdecimal():
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
    found = next((each for each in _entries(root, "/etc/group", 4) if name in {each[0], each[2]}), None)
    if found is None and not name.isdecimal():
        raise UsageError(f"the image has no group `{name}`", hint="name one that its /etc/group has, or a number")
    return int(found[2] if found else name)


def _memberships(user: str, root: Path) -> Iterator[int]:
    for entry in _entries(root, "/etc/group", 4):
        if user in entry[3].split(","):
            yield int(entry[2])


def _entries(root: Path, path: str, parts: int) -> Iterator[list[str]]:
    """The lines of a file that have so many parts, the third of which is a number."""
    with contextlib.suppress(OSError):
        file = resolve(root, path)
        text = file.read_bytes()[:_LONGEST].decode("utf-8", "replace") if file.is_file() else ""
        for line in text.splitlines():
            entry = line.split(":")
            if len(entry) == parts and entry[2].isdecimal():
                yield entry
