"""What the upper directory of an overlay says: files that are new or changed, and marks for what was removed.

Source: the kernel's `filesystems/overlayfs.rst`, "whiteouts and opaque directories". Mounts must have been made with
`redirect_dir=off,metacopy=off`. Only reads.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from cargo_stow.errors import ImageFormatError
from cargo_stow.oci.attributes import is_kept, is_overlay, read_attributes
from cargo_stow.oci.changes import OPAQUE, WHITEOUT
from cargo_stow.oci.rooted import DEEPEST

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import PurePosixPath

_CHUNK = 1 << 20
_MOVED = (".overlay.redirect", ".overlay.metacopy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One entry of a layer: `name` is its path from the root, `path` where it is. A mark has no `status`."""

    name: str
    path: Path = Path()
    status: os.stat_result | None = None
    target: str = ""
    attributes: Mapping[str, bytes] = field(default_factory=dict)


class Upper:
    """An upper directory, less the paths from its root that are excluded."""

    def __init__(self, path: Path, excluded: frozenset[PurePosixPath]) -> None:
        self._path = path
        self._excluded = {str(each).strip("/") for each in excluded}

    def changes(self, below: Path | None) -> Iterator[Change]:
        """Yield changes, sorted by bytes in each directory, which comes before what is in it.

        `below` is the directory that this one covers; None where none is, and nothing can be equal or removed.
        Raises ImageFormatError and OSError.
        """
        return self._inside(self._path, "", _directory(below), 1)

    def _inside(self, directory: Path, prefix: str, below: Path | None, depth: int) -> Iterator[Change]:
        if depth > DEEPEST:
            raise ImageFormatError(f"a step made directories in more than {DEEPEST} levels: {prefix[:80]}…")
        for name in sorted(os.listdir(directory), key=os.fsencode):  # noqa: PTH208
            if prefix + name not in self._excluded:
                yield from self._changed(directory / name, prefix + name, below / name if below else None, depth)

    def _changed(self, path: Path, name: str, below: Path | None, depth: int) -> Iterator[Change]:
        status = path.lstat()
        if _is_whiteout(status):
            if below and os.path.lexists(below):
                yield _mark(name.removesuffix(path.name) + WHITEOUT + path.name)
        elif path.name.startswith(WHITEOUT):
            raise ImageFormatError(f"a step made {name}: in a layer, that name removes another file")
        elif stat.S_ISDIR(status.st_mode):
            yield from self._directory(_read(path, name, status), below, depth)
        elif _is_packed(status, name):
            change = _read(path, name, status)
            # A file with several names is new: overlayfs copies each name to a file of its own.
            if status.st_nlink > 1 or not (below and _is_equal(change, below)):
                yield change

    def _directory(self, change: Change, below: Path | None, depth: int) -> Iterator[Change]:
        """A directory that is as it was comes only with what changed in it."""
        covered = _directory(below)
        if _is_opaque(change):
            yield change
            if covered:
                yield _mark(f"{change.name}/{OPAQUE}")
            covered = None
        elif not (covered and _is_equal(change, covered)):
            yield change
        else:
            inner = self._inside(change.path, f"{change.name}/", covered, depth + 1)
            if first := next(inner, None):
                yield change
                yield first
                yield from inner
            return
        yield from self._inside(change.path, f"{change.name}/", covered, depth + 1)


def _mark(name: str) -> Change:
    return Change(name=name)


def _read(path: Path, name: str, status: os.stat_result) -> Change:
    attributes = read_attributes(path)
    if any(each.endswith(_MOVED) and is_overlay(each) for each in attributes):
        raise ImageFormatError(f"{name} was only moved or touched in its overlay, which keeps it elsewhere")
    # Path would tidy it up.
    target = os.readlink(path) if stat.S_ISLNK(status.st_mode) else ""  # noqa: PTH115
    return Change(name=name, path=path, status=status, target=target, attributes=attributes)


def _is_whiteout(status: os.stat_result) -> bool:
    return stat.S_ISCHR(status.st_mode) and status.st_rdev == 0


def _is_opaque(change: Change) -> bool:
    return any(change.attributes.get(f"{kind}.overlay.opaque") == b"y" for kind in ("trusted", "user"))


def _is_packed(status: os.stat_result, name: str) -> bool:
    """Whether a layer has such a file. Raises ImageFormatError for a device that would be missed."""
    if stat.S_ISCHR(status.st_mode) or stat.S_ISBLK(status.st_mode):
        if not name.startswith("dev/"):
            raise ImageFormatError(f"a step made a device, which no layer can have: {name}")
        return False
    return not stat.S_ISSOCK(status.st_mode)


def _directory(path: Path | None) -> Path | None:
    """The same path where it is a directory itself, and no link to one."""
    return path if path and os.path.lexists(path) and stat.S_ISDIR(path.lstat().st_mode) else None


def _is_equal(change: Change, below: Path) -> bool:
    """Whether all that a layer says of a file, but its time, is so already."""
    try:
        other = _read(below, change.name, below.lstat())
    except FileNotFoundError:
        return False
    return _facts(change) == _facts(other) and _is_same_content(change, other)


def _facts(change: Change) -> tuple[object, ...]:
    status = change.path.lstat()
    size = status.st_size if stat.S_ISREG(status.st_mode) else 0
    kept = {name: value for name, value in change.attributes.items() if is_kept(name)}
    return status.st_mode, status.st_uid, status.st_gid, size, change.target, kept


def _is_same_content(change: Change, other: Change) -> bool:
    if change.status is None or not stat.S_ISREG(change.status.st_mode):
        return True
    with change.path.open("rb") as one, other.path.open("rb") as two:
        while chunk := one.read(_CHUNK):
            if chunk != two.read(_CHUNK):
                return False
    return True
