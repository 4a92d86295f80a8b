"""The entries of a layer become files: what each kind of entry does to a directory, and the marks that remove.

Source: OCI image specification, "Image Layer Filesystem Changeset", "Representing Changes"; where it is silent,
containerd's `pkg/archive/tar.go` and Docker's `pkg/archive/diff.go`, which agree.
"""

from __future__ import annotations

import contextlib
import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cargo_stow.errors import ImageFormatError
from cargo_stow.oci.attributes import write_attributes
from cargo_stow.oci.making import (
    check_skipped,
    check_target,
    hard_link,
    kept_attributes,
    make_file,
    make_pipe,
    make_symlink,
    missing,
    nanoseconds,
)
from cargo_stow.oci.rooted import Parts, Root, split_name

if TYPE_CHECKING:
    import tarfile
    from collections.abc import Callable

WHITEOUT = ".wh."
OPAQUE = ".wh..wh..opq"
# Notes of AUFS to itself, in old images.
_AUFS = ".wh..wh."
_HIGHEST_ID = 2**32 - 2
_LATEST = 2**34  # what ext4 can store


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one layer may have: `size` in bytes, uncompressed and unpacked, and a number of entries."""

    size: int = 64 << 30
    entries: int = 4_000_000


class Changes:
    """The changes of one layer to the directory `root`, one entry after the other."""

    def __init__(self, root: Root, limits: Limits) -> None:
        self._root = root
        self._limits = limits
        self._size = self._count = 0
        self._is_root = os.geteuid() == 0
        # What this layer has, so that its marks remove only what others had: they may come later.
        self._own: set[Parts] = set()
        # Directories get their modes and times at the end: a mode may forbid what is to come, and times change.
        self._directories: dict[Parts, tuple[int, int]] = {}

    def apply(self, entry: tarfile.TarInfo, tar: tarfile.TarFile) -> None:
        """Do what an entry says. Raises ImageFormatError, OSError and what tarfile raises."""
        self._charge(entry)
        parts = split_name(entry.name)
        name = parts[-1] if parts else ""
        if name.startswith(WHITEOUT):
            self._mark(parts[:-1], name)
        elif not parts:
            self._top(entry)
        elif entry.isdir():
            self._directory(entry, parts)
        elif entry.islnk():
            self._link(entry, parts)
        elif entry.isreg():
            self._place(parts, lambda name, fd: make_file(entry, tar, name, fd, own=self._is_root))
        elif entry.issym():
            self._place(parts, lambda name, fd: make_symlink(entry, name, fd, own=self._is_root))
        elif entry.isfifo():
            self._place(parts, lambda name, fd: make_pipe(entry, name, fd, own=self._is_root))
        else:
            check_skipped(entry, parts)

    def finish(self) -> None:
        """Give the directories their modes and times, the innermost first. Raises OSError."""
        for parts, (mode, time) in sorted(self._directories.items(), reverse=True):
            with contextlib.suppress(FileNotFoundError, ImageFormatError):
                fd, real = self._root.directory(parts[:-1], make=False)
                name = parts[-1] if parts else "."
                # It may have been replaced since.
                if real == parts[:-1] and stat.S_ISDIR(os.stat(name, dir_fd=fd, follow_symlinks=False).st_mode):
                    os.chmod(name, mode, dir_fd=fd)
                    os.utime(name, ns=(time, time), dir_fd=fd, follow_symlinks=False)

    def _charge(self, entry: tarfile.TarInfo) -> None:
        self._count += 1
        self._size += max(entry.size, 0) if entry.isreg() else 0
        if self._size > self._limits.size or self._count > self._limits.entries:
            raise ImageFormatError(f"a layer has more than {self._limits.size} bytes or {self._limits.entries} entries")
        if entry.size < 0 or not (0 <= entry.uid <= _HIGHEST_ID and 0 <= entry.gid <= _HIGHEST_ID):
            raise ImageFormatError(f"a layer has an entry with a size or an owner that cannot be: {entry.name!r}")
        if not 0 <= abs(entry.mtime) < _LATEST:
            raise ImageFormatError(f"a layer has an entry with a time that cannot be: {entry.name!r}")

    def _mark(self, parent: Parts, name: str) -> None:
        hidden = name.removeprefix(WHITEOUT)
        if name.startswith(_AUFS) and name != OPAQUE:
            return
        if hidden in ("", ".", ".."):
            raise ImageFormatError(f"a layer has a mark that removes nothing: {'/'.join((*parent, name))!r}")
        try:
            _, real = self._root.directory(parent, make=False)
        except FileNotFoundError:
            return
        if name == OPAQUE:
            self._clear(real)
        else:
            self._hide(real, hidden)

    def _clear(self, directory: Parts) -> None:
        for name in os.listdir(self._root.real(directory)):  # noqa: PTH208
            self._hide(directory, name)

    def _hide(self, parent: Parts, name: str) -> None:
        """Remove what layers below had of a name; what this one has stays."""
        fd, _ = self._root.directory(parent, make=False)
        try:
            mode = os.stat(name, dir_fd=fd, follow_symlinks=False).st_mode
        except FileNotFoundError:
            return
        if (*parent, name) not in self._own:
            self._root.remove(parent, name, fd)
        elif stat.S_ISDIR(mode):
            self._clear((*parent, name))

    def _top(self, entry: tarfile.TarInfo) -> None:
        if not entry.isdir():
            raise ImageFormatError("a layer would replace the root by something that is no directory")
        if self._is_root:
            os.chown(self._root.path, entry.uid, entry.gid)
        self._directories[()] = (entry.mode & 0o7777, nanoseconds(entry))

    def _directory(self, entry: tarfile.TarInfo, parts: Parts) -> None:
        """Make a directory, or take the one that is there.

        One replaces a link, to a directory too, as Docker and containerd have it: they merge only with what *is* one.
        """
        fd, parent = self._root.directory(parts[:-1])
        name = parts[-1]
        try:
            os.mkdir(name, 0o700, dir_fd=fd)
        except FileExistsError:
            if not stat.S_ISDIR(os.stat(name, dir_fd=fd, follow_symlinks=False).st_mode):
                self._root.remove(parent, name, fd)
                fd, parent = self._root.directory(parent)
                os.mkdir(name, 0o700, dir_fd=fd)
        self._note(parent, name)
        real = (*parent, name)
        if self._is_root:
            os.chown(name, entry.uid, entry.gid, dir_fd=fd, follow_symlinks=False)
        write_attributes(self._root.real(real), kept_attributes(entry))
        self._directories[real] = (entry.mode & 0o7777, nanoseconds(entry))

    def _link(self, entry: tarfile.TarInfo, parts: Parts) -> None:
        target = split_name(entry.linkname)
        try:
            # The directory of the new name is opened next, and that closes this one.
            source = os.dup(self._root.directory(target[:-1], make=False)[0])
        except FileNotFoundError as error:
            raise missing(entry) from error
        try:
            check_target(entry, target, source)
            self._place(parts, lambda name, fd: hard_link(target[-1], source, name, fd))
        finally:
            os.close(source)

    def _place(self, parts: Parts, make: Callable[[str, int], None]) -> None:
        """Make what is no directory, in place of whatever is there."""
        fd, parent = self._root.directory(parts[:-1])
        try:
            make(parts[-1], fd)
        except FileExistsError:
            self._root.remove(parent, parts[-1], fd)
            # By its real path: what was removed may have been on the way that the entry's name takes.
            fd, parent = self._root.directory(parent)
            make(parts[-1], fd)
        self._note(parent, parts[-1])

    def _note(self, parent: Parts, name: str) -> None:
        parts = (*parent, name)
        while parts and parts not in self._own:
            self._own.add(parts)
            parts = parts[:-1]
