"""Images out of a file become images of the store: each under its names, and for each platform under its ID.

What an ID is, `stored` says.
"""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

from cargo_stow.backends.youki.images import Images
from cargo_stow.errors import FileError, UsageError
from cargo_stow.oci.blobs import Blobs
from cargo_stow.oci.graph import images_of, reachable
from cargo_stow.oci.image import parse_manifest
from cargo_stow.oci.loading import read_images
from cargo_stow.reference import GRAMMAR

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from cargo_stow.backends.youki.store import Store
    from cargo_stow.oci.descriptor import Descriptor
    from cargo_stow.oci.loading import Loaded
    from cargo_stow.reference import ImageRef

_TAG = re.compile(GRAMMAR.tag)


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
            # The hint is to be pasted into a shell.
            tag = f":{each.tags[0]}" if each.tags and _TAG.fullmatch(each.tags[0]) else ""
            raise UsageError(
                f"{path} has an image with {called}: {each.image.digest}",
                hint=f"name it, as with `cargo stow cache load --name registry.example.org/base{tag} {path}`",
            )
    return [(each, image.image) for image in found for each in image.names]


def _id(blobs: Blobs, manifest: Descriptor) -> str:
    return parse_manifest(blobs.read(manifest), manifest.digest).config.digest
