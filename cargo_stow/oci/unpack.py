"""One layer, applied to a directory that has the layers below it.

Nothing of a layer is trusted: what it says is refused (ImageFormatError) or done inside the directory. Nobody else may
write there meanwhile. Source: OCI image specification, "Image Layer Filesystem Changeset".
"""

from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING, cast

from cargo_stow.errors import FileError, ImageFormatError
from cargo_stow.oci.changes import Changes, Limits
from cargo_stow.oci.rooted import CAUSED, Root
from cargo_stow.oci.streams import LayerReader

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

    from cargo_stow.oci.descriptor import Descriptor

_LIMITS = Limits()
_BUFFER = 256 * tarfile.BLOCKSIZE
# What headers of one entry may have: names of 4096 bytes, attributes of 64 KiB and sparse maps need no more.
_LONGEST_HEADER = 1 << 20
_MOST_GLOBAL = 20


class _Entry(tarfile.TarInfo):
    """A header that is read strictly: for tarfile, what is no header is the end of the archive."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> _Entry:
        if len(buf) not in (0, tarfile.BLOCKSIZE):
            raise ImageFormatError("a layer ends too early, in a header")
        if not any(buf):
            return super().frombuf(buf, encoding, errors)
        try:
            entry = super().frombuf(buf, encoding, errors)
        except tarfile.HeaderError as error:
            raise ImageFormatError(f"a layer has something that is no header: {error}") from error
        if entry.size < 0:
            raise ImageFormatError("a layer has an entry of less than no bytes")
        return entry


def unpack_layer(file: BinaryIO, layer: Descriptor, diff_id: str, root: Path, *, limits: Limits = _LIMITS) -> None:
    """Apply a layer to the directory `root`, which has the layers below it applied.

    `file` has the layer's blob, as `layer` describes it; `diff_id` is the digest of it uncompressed, which is
    verified at the end: after any error, `root` holds something that is of no use. Owners are set where this user is
    root, and left alone otherwise. Raises ImageFormatError for a layer that is not what it should be or would leave
    `root`, and FileError.
    """
    reader = LayerReader(file, layer.media_type, diff_id.partition(":")[0], limits.size)
    try:
        with Root(root) as inside:
            changes = Changes(inside, limits)
            for entry, tar in _entries(reader):
                changes.apply(entry, tar)
            changes.finish()
    except OSError as error:
        raise _failed(root, layer, error) from error
    # tarfile raises nearly anything for what it did not expect.
    except (tarfile.TarError, ValueError, ArithmeticError, LookupError, RecursionError, TypeError) as error:
        raise ImageFormatError(f"layer {layer.digest} cannot be read: {error}") from error
    if reader.digest != diff_id:
        raise ImageFormatError(f"layer {layer.digest} should unpack to {diff_id}, and is {reader.digest}")


def _entries(reader: LayerReader) -> Iterator[tuple[tarfile.TarInfo, tarfile.TarFile]]:
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


def _failed(root: Path, layer: Descriptor, error: OSError) -> ImageFormatError | FileError:
    why = error.strerror or error
    if error.errno in CAUSED:
        return ImageFormatError(f"layer {layer.digest} has an entry that cannot be: {error.filename!r}: {why}")
    return FileError(f"cannot unpack into {root}: {why}", hint="check the permissions and the space on its disk")
