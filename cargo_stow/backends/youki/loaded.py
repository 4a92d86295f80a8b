"""Images of the store that others are built on, by their names: those that came out of files, and those built here.

The ID of one is the digest of its configuration, as Docker has it of the same image: however its layers are compressed,
and whichever tool wrote the file. Source: OCI image specification, "ImageID".
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cargo_stow.backends.youki.images import Images
from cargo_stow.errors import FileError, ImageNotFoundError, UsageError
from cargo_stow.oci.blobs import Blobs
from cargo_stow.oci.choice import choose
from cargo_stow.oci.descriptor import INDEXES, Descriptor
from cargo_stow.oci.graph import reachable
from cargo_stow.oci.image import parse_config, parse_manifest
from cargo_stow.oci.loading import read_images
from cargo_stow.oci.verifying import images_of
from cargo_stow.platforms import Platform

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from cargo_stow.backends.youki.store import Store
    from cargo_stow.oci.loading import Loaded
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


def load_images(store: Store, path: Path, name: ImageRef | None) -> list[tuple[ImageRef, Descriptor]]:
    """Take the images of a file into the store, under the names that they have there, or under `name` the only one.

    Returns each name with what it stands for. Until all is verified nothing in the store changes. Raises
    ImageFormatError, FileError, and UsageError where a name is missing.
    """
    with store.in_use(), _scratch(store) as directory:
        blobs = Blobs(directory / "blobs")
        named = _named(read_images(path, blobs, with_names=name is None), path, name)
        entries = [(str(each), image) for each, image in named]
        entries += [(_id(blobs, part), part) for _, image in named for part in images_of(blobs, image)]
        for each in reachable(blobs, [image for _, image in named]).values():
            store.blobs.adopt(blobs.path(each.digest), each)
        Images(store.directory).add_all(dict(entries))
    return named


@contextlib.contextmanager
def _scratch(store: Store) -> Iterator[Path]:
    try:
        with store.scratch() as directory:
            yield directory
    except OSError as error:
        raise FileError(
            f"cannot write {store.directory}: {error.strerror or error}", hint="check the space on its disk"
        ) from error


def _named(found: Sequence[Loaded], path: Path, name: ImageRef | None) -> list[tuple[ImageRef, Descriptor]]:
    if name is not None:
        if len(found) != 1:
            raise UsageError(f"--name {name} is for one image, and {path} has {len(found)}", hint="leave --name out")
        return [(name.familiar.tagged, found[0].image)]
    for each in found:
        if not each.names:
            called = f"only the tag {', '.join(each.tags)}" if each.tags else "no name"
            tag = f":{each.tags[0]}" if each.tags else ""
            raise UsageError(
                f"{path} has an image with {called}: {each.image.digest}",
                hint=f"name it, as with `cargo stow cache load --name registry.example.org/base{tag} {path}`",
            )
    return [(each, image.image) for image in found for each in image.names]


def _describe(blobs: Blobs, manifest: Descriptor) -> Stored:
    identity = parse_manifest(blobs.read(manifest), manifest.digest).config
    config = parse_config(blobs.read(identity), identity.digest)
    platform = Platform(os=config.os, architecture=config.architecture, variant=config.variant)
    return Stored(manifest=replace(manifest, annotations=(), platform=()), platform=platform, id=identity.digest)


def _id(blobs: Blobs, manifest: Descriptor) -> str:
    return parse_manifest(blobs.read(manifest), manifest.digest).config.digest
