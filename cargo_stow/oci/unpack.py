"""One layer, applied to a directory that has the layers below it.

Nothing of a layer is trusted: what it says is refused (ImageFormatError) or done inside the directory. Nobody else may
write there meanwhile. Source: OCI image specification, "Image Layer Filesystem Changeset".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cargo_stow.errors import FileError, ImageFormatError
from cargo_stow.oci.changes import Changes, Limits
from cargo_stow.oci.entries import UNEXPECTED, read_entries
from cargo_stow.oci.rooted import CAUSED, Root
from cargo_stow.oci.streams import LayerReader, decompressed

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

    from cargo_stow.oci.descriptor import Descriptor

_LIMITS = Limits()


def unpack_layer(file: BinaryIO, layer: Descriptor, diff_id: str, root: Path, *, limits: Limits = _LIMITS) -> None:
    """Apply a layer to the directory `root`, which has the layers below it applied.

    `file` has the layer's blob, as `layer` describes it; `diff_id` is the digest of it uncompressed, which is
    verified at the end: after any error, `root` holds something that is of no use. Owners are set where this user is
    root, and left alone otherwise. Raises ImageFormatError for a layer that is not what it should be or would leave
    `root`, and FileError.
    """
    reader = LayerReader(decompressed(file, layer.media_type), diff_id.partition(":")[0], limits.size)
    try:
        with Root(root) as inside:
            changes = Changes(inside, limits)
            for entry, tar in read_entries(reader):
                changes.apply(entry, tar)
            changes.finish()
    except OSError as error:
        raise _failed(root, layer, error) from error
    except UNEXPECTED as error:
        raise ImageFormatError(f"layer {layer.digest} cannot be read: {error}") from error
    if reader.digest != diff_id:
        raise ImageFormatError(f"layer {layer.digest} should unpack to {diff_id}, and is {reader.digest}")


def _failed(root: Path, layer: Descriptor, error: OSError) -> ImageFormatError | FileError:
    why = error.strerror or error
    if error.errno in CAUSED:
        return ImageFormatError(f"layer {layer.digest} has an entry that cannot be: {error.filename!r}: {why}")
    return FileError(f"cannot unpack into {root}: {why}", hint="check the permissions and the space on its disk")
