"""Entries of reproducible archives: owned by root by number, with one fixed time; the caller keeps the order."""

from __future__ import annotations

import io
import tarfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

EPOCH = 1735689600
"""Seconds: 2025-01-01T00:00:00Z. Every time in an archive of the bed is this one, or clamped to it."""

_EVERYBODY_WRITES = 0o222


def add_text(archive: tarfile.TarFile, path: str, text: str, *, mode: int = 0o644) -> None:
    """Add a file with this text."""
    content = text.encode()
    entry = _entry(path, mode)
    entry.size = len(content)
    archive.addfile(entry, io.BytesIO(content))


def add_directory(archive: tarfile.TarFile, path: str, *, mode: int = 0o755) -> None:
    """Add an empty directory."""
    entry = _entry(path, mode)
    entry.type = tarfile.DIRTYPE
    archive.addfile(entry)


def add_symlink(archive: tarfile.TarFile, path: str, target: str) -> None:
    """Add a symbolic link to `target`."""
    entry = _entry(path, 0o777)
    entry.type, entry.linkname = tarfile.SYMTYPE, target
    archive.addfile(entry)


def add_copy(archive: tarfile.TarFile, path: str, source: Path) -> None:
    """Add the file `source` (a link is followed) as `path`, writable for everybody as rustup's images have it."""
    state = source.stat()
    entry = _entry(path, (state.st_mode & 0o777) | _EVERYBODY_WRITES)
    entry.size = state.st_size
    with source.open("rb") as content:
        archive.addfile(entry, content)


def _entry(path: str, mode: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(path)
    entry.mode, entry.mtime = mode, EPOCH
    return entry
