"""What is in a store: each entry with its size and when it was last used. Reads only."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cargo_stow.backends.youki.assembly import image_note
from cargo_stow.backends.youki.images import Images
from cargo_stow.errors import StowError
from cargo_stow.oci.graph import reachable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from cargo_stow.backends.youki.store import Store
    from cargo_stow.oci.descriptor import Descriptor

IMAGE, BASE, LAYER, CACHE, BLOB = KINDS = ("image", "base", "layer", "cache", "blob")
_DIRECTORIES = {"bases": BASE, "layers": LAYER, "caches": CACHE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing in a store. `size` is in bytes, that of an image is with its blobs; `used` in seconds since 1970.

    `name` is the file's, or of an image what the index calls it. One that is `needed` belongs to an image that has a
    name which somebody gave it.
    """

    kind: str
    name: str
    size: int
    used: float
    needed: bool = False


def list_entries(store: Store) -> list[Entry]:
    """Return all that is in a store, but for what is being made. Raises FileError."""
    images = list(_images(store))
    return [
        *(entry for entry, _ in images),
        *(entry for directory, kind in _DIRECTORIES.items() for entry in _directories(store, directory, kind)),
        *_blobs(store, images),
    ]


def is_given(name: str) -> bool:
    """Whether somebody gave an image that name; every image that was built or fetched has its digest for one, too."""
    return not name.startswith("sha256:")


def _images(store: Store) -> Iterator[tuple[Entry, Mapping[str, Descriptor]]]:
    """Yield each image with its blobs; one that is damaged has none that are known."""
    for name, image in sorted(Images(store.directory).names().items()):
        parts: Mapping[str, Descriptor] = {image.digest: image}
        with contextlib.suppress(StowError):
            parts = reachable(store.blobs, [image])
        used = max(_used(store.note(image_note(image))), _used(store.blobs.path(image.digest)))
        size = sum(each.size for each in parts.values())
        yield Entry(kind=IMAGE, name=name, size=size, used=used, needed=is_given(name)), parts


def _directories(store: Store, directory: str, kind: str) -> Iterator[Entry]:
    for path in _children(store.directory / directory):
        if path.is_dir():
            yield Entry(kind=kind, name=path.name, size=size_of(path), used=_used(path))


def _blobs(store: Store, images: list[tuple[Entry, Mapping[str, Descriptor]]]) -> Iterator[Entry]:
    """Yield blobs; one of an image is used when the image is."""
    needed = {digest for entry, parts in images if entry.needed for digest in parts}
    used: dict[str, float] = {}
    for entry, parts in images:
        used.update({digest: max(entry.used, used.get(digest, 0)) for digest in parts})
    for algorithm in _children(store.blobs.directory):
        for path in _children(algorithm):
            digest = f"{algorithm.name}:{path.name}"
            last = max(_used(path), used.get(digest, 0))
            yield Entry(kind=BLOB, name=digest, size=size_of(path), used=last, needed=digest in needed)


def size_of(path: Path) -> int:
    """Return the bytes of a file, or of all in a directory; a file that has several names counts once."""
    found: dict[tuple[int, int], int] = {}
    for parent, _, names in os.walk(path):
        for name in names:
            with contextlib.suppress(OSError):
                status = os.lstat(f"{parent}/{name}")
                found[status.st_dev, status.st_ino] = status.st_size
    with contextlib.suppress(OSError):
        return sum(found.values()) if path.is_dir() else path.lstat().st_size
    return 0


def _used(path: Path) -> float:
    with contextlib.suppress(OSError):
        return path.lstat().st_mtime
    return 0


def _children(path: Path) -> list[Path]:
    """What is in a directory, if it is one; blobs that are being written begin with a dot."""
    with contextlib.suppress(OSError):
        return sorted(each for each in path.iterdir() if not each.name.startswith("."))
    return []
