"""What symbolic links lead to: a link that is sent is of no use without its target.

Follows links within one directory, the repository. What lies outside of it, or is named by an absolute path, is not
sent: in a build it would be somewhere else.
"""

# ruff: noqa: PTH110, PTH114 - methods of Path raise for a name that is too long, or a closed directory
from __future__ import annotations

from os.path import exists, islink
from typing import TYPE_CHECKING

from cargo_stow.context import VERSION_CONTROL

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

# As many as Linux follows on one path.
_MOST = 40


def find_linked(sent: Iterable[Path], limit: Path) -> set[Path]:
    """Return the files, directories and further links below `limit` that links among `sent` lead to, and are not sent.

    All paths are absolute, `limit` has no link in it.
    """
    listed = set(sent)
    known = listed.union(*(path.parents for path in listed))
    links = (path for path in listed if islink(path))
    return {path for link in links for path in trace(link, limit) if path not in known}


def trace(path: Path, limit: Path) -> set[Path]:
    """Return the links on a path below `limit`, and what it leads to in the end, if that is there and below, too."""
    found: set[Path] = set()
    if not path.is_relative_to(limit):
        return found
    current, waiting, followed = limit, list(path.relative_to(limit).parts), 0
    while waiting and followed < _MOST:
        part = waiting.pop(0)
        current = current.parent if part == ".." else current / part
        if islink(current):
            followed += 1
            found.add(current)
            target = current.readlink()
            waiting = [*target.parts, *waiting]
            current = current.parent
            if target.is_absolute():
                return found
        if not current.is_relative_to(limit) or part in VERSION_CONTROL:
            return found
    return found if waiting or not exists(current) else found | {current}
