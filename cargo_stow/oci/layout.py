"""Images in a directory: an OCI image layout, written and read.

Source: OCI image specification, "OCI Image Layout Specification"; the annotations are those that buildkit, containerd
and skopeo write and read.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
from dataclasses import replace
from typing import TYPE_CHECKING

from cargo_stow.errors import FileError, ImageFormatError, ImageNotFoundError
from cargo_stow.files import read_bytes
from cargo_stow.oci.blobs import LARGEST_DOCUMENT, Blobs
from cargo_stow.oci.documents import as_bytes, parse_object
from cargo_stow.oci.graph import reachable
from cargo_stow.oci.image import index_as_json, parse_index
from cargo_stow.oci.replacing import replacing_directory

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cargo_stow.oci.descriptor import Descriptor
    from cargo_stow.reference import ImageRef

    Images = Sequence[tuple[ImageRef | None, Descriptor]]

VERSION = b'{"imageLayoutVersion":"1.0.0"}'
TAG = "org.opencontainers.image.ref.name"
NAME = "io.containerd.image.name"


def write_layout(directory: Path, blobs: Blobs, images: Images) -> None:
    """Write images, with all they consist of, as the layout `directory`.

    An old layout there is replaced in one step; a directory that is none is left alone. Blobs are linked where that
    is possible, so nobody may write into them. Raises FileError and ImageFormatError.
    """
    _check_replaceable(directory)
    with replacing_directory(directory) as new:
        for each in reachable(blobs, [descriptor for _, descriptor in images]).values():
            _copy(blobs.path(each.digest), Blobs(new / "blobs").path(each.digest))
        (new / "index.json").write_bytes(index_of(images))
        (new / "oci-layout").write_bytes(VERSION)


def load_layout(directory: Path, name: str | None) -> tuple[Descriptor, Blobs]:
    """Find an image of a layout, by its tag or its whole name; None is the only one there is.

    Documents are verified when they are read, layers when they are unpacked. Raises ImageNotFoundError with the names
    there are, ImageFormatError and FileError.
    """
    entries = read_entries(directory)
    found = [each for each in entries if name is None or name in names_of(each)]
    if len(found) != 1:
        known = ", ".join(sorted({text for each in entries for text in names_of(each)})) or "none with a name"
        raise ImageNotFoundError(f"{directory} has {len(found)} images {name or ''}".rstrip(), hint=f"it has: {known}")
    return replace(found[0], annotations=()), Blobs(directory / "blobs")


def read_entries(directory: Path) -> tuple[Descriptor, ...]:
    """The entries of a layout's index. Raises ImageFormatError and FileError."""
    version = parse_object(_read(directory / "oci-layout"), f"{directory / 'oci-layout'}")
    if not str(version.get("imageLayoutVersion")).startswith("1."):
        raise ImageFormatError(f"{directory} is a layout of a version that is not known")
    return parse_index(_read(directory / "index.json"), f"{directory / 'index.json'}")


def index_of(images: Images) -> bytes:
    """The index of a layout."""
    return as_bytes(index_as_json(named(descriptor, name) for name, descriptor in images))


def names_of(entry: Descriptor) -> tuple[str, ...]:
    """What an entry of a layout's index is called, the whole name first."""
    found = dict(entry.annotations)
    return tuple(dict.fromkeys(found[key] for key in (NAME, TAG) if key in found))


def named(descriptor: Descriptor, name: ImageRef | None) -> Descriptor:
    """An entry of a layout's index, with the annotations that say its name.

    As several images can be in a layout, the whole reference is the one to tell them apart: `oci:PATH:REFERENCE`.
    """
    if name is None:
        return descriptor
    called = {NAME: f"{name.registry}/{name.repository}{name.tagged.suffix}", TAG: str(name.tagged)}
    return replace(descriptor, annotations=tuple(sorted((dict(descriptor.annotations) | called).items())))


def _check_replaceable(directory: Path) -> None:
    if directory.is_symlink() or (directory.exists() and not directory.is_dir()):
        raise FileError(f"{directory} is no directory", hint="name another, or remove it")
    if directory.is_dir() and any(directory.iterdir()) and not (directory / "oci-layout").is_file():
        raise FileError(f"{directory} has files, and is no image layout", hint="name another directory, or remove it")


def link_blob(source: Path, target: Path) -> bool:
    """Give a blob another name, and take the mode away to write into it: False where there can be no such link."""
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        return False
    # Others may own it, or the disk know no modes.
    with contextlib.suppress(OSError):
        target.chmod(stat.S_IMODE(target.stat().st_mode) & ~0o222)
    return True


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if not link_blob(source, target):
        shutil.copyfile(source, target)


def _read(path: Path) -> bytes:
    try:
        return read_bytes(path, limit=LARGEST_DOCUMENT)
    except OSError as error:
        raise FileError(
            f"cannot read {path}: {error.strerror or error}", hint="name a directory with an OCI image layout"
        ) from error
