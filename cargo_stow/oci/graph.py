"""What an image consists of: the blobs that are reached from its descriptor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cargo_stow.oci.descriptor import INDEXES, MANIFESTS
from cargo_stow.oci.image import parse_index, parse_manifest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cargo_stow.oci.blobs import Blobs
    from cargo_stow.oci.descriptor import Descriptor


def reachable(blobs: Blobs, descriptors: Iterable[Descriptor]) -> dict[str, Descriptor]:
    """Return every blob that descriptors lead to, themselves too, by digest. Raises ImageFormatError and FileError."""
    found: dict[str, Descriptor] = {}
    todo = list(descriptors)
    while todo:
        each = todo.pop()
        if each.digest not in found:
            found[each.digest] = each
            todo += children(blobs, each)
    return dict(sorted(found.items()))


def children(blobs: Blobs, descriptor: Descriptor) -> tuple[Descriptor, ...]:
    """Return what an index or a manifest names; nothing for other blobs. Raises ImageFormatError and FileError."""
    if descriptor.media_type in INDEXES:
        return parse_index(blobs.read(descriptor), descriptor.digest)
    if descriptor.media_type in MANIFESTS:
        manifest = parse_manifest(blobs.read(descriptor), descriptor.digest)
        return (manifest.config, *manifest.layers)
    return ()
