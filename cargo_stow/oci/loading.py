"""Images out of a file or a directory of any form: an image layout, or an archive, which may be compressed.

What is found goes into blobs of the caller's, verified; it has the names that those who write such files give. Source:
as of `layout` and `archive`.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import stat
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cargo_stow.errors import FileError, ImageFormatError
from cargo_stow.oci.blobs import read_chunks
from cargo_stow.oci.descriptor import LAYER
from cargo_stow.oci.graph import children, images_of
from cargo_stow.oci.imports import LARGEST, import_archive, of_index
from cargo_stow.oci.layout import read_entries
from cargo_stow.oci.streams import kind_of
from cargo_stow.oci.verifying import check_images, largest
from cargo_stow.reference import parse_reference

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from typing import BinaryIO

    from cargo_stow.oci.blobs import Blobs
    from cargo_stow.oci.descriptor import Descriptor
    from cargo_stow.oci.imports import Imported
    from cargo_stow.reference import ImageRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """An image of a file: its manifest or index, its references, and its tags where those are all that it is called."""

    image: Descriptor
    names: tuple[ImageRef, ...] = ()
    tags: tuple[str, ...] = ()


def read_images(path: Path, blobs: Blobs, *, with_names: bool = True) -> list[Loaded]:
    """Read the images of a layout or an archive into `blobs`, each with all that the file has of it.

    What they are called does not matter without `with_names`. Raises ImageFormatError for what is damaged, incomplete
    or no such file, and FileError.
    """
    try:
        found = _import_layout(path, blobs) if path.is_dir() else _import_file(path, blobs)
        if not found:
            raise ImageFormatError("it has no images")
        images = dict.fromkeys(image for _, image in found)
        check_images(blobs, [each for image in images for each in images_of(blobs, image)])
        return _joined(found if with_names else [((), image) for _, image in found])
    except ImageFormatError as error:
        hint = error.hint or "make the file again, with `skopeo copy`, `docker save` or `cargo stow build --output`"
        raise ImageFormatError(f"{path} cannot be loaded: {error.message}", hint=hint) from error
    except OSError as error:
        raise FileError(f"cannot read {path}: {error.strerror or error}", hint="check the path") from error


def _import_file(path: Path, blobs: Blobs) -> Imported:
    with path.open("rb") as file:
        media_type = kind_of(file.peek(4))
        limit = LARGEST if media_type == LAYER else largest(os.fstat(file.fileno()).st_size)
        return import_archive(file, blobs, media_type=media_type, limit=limit)


def _import_layout(directory: Path, blobs: Blobs) -> Imported:
    """Copy what the index of a layout leads to. What is missing of it is found when all is there that is."""
    entries = read_entries(directory)
    todo, seen = list(entries), set[str]()
    while todo:
        each = todo.pop()
        if each.digest not in seen and _copy(directory, each, blobs):
            todo += children(blobs, each)
        seen.add(each.digest)
    return of_index(entries, blobs)


def _copy(directory: Path, blob: Descriptor, blobs: Blobs) -> bool:
    """Take a blob over, if the layout has it. Raises ImageFormatError for another than it should be."""
    with contextlib.suppress(FileNotFoundError), _opened(directory / "blobs" / blob.digest.replace(":", "/")) as file:
        blobs.add(read_chunks(file), blob)
        return True
    return False


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """A regular file. Whatever else has its name is not waited for."""
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise ImageFormatError(f"{path} is no file")
        with os.fdopen(fd, "rb", closefd=False) as file:
            yield file
    finally:
        os.close(fd)


def _joined(found: Imported) -> list[Loaded]:
    """Images, each once with all its names. Raises ImageFormatError for a name of several, or one that is none."""
    names: dict[Descriptor, list[str]] = {}
    for texts, image in found:
        names.setdefault(image, []).extend(texts)
    loaded = list(itertools.starmap(_loaded, names.items()))
    for name, times in Counter(name for each in loaded for name in each.names).items():
        if times > 1:
            raise ImageFormatError(f"it calls several images {name}")
    return loaded


def _loaded(image: Descriptor, texts: Iterable[str]) -> Loaded:
    """What has no colon and no slash is but a tag: so skopeo and buildkit call the images of a layout."""
    texts = dict.fromkeys(texts)
    whole = dict.fromkeys(text for text in texts if set(text) & set(":/@"))
    return Loaded(
        image=image,
        names=tuple(dict.fromkeys(_reference(text) for text in whole)),
        tags=tuple(text for text in texts if text not in whole),
    )


def _reference(text: str) -> ImageRef:
    try:
        return parse_reference(text).familiar.tagged
    except ValueError as error:
        raise ImageFormatError(
            f"it calls an image {text!r}: {error}", hint="call it otherwise: --name REFERENCE"
        ) from error
