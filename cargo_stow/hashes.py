"""Hashes of files, remembered by what the file system says of each file: what has not changed is not read again.

An entry holds for a file whose device, inode, size, mtime and ctime all are the same. Nobody can set a ctime, so an
edit that gives a file its old size and mtime back is noticed. Two writes within one tick of the clock can have the same
ctime, so a file is remembered only if it last changed before the clock of its own file system was looked at, and that
before the file was: whatever is written afterwards has a later ctime. (git's index has the same rule, and looks at the
clock afterwards.) Where the file system has another clock than the directory of this file, nothing is remembered.

Losing this file costs reading all files once. What a network file system hides from this machine stays hidden here too,
and so does what a program writes through a mapping of a file (mmap) until the kernel gives the file a new ctime for it,
which may be much later.
"""

from __future__ import annotations

import contextlib
import json
import os
from typing import TYPE_CHECKING, Any

from cargo_stow.context import digest_file
from cargo_stow.errors import FileError
from cargo_stow.files import read_text, write_text

if TYPE_CHECKING:
    from pathlib import Path

VERSION = 1
_NO_CLOCK = (-1, 0)


class Hashes:
    """The hashes of one set of files, kept in a JSON file that this class alone reads and writes."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._known: dict[str, Any] | None = None
        self._used: dict[str, list[int | str]] = {}
        self.versions: dict[str, tuple[int, int, str]] = {}
        """Of every file that was asked for: its size, its mtime in nanoseconds, and its SHA-256."""
        self._clock: tuple[int, int] | None = None

    def digest(self, path: Path, status: os.stat_result) -> bytes:
        """Return the SHA-256 of a regular file, of which `status` was just taken. Raises OSError."""
        name = os.fspath(path)
        digest = self._remembered(name, status)
        if digest is None:
            digest, status = self._read(path, name)
        self.versions[name] = (status.st_size, status.st_mtime_ns, digest.hex())
        return digest

    def _remembered(self, name: str, status: os.stat_result) -> bytes | None:
        if self._known is None:
            self._known = self._load()
        entry = self._known.get(name)
        if isinstance(entry, list) and entry[:-1] == _state(status):
            with contextlib.suppress(TypeError, ValueError):
                digest = bytes.fromhex(entry[-1])
                self._used[name] = entry
                return digest
        return None

    def _read(self, path: Path, name: str) -> tuple[bytes, os.stat_result]:
        """Return the digest of a file, and its status just before it was read."""
        if self._clock is None:
            self._clock = self._look_at_clock()
        status = path.lstat()
        digest = digest_file(path)
        device, now = self._clock
        if status.st_dev == device and status.st_ctime_ns < now:
            self._used[name] = [*_state(status), digest.hex()]
        return digest, status

    def save(self) -> None:
        """Remember what was asked for since this object was made, and only that."""
        if self._known is not None and self._used != self._known:
            with contextlib.suppress(FileError):
                write_text(self._file, json.dumps({"version": VERSION, "files": self._used}), durable=False)

    def _load(self) -> dict[str, Any]:
        with contextlib.suppress(ValueError, RecursionError, FileError):
            document = json.loads(read_text(self._file) or "{}")
            if isinstance(document, dict) and document.get("version") == VERSION:
                files = document.get("files")
                return files if isinstance(files, dict) else {}
        return {}

    def _look_at_clock(self) -> tuple[int, int]:
        """The device of our directory, and the time there as the file system itself writes it."""
        clock = self._file.with_suffix(".clock")
        try:
            clock.parent.mkdir(parents=True, exist_ok=True)
            clock.touch()
            status = clock.stat()
        except OSError:
            return _NO_CLOCK
        return status.st_dev, status.st_mtime_ns


def _state(status: os.stat_result) -> list[int | str]:
    return [status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns]
