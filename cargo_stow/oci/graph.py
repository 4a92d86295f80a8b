"""What an image consists of: the blobs that are reached from its descriptor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cargo_stow.errors import ImageFormatError
from cargo_stow.oci.descriptor import INDEXES, MANIFESTS
from cargo_stow.oci.image import parse_index, parse_manifest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cargo_stow.oci.blobs import Blobs
    from cargo_stow.oci.descriptor import Descriptor


def reachable(blobs: Blobs, descriptors: Iterable[Descriptor]) -> dict[str, Descriptor]:
    """Return every blob that descriptors lead to, themselves too, by digest. Raises ImageFormatError and FileError.

    An index may name platforms whose images were left out: of its entries, those that are here count.
    """
    found: dict[str, Descriptor] = {}
    todo = list(descriptors)
    while todo:
        each = todo.pop()
        known = found.get(each.digest)
        if known is not None and _kind(known) != _kind(each):
            raise ImageFormatError(f"{each.digest} is said to be two things, of which only one would be looked at")
        if known is None:
            found[each.digest] = each
            is_index = each.media_type in INDEXES
            todo += [part for part in children(blobs, each) if not is_index or blobs.has(part)]
    return dict(sorted(found.items()))


def _kind(descriptor: Descriptor) -> tuple[bool, bool, bool]:
    """As what a descriptor is read."""
    return descriptor.media_type in INDEXES, descriptor.media_type in MANIFESTS, _is_attestation(descriptor)


def _is_attestation(descriptor: Descriptor) -> bool:
    return dict(descriptor.platform).get("os") == "unknown"


def manifests(blobs: Blobs, descriptor: Descriptor) -> list[Descriptor]:
    """Return the manifests that a manifest or an index leads to and that are here, with all they consist of.

    Raises ImageFormatError where a part of one is missing, or where there is none.
    """
    if not blobs.has(descriptor):
        raise ImageFormatError(f"{descriptor.digest} is missing, or has not the {descriptor.size} bytes it should have")
    parts = reachable(blobs, [descriptor]).values()
    missing = next((each for each in parts if not blobs.has(each)), None)
    if missing is not None:
        raise ImageFormatError(f"{missing.digest}, a part of the image {descriptor.digest}, is missing")
    found = [each for each in parts if each.media_type in MANIFESTS]
    if not found:
        raise ImageFormatError(f"{descriptor.digest} is an index of images none of which is here")
    return found


def images_of(blobs: Blobs, image: Descriptor) -> list[Descriptor]:
    """The manifests of an image, one a platform, those of attestations left out. Raises ImageFormatError for none."""
    found = [each for each in manifests(blobs, image) if not _is_attestation(each)]
    if not found:
        raise ImageFormatError(f"{image.digest} has attestations, and no image that they are of")
    return found


def children(blobs: Blobs, descriptor: Descriptor) -> tuple[Descriptor, ...]:
    """Return what an index or a manifest names; nothing for other blobs. Raises ImageFormatError and FileError."""
    if descriptor.media_type in INDEXES:
        return parse_index(blobs.read(descriptor), descriptor.digest)
    if descriptor.media_type in MANIFESTS:
        manifest = parse_manifest(blobs.read(descriptor), descriptor.digest)
        return (manifest.config, *manifest.layers)
    return ()
