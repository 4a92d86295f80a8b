"""Images held against their own documents: their layers are those that the configuration speaks of.

Blobs were verified by their digests when they came in; this is about what they are together. Source: OCI image
specification, "Image Configuration", "rootfs".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cargo_stow.errors import ImageFormatError
from cargo_stow.oci.image import parse_config, parse_manifest
from cargo_stow.oci.streams import LayerReader, decompressed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cargo_stow.oci.blobs import Blobs
    from cargo_stow.oci.descriptor import Descriptor

_CHUNK = 1 << 20
# What is compressed may become this much larger, in any case this many bytes: images come to three times or so.
_LARGEST_RATIO = 100
_LEAST = 1 << 30


def largest(size: int) -> int:
    """The bytes that something of `size` bytes, compressed, may come to."""
    return max(_LEAST, _LARGEST_RATIO * size)


def check_images(blobs: Blobs, manifests: Iterable[Descriptor]) -> None:
    """Raise ImageFormatError unless layers, decompressed, are those of the configurations. Each is read once."""
    for layer, diff_id in dict.fromkeys(pair for each in manifests for pair in _layers(blobs, each)):
        _check_layer(blobs, layer, diff_id)


def _layers(blobs: Blobs, manifest: Descriptor) -> Iterator[tuple[Descriptor, str]]:
    """The layers of an image, and what its configuration says that they are."""
    parsed = parse_manifest(blobs.read(manifest), manifest.digest)
    diff_ids = parse_config(blobs.read(parsed.config), parsed.config.digest).diff_ids
    if len(diff_ids) != len(parsed.layers):
        raise ImageFormatError(
            f"{manifest.digest} has {len(parsed.layers)} layers, and its configuration {len(diff_ids)}"
        )
    return zip(parsed.layers, diff_ids, strict=True)


def _check_layer(blobs: Blobs, layer: Descriptor, diff_id: str) -> None:
    if layer.digest == diff_id and layer.media_type.endswith(".tar"):
        return  # A blob is what its digest says.
    with blobs.open(layer) as file:
        reader = LayerReader(decompressed(file, layer.media_type), diff_id.partition(":")[0], largest(layer.size))
        while reader.read(_CHUNK):
            pass
    if reader.digest != diff_id:
        raise ImageFormatError(f"layer {layer.digest} should unpack to {diff_id}, and is {reader.digest}")
