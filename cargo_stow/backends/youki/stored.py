"""Images of the store that others are built on, by their names: those that came out of files, and those built here.

The ID of one is the digest of its configuration, as Docker has it of the same image: however its layers are compressed,
and whichever tool wrote the file. Source: OCI image specification, "ImageID".
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cargo_stow.backends.youki.images import Images
from cargo_stow.errors import ImageNotFoundError
from cargo_stow.oci.choice import choose
from cargo_stow.oci.descriptor import INDEXES, Descriptor
from cargo_stow.oci.graph import images_of
from cargo_stow.oci.image import parse_config, parse_manifest
from cargo_stow.platforms import Platform

if TYPE_CHECKING:
    from cargo_stow.backends.youki.store import Store
    from cargo_stow.oci.blobs import Blobs
    from cargo_stow.reference import ImageRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """An image of one platform."""

    manifest: Descriptor
    platform: Platform
    id: str


def find_stored(store: Store, reference: ImageRef, platform: Platform) -> Stored | None:
    """The image of a name that is for a platform, else one for another; None without one. Raises ImageFormatError."""
    images = Images(store.directory)
    found = images.find(str(reference)) or images.find(str(reference.familiar))
    if found is None or not store.blobs.has(found):
        return None
    return _describe(store.blobs, of_platform(store.blobs, found, platform) or images_of(store.blobs, found)[0])


def of_platform(blobs: Blobs, image: Descriptor, platform: Platform) -> Descriptor | None:
    """The manifest for a platform of an index, if it is here; a manifest is itself. Raises ImageFormatError."""
    if image.media_type not in INDEXES:
        return replace(image, annotations=())
    with contextlib.suppress(ImageNotFoundError):
        found = choose(blobs.read(image), platform)
        return found if blobs.has(found) else None
    return None


def _describe(blobs: Blobs, manifest: Descriptor) -> Stored:
    identity = parse_manifest(blobs.read(manifest), manifest.digest).config
    config = parse_config(blobs.read(identity), identity.digest)
    platform = Platform(os=config.os, architecture=config.architecture, variant=config.variant)
    return Stored(manifest=replace(manifest, annotations=(), platform=()), platform=platform, id=identity.digest)
