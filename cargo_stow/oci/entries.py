"""The entries of a tar archive, read strictly and one after the other: nothing of one that was read is kept.

Owns what tarfile is lenient about; what the entries mean is for others.
"""

from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING, cast

from cargo_stow.errors import ImageFormatError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from cargo_stow.oci.streams import LayerReader

# tarfile raises nearly anything for what it did not expect.
UNEXPECTED = (tarfile.TarError, ValueError, ArithmeticError, LookupError, RecursionError, TypeError)
_BUFFER = 256 * tarfile.BLOCKSIZE
# What headers of one entry may have: names of 4096 bytes, attributes of 64 KiB and sparse maps need no more.
_LONGEST_HEADER = 1 << 20
_MOST_GLOBAL = 20


class _Entry(tarfile.TarInfo):
    """A header that is read strictly: for tarfile, what is no header is the end of the archive."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> _Entry:
        if len(buf) not in (0, tarfile.BLOCKSIZE):
            raise ImageFormatError("a layer or archive ends too early, in a header")
        if not any(buf):
            return super().frombuf(buf, encoding, errors)
        try:
            entry = super().frombuf(buf, encoding, errors)
        except tarfile.HeaderError as error:
            raise ImageFormatError(f"a layer or archive is no tar file, or damaged: {error}") from error
        if entry.size < 0:
            raise ImageFormatError("a layer has an entry of less than no bytes")
        return entry


def read_entries(reader: LayerReader) -> Iterator[tuple[tarfile.TarInfo, tarfile.TarFile]]:
    """Yield the entries of an archive, with what their contents are read from before the next is asked for.

    Contents that are not read count as headers do, which must not be long. At the end, only padding may follow.
    Raises ImageFormatError and what is in UNEXPECTED.
    """
    reader.allowance = _LONGEST_HEADER + _BUFFER
    with tarfile.open(
        fileobj=cast("BinaryIO", reader),
        mode="r|",
        bufsize=_BUFFER,
        tarinfo=_Entry,
        encoding="utf-8",
        errors="surrogateescape",
    ) as tar:
        while entry := _next(tar, reader):
            yield entry, tar
        _check_end(tar)


def _next(tar: tarfile.TarFile, reader: LayerReader) -> tarfile.TarInfo | None:
    reader.allowance = _LONGEST_HEADER + _BUFFER
    entry = tar.next()
    reader.allowance = None
    # tarfile remembers all of them.
    tar.members = []  # type: ignore[attr-defined]
    if len(tar.pax_headers) > _MOST_GLOBAL:
        raise ImageFormatError("a layer has too many global headers")
    return entry


def _check_end(tar: tarfile.TarFile) -> None:
    """Read what is behind the end of the archive, which the digest covers: padding, and nothing else."""
    while tar.fileobj and (chunk := tar.fileobj.read(_BUFFER)):
        if chunk.strip(b"\0"):
            raise ImageFormatError("a layer has something behind its end")
