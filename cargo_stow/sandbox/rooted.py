"""Paths in a root file system that is a directory here: no symbolic link in it leads out of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cargo_stow.errors import ImageFormatError

if TYPE_CHECKING:
    from pathlib import Path

# As many as the kernel follows (path_resolution(7)).
_MOST_LINKS = 40


def resolve(root: Path, path: str) -> Path:
    """Return where a path of a root file system is, with links followed as if `root` were `/`.

    What does not exist is named all the same. Raises ImageFormatError for links that go in circles.
    """
    waiting, found, links = list(reversed(path.split("/"))), root, 0
    while waiting:
        part = waiting.pop()
        if part in {"", "."}:
            continue
        if part == "..":
            found = found if found == root else found.parent
            continue
        if (found / part).is_symlink():
            links += 1
            if links > _MOST_LINKS:
                raise ImageFormatError(f"too many symbolic links on the way to {path}")
            target = str((found / part).readlink())
            found = root if target.startswith("/") else found
            waiting += reversed(target.split("/"))
        else:
            found /= part
    return found
