"""Entries of a layer that are no directories, made in an open directory: nothing is followed, nothing replaced.

All functions take the name to make and the open directory; with `own`, files get the entry's owner. They raise
FileExistsError before anything is done where the name is taken.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from cargo_stow.errors import ImageFormatError
from cargo_stow.oci.attributes import is_kept, is_overlay, named, write_attributes

if TYPE_CHECKING:
    import tarfile

_CHUNK = 1 << 20
_LONGEST_TARGET = 4095
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def make_file(entry: tarfile.TarInfo, tar: tarfile.TarFile, name: str, fd: int, *, own: bool) -> None:
    """Write a file as it comes. Raises ImageFormatError where it ends too early, OSError and what tarfile raises."""
    attributes = kept_attributes(entry)
    new = os.open(name, _NEW, 0o600, dir_fd=fd)
    try:
        if entry.size:
            _write_contents(entry, tar, new)
        # In this order: a new owner takes away setuid and capabilities.
        if own:
            os.fchown(new, entry.uid, entry.gid)
        os.fchmod(new, entry.mode & 0o7777)
        write_attributes(new, attributes)
        time = nanoseconds(entry)
        os.utime(new, ns=(time, time))
    finally:
        os.close(new)


def make_symlink(entry: tarfile.TarInfo, name: str, fd: int, *, own: bool) -> None:
    """Make a symbolic link, with the target as it stands. Raises ImageFormatError and OSError."""
    if not 0 < len(entry.linkname.encode("utf-8", "surrogateescape")) <= _LONGEST_TARGET:
        raise ImageFormatError(f"a layer has a symbolic link to nothing, or too long: {entry.name!r}")
    kept_attributes(entry)
    os.symlink(entry.linkname, name, dir_fd=fd)
    if own:
        os.chown(name, entry.uid, entry.gid, dir_fd=fd, follow_symlinks=False)
    time = nanoseconds(entry)
    os.utime(name, ns=(time, time), dir_fd=fd, follow_symlinks=False)


def make_pipe(entry: tarfile.TarInfo, name: str, fd: int, *, own: bool) -> None:
    """Make a named pipe. Raises OSError."""
    kept_attributes(entry)
    os.mkfifo(name, 0o600, dir_fd=fd)
    if own:
        os.chown(name, entry.uid, entry.gid, dir_fd=fd, follow_symlinks=False)
    # Nothing that could be followed: it was made just now.
    os.chmod(name, entry.mode & 0o7777, dir_fd=fd)
    time = nanoseconds(entry)
    os.utime(name, ns=(time, time), dir_fd=fd, follow_symlinks=False)


def kept_attributes(entry: tarfile.TarInfo) -> dict[str, bytes]:
    """The extended attributes of an entry that a file gets. Raises ImageFormatError for overlayfs's own."""
    if not entry.pax_headers:
        return {}
    found = dict(named(entry.pax_headers))
    if any(is_overlay(name) for name in found):
        raise ImageFormatError(f"a layer has an attribute of overlayfs: {entry.name!r}")
    return {name: value for name, value in found.items() if is_kept(name)}


def nanoseconds(entry: tarfile.TarInfo) -> int:
    """An entry's time of modification; whole seconds are exact, fractions to a microsecond."""
    whole = int(entry.mtime)
    return whole * 1_000_000_000 + round((entry.mtime - whole) * 1_000_000) * 1000


def check_skipped(entry: tarfile.TarInfo, parts: tuple[str, ...]) -> None:
    """Devices: whoever runs an image makes those of `dev`, and no image has others. Raises ImageFormatError."""
    if not entry.isdev():
        raise ImageFormatError(f"a layer has an entry of an unknown kind: {entry.name!r} is {entry.type!r}")
    # 0/0 is how overlayfs itself says that something was removed.
    if parts[0] != "dev" or (entry.ischr() and not entry.devmajor and not entry.devminor):
        raise ImageFormatError(f"a layer has a device: {entry.name!r}")


def check_target(entry: tarfile.TarInfo, target: tuple[str, ...], source: int) -> None:
    """Raise ImageFormatError unless a hard link's target, in the open directory `source`, is there to be linked."""
    try:
        mode = os.stat(target[-1], dir_fd=source, follow_symlinks=False).st_mode if target else stat.S_IFDIR
    except FileNotFoundError as error:
        raise missing(entry) from error
    if stat.S_ISDIR(mode):
        raise ImageFormatError(f"a layer has a hard link to a directory: {entry.name!r} to {entry.linkname!r}")


def missing(entry: tarfile.TarInfo) -> ImageFormatError:
    """The error of a hard link without a target."""
    return ImageFormatError(f"a layer has a hard link to what is not there: {entry.name!r} to {entry.linkname!r}")


def hard_link(target: str, source: int, name: str, fd: int) -> None:
    """Give a file of the open directory `source` another name. One of a symbolic link is one of the link itself."""
    os.link(target, name, src_dir_fd=source, dst_dir_fd=fd, follow_symlinks=False)


def _write_contents(entry: tarfile.TarInfo, tar: tarfile.TarFile, new: int) -> None:
    source = tar.extractfile(entry)
    if source is None:
        raise ImageFormatError(f"a layer has a file without contents: {entry.name!r}")
    left = entry.size
    is_sparse = entry.issparse()
    while left:
        chunk = source.read(min(left, _CHUNK))
        if not chunk:
            raise ImageFormatError(f"a layer ends too early, in {entry.name!r}")
        left -= len(chunk)
        _write(new, chunk, is_sparse=is_sparse)
    if is_sparse:
        os.ftruncate(new, entry.size)


def _write(new: int, chunk: bytes, *, is_sparse: bool) -> None:
    # A hole stays a hole: a few bytes may say that a file has a terabyte of them.
    if is_sparse and not chunk.strip(b"\0"):
        os.lseek(new, len(chunk), os.SEEK_CUR)
        return
    view = memoryview(chunk)
    while view:
        view = view[os.write(new, view) :]
