"""The images that stages begin with: their documents, and their file systems in the store."""

from __future__ import annotations

import datetime
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cargo_stow.backends.programs import PATHS, read_facts
from cargo_stow.backends.youki.image_config import environment_of
from cargo_stow.backends.youki.rootfs import Rootfs
from cargo_stow.backends.youki.store import touch
from cargo_stow.errors import ImageFormatError
from cargo_stow.oci.documents import parse_object
from cargo_stow.oci.image import chain_ids, parse_config, parse_manifest
from cargo_stow.oci.unpack import unpack_layer
from cargo_stow.sandbox.rights import read_ids
from cargo_stow.sandbox.rooted import resolve

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cargo_stow.backends.youki.store import Store
    from cargo_stow.families import BaseFacts
    from cargo_stow.oci.blobs import Blobs
    from cargo_stow.oci.descriptor import Descriptor


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """An image of the store that a stage begins with, as its documents say it."""

    layers: tuple[Descriptor, ...]
    diff_ids: tuple[str, ...]
    document: Mapping[str, Any]

    @property
    def config(self) -> Mapping[str, Any]:
        return self.document.get("config") or {}

    @property
    def created(self) -> int:
        """When it was made, in seconds since 1970; 0 if it does not say."""
        text = str(self.document.get("created") or "1970-01-01T00:00:00Z")
        try:
            return int(datetime.datetime.fromisoformat(f"{text[:19]}+00:00").timestamp())
        except ValueError:
            return 0


def load_base(blobs: Blobs, manifest: Descriptor) -> Base:
    """Read an image's documents. Raises ImageFormatError, also for an image that has no files."""
    parsed = parse_manifest(blobs.read(manifest), manifest.digest)
    data = blobs.read(parsed.config)
    config = parse_config(data, parsed.config.digest)
    if not config.diff_ids or len(config.diff_ids) != len(parsed.layers):
        raise ImageFormatError(
            f"nothing can be built on {manifest.digest}: it has {len(parsed.layers)} layers,"
            f" and its configuration {len(config.diff_ids)}",
            hint="take another base_image or toolchain",
        )
    return Base(layers=parsed.layers, diff_ids=config.diff_ids, document=parse_object(data, parsed.config.digest))


def is_unpacked(store: Store, base: Base) -> bool:
    """Whether the file system of an image is in the store."""
    return _place(store, base).is_dir()


def unpack(store: Store, base: Base) -> Path:
    """Return the file system of an image, unpacked where it is not yet. Raises ImageFormatError."""
    place = _place(store, base)
    if not is_unpacked(store, base):
        with store.scratch() as directory:
            root = directory / "root"
            root.mkdir(mode=0o755)
            for layer, diff_id in zip(base.layers, base.diff_ids, strict=True):
                _apply(store, layer, diff_id, root)
            store.adopt(root, place)
    touch(place)
    return place


def _place(store: Store, base: Base) -> Path:
    return store.base(chain_ids(base.diff_ids)[-1])


def _apply(store: Store, layer: Descriptor, diff_id: str, root: Path) -> None:
    try:
        with store.blobs.open(layer) as file:
            unpack_layer(file, layer, diff_id, root)
    except ImageFormatError as error:
        path = store.blobs.path(layer.digest)
        raise ImageFormatError(
            f"the layer {path} cannot be unpacked: {error.message}",
            hint=f"if it came to harm on this disk: `rm {shlex.quote(str(path))}`, and build again",
            detail=error.detail,
        ) from error


def make_rootfs(store: Store, base: Base, manifest: Descriptor) -> Rootfs:
    """Return the file system that a stage begins with, unpacked where it is not yet. Raises ImageFormatError."""
    environment, directory = environment_of(base.config), str(base.config.get("WorkingDir") or "/")
    return Rootfs(key=manifest.digest, layers=(unpack(store, base),), environment=environment, directory=directory)


def look_into(store: Store, manifest: Descriptor) -> BaseFacts:
    """Say what an image is, from its files; links are followed inside of it. Raises ImageFormatError."""
    store.claim(read_ids())
    root = unpack(store, load_base(store.blobs, manifest))
    return read_facts(lambda name: [resolve(root, path) for path in PATHS if path.endswith(f"/{name}")])
