"""The upper directory of an overlay becomes a layer, the same bytes for the same files.

Source: OCI image specification, "Image Layer Filesystem Changeset"; the kernel's `filesystems/overlayfs.rst` for what
overlayfs writes.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tarfile
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cargo_stow.errors import FileError, ImageFormatError
from cargo_stow.oci.attributes import as_records
from cargo_stow.oci.descriptor import LAYER_GZIP, Descriptor
from cargo_stow.oci.upper import Change, Upper

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path, PurePosixPath
    from typing import BinaryIO

    from cargo_stow.oci.blobs import Blobs

_CHUNK = 1 << 20
_LEVEL = 6
# zlib's own number for a gzip header, which then has no name and no time.
_GZIP = 31


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """A layer: its blob, and the digest of what is in it uncompressed."""

    descriptor: Descriptor
    diff_id: str


def pack_layer(
    upper: Path,
    below: Path | None,
    blobs: Blobs,
    *,
    mtime: int,
    excluded: frozenset[PurePosixPath] = frozenset(),
) -> Packed | None:
    """Write what an upper directory changes as a layer of `blobs`; None where that is nothing.

    `below` is the merged tree under `upper`, None where there is none: what is equal there is left out. Times are in
    whole seconds and at most `mtime`. `excluded` are paths from the root that are left out, with all that is in them.
    The digest depends on zlib. Raises ImageFormatError for what no layer can have, and FileError.
    """
    changes = iter(Upper(upper, excluded).changes(below))
    first = _next(changes, upper)
    if first is None:
        return None
    with blobs.writing() as (temporary, file):
        sink = _Sink(file)
        change: Change | None = first
        links: dict[tuple[int, int], str] = {}
        while change:
            _write(change, sink, links, mtime)
            change = _next(changes, upper)
        packed = sink.finish()
        file.close()
        blobs.adopt(temporary, packed.descriptor)
    return packed


def _next(changes: Iterator[Change], upper: Path) -> Change | None:
    """The next change; a failure to read is not one to write."""
    try:
        return next(changes, None)
    except OSError as error:
        raise _unreadable(error, upper) from error


def _write(change: Change, sink: _Sink, links: dict[tuple[int, int], str], mtime: int) -> None:
    entry = _header(change, mtime)
    status = change.status
    if status is not None and entry.isreg() and status.st_nlink > 1:
        first = links.setdefault((status.st_dev, status.st_ino), change.name)
        if first != change.name:
            entry.type, entry.linkname, entry.size, entry.pax_headers = tarfile.LNKTYPE, first, 0, {}
    sink.write(entry.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape"))
    if entry.isreg() and entry.size:
        for chunk in _contents(change, entry.size):
            sink.write(chunk)
        sink.write(bytes(-entry.size % tarfile.BLOCKSIZE))


def _header(change: Change, mtime: int) -> tarfile.TarInfo:
    """The header of a change; a mark is an empty file of root's, with the latest time that is allowed."""
    entry = tarfile.TarInfo(change.name)
    entry.mtime, entry.mode = mtime, 0
    if change.status is None:
        return entry
    status = change.status
    entry.mtime = min(status.st_mtime_ns // 1_000_000_000, mtime)
    entry.uid, entry.gid, entry.mode = status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)
    entry.type = _TYPES[stat.S_IFMT(status.st_mode)]
    entry.size = status.st_size if entry.isreg() else 0
    entry.linkname = change.target
    entry.pax_headers = as_records(change.attributes)
    return entry


_TYPES = {
    stat.S_IFREG: tarfile.REGTYPE,
    stat.S_IFDIR: tarfile.DIRTYPE,
    stat.S_IFLNK: tarfile.SYMTYPE,
    stat.S_IFIFO: tarfile.FIFOTYPE,
}


def _contents(change: Change, size: int) -> Iterable[bytes]:
    """Yield exactly `size` bytes: that many were announced."""
    try:
        with change.path.open("rb") as file:
            while size:
                chunk = file.read(min(size, _CHUNK))
                if not chunk:
                    raise ImageFormatError(f"{change.path} became shorter while it was read")
                size -= len(chunk)
                yield chunk
    except OSError as error:
        raise _unreadable(error, change.path) from error


class _Sink:
    """Compresses into a file, and knows the digests of both sides."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._inner, self._outer = hashlib.sha256(), hashlib.sha256()
        self._compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
        self._size = 0

    def write(self, data: bytes) -> None:
        self._inner.update(data)
        self._emit(self._compressor.compress(data))

    def finish(self) -> Packed:
        """End the archive; returns what was written."""
        self.write(bytes(2 * tarfile.BLOCKSIZE))
        self._emit(self._compressor.flush())
        digest = f"sha256:{self._outer.hexdigest()}"
        layer = Descriptor(media_type=LAYER_GZIP, digest=digest, size=self._size)
        return Packed(descriptor=layer, diff_id=f"sha256:{self._inner.hexdigest()}")

    def _emit(self, data: bytes) -> None:
        self._outer.update(data)
        self._size += len(data)
        self._file.write(data)


def _unreadable(error: OSError, path: Path) -> FileError:
    where = os.fsdecode(error.filename) if isinstance(error.filename, (str, bytes)) else str(path)
    return FileError(
        f"cannot read {where}: {error.strerror or error}", hint="check the permissions of what a step made"
    )
