"""A layout that several images share, each of which is replaced by the next of its name: what builds give out.

Its bytes are those of another place, by hard links where that can be, so nobody may write into them: they lose the mode
to be written. Source: as of `layout`.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
from typing import TYPE_CHECKING

from cargo_stow.errors import StowError
from cargo_stow.oci.blobs import Blobs, hash_chunks, read_chunks
from cargo_stow.oci.documents import as_bytes
from cargo_stow.oci.graph import manifests, reachable
from cargo_stow.oci.image import index_as_json
from cargo_stow.oci.layout import TAG, VERSION, link_blob, named, read_entries
from cargo_stow.oci.replacing import replacing_directory

if TYPE_CHECKING:
    from collections.abc import Container, Mapping
    from pathlib import Path

    from cargo_stow.oci.descriptor import Descriptor
    from cargo_stow.reference import ImageRef


def has_images(directory: Path, digests: Mapping[ImageRef, str]) -> bool:
    """Whether a layout has images under their names, as far as its index says, and is there: nothing is verified."""
    found = _read_index(directory)
    blobs = Blobs(directory / "blobs")
    return all(
        str(name) in found and found[str(name)].digest == digest and blobs.path(digest).is_file()
        for name, digest in digests.items()
    )


def put_images(directory: Path, blobs: Blobs, images: Mapping[ImageRef, Descriptor], stay: Container[str] = ()) -> None:
    """Put images into a layout, in one step; of those that it has, those stay whose names are in `stay`.

    Raises FileError and ImageFormatError; the layout is then as it was.
    """
    new = {str(name): named(image, name) for name, image in images.items()}
    old = {name: image for name, image in _read_index(directory).items() if name in stay and _is_whole(blobs, image)}
    entries = old | new
    index = as_bytes(index_as_json(each for _, each in sorted(entries.items())))
    with replacing_directory(directory) as made:
        for digest, each in reachable(blobs, entries.values()).items():
            _take(each, blobs.path(digest), Blobs(directory / "blobs").path(digest), Blobs(made / "blobs").path(digest))
        (made / "index.json").write_bytes(index)
        (made / "oci-layout").write_bytes(VERSION)


def _read_index(directory: Path) -> dict[str, Descriptor]:
    """Names and what they stand for; of a layout that is damaged, none."""
    with contextlib.suppress(StowError):
        return {dict(each.annotations).get(TAG, ""): each for each in read_entries(directory)}
    return {}


def _is_whole(blobs: Blobs, image: Descriptor) -> bool:
    with contextlib.suppress(StowError):
        return bool(manifests(blobs, image))
    return False


def _take(blob: Descriptor, source: Path, old: Path, new: Path) -> None:
    """Link a blob; from another disk it is copied, once: the next time, the old layout has it."""
    new.parent.mkdir(parents=True, exist_ok=True)
    if link_blob(source, new) or (_is_blob(old, blob) and link_blob(old, new)):
        return
    shutil.copyfile(source, new)
    new.chmod(0o444)


def _is_blob(path: Path, blob: Descriptor) -> bool:
    """Whether there is that blob. A layout may have come with sources: no link is followed, and what it has is read."""
    with contextlib.suppress(OSError):
        status = os.lstat(path)
        if stat.S_ISREG(status.st_mode) and status.st_size == blob.size and not path.parent.is_symlink():
            with path.open("rb") as file:
                return hash_chunks(read_chunks(file), blob.digest) == blob.digest
    return False
