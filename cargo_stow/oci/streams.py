"""A layer as a stream of bytes: decompressed, hashed and counted while it is read, never held.

Source: OCI image specification, "Image Layer Filesystem Changeset", and the media types of its layers.
"""

from __future__ import annotations

import hashlib
import zlib
from typing import TYPE_CHECKING

import zstandard

from cargo_stow.errors import ImageFormatError
from cargo_stow.oci.descriptor import LAYER, LAYER_GZIP, LAYER_ZSTD

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

_CHUNK = 1 << 18
_GZIP = 31  # zlib's own number for a gzip header and trailer
# RFC 1952, section 2.3.1; RFC 8878, section 3.1.1.
_MAGIC = {b"\x1f\x8b": LAYER_GZIP, b"\x28\xb5\x2f\xfd": LAYER_ZSTD}


class LayerReader:
    """The uncompressed bytes of a layer, as a file that tarfile reads from.

    `limit` bounds them all; `allowance`, where it is not None, those that may be read before it is set again: what
    tarfile reads for a header, it holds in memory.
    """

    def __init__(self, chunks: Iterator[bytes], algorithm: str, limit: int) -> None:
        self._chunks = chunks
        self._hash = hashlib.new(algorithm)
        self._rest = memoryview(b"")
        self._left = limit
        self.allowance: int | None = None

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes; fewer only at the end. Raises ImageFormatError."""
        parts = []
        while size > 0:
            if not self._rest:
                self._rest = memoryview(self._next())
                if not self._rest:
                    break
            part, self._rest = self._rest[:size], self._rest[size:]
            size -= len(part)
            parts.append(part)
        data = b"".join(parts)
        self._spend(len(data))
        return data

    def _next(self) -> bytes:
        chunk = next(self._chunks, b"")
        self._hash.update(chunk)
        self._left -= len(chunk)
        if self._left < 0:
            raise ImageFormatError("a layer has more bytes than may be unpacked")
        return chunk

    def _spend(self, size: int) -> None:
        if self.allowance is not None:
            self.allowance -= size
            if self.allowance < 0:
                raise ImageFormatError("a layer has an entry whose header is too long")

    @property
    def digest(self) -> str:
        """The digest of what has been read."""
        return f"{self._hash.name}:{self._hash.hexdigest()}"


def kind_of(head: bytes) -> str:
    """The media type of a layer, or of an archive, that begins with these bytes, four or more: by its compression."""
    return next((kind for magic, kind in _MAGIC.items() if head.startswith(magic)), LAYER)


def decompressed(file: BinaryIO, media_type: str) -> Iterator[bytes]:
    """Yield what is in a layer of a media type, a piece at a time. Raises ImageFormatError.

    Docker (seen: 20.10) calls each layer gzip, also one that the registry has uncompressed by the push of another tool;
    Docker unpacks by what the bytes are, too. What comes out is held against the configuration in any case.
    """
    if media_type.endswith((".tar+gzip", ".tar.gzip")):
        data = file.read(_CHUNK)
        return _gunzip(file, data) if not data or kind_of(data) == LAYER_GZIP else _plain(file, data)
    if media_type.endswith((".tar+zstd", ".tar.zstd")):
        return _unzstd(file)
    if media_type.endswith(".tar"):
        return _plain(file, file.read(_CHUNK))
    raise ImageFormatError(
        f"a layer is of type {media_type}, which cannot be unpacked",
        hint="use an image whose layers are tar, tar+gzip or tar+zstd",
    )


def _plain(file: BinaryIO, data: bytes) -> Iterator[bytes]:
    while data:
        yield data
        data = file.read(_CHUNK)


def _gunzip(file: BinaryIO, data: bytes) -> Iterator[bytes]:
    """Yield what is in all members: a stream may have several, as pigz and eStargz write them."""
    found = member = zlib.decompressobj(_GZIP)
    try:
        while data:
            if member.eof:
                found = member = zlib.decompressobj(_GZIP)
            # Never more at once than this: a few bytes may stand for many.
            if chunk := member.decompress(data, _CHUNK):
                yield chunk
            data = member.unconsumed_tail or member.unused_data or file.read(_CHUNK)
        yield from _flushed(found)
    except zlib.error as error:
        raise ImageFormatError(f"a layer cannot be decompressed: {error}") from error


def _flushed(member: zlib._Decompress) -> Iterator[bytes]:
    while not member.eof:
        # Input that was taken may still have output that did not fit.
        chunk = member.decompress(b"", _CHUNK)
        if not chunk:
            raise ImageFormatError("a layer or archive ends too early: its compressed stream was cut off")
        yield chunk


def _unzstd(file: BinaryIO) -> Iterator[bytes]:
    try:
        with zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True, closefd=False) as reader:
            # A stream that was cut off ends quietly; its digest tells.
            while chunk := reader.read(_CHUNK):
                yield chunk
    except zstandard.ZstdError as error:
        raise ImageFormatError(f"a layer cannot be decompressed: {error}") from error
