"""An image that is here becomes one in a registry; several of a repository become an index.

Source: OCI distribution specification, "Pushing"; OCI image specification, "OCI Image Index Specification".
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cargo_stow.errors import FileError, ImageFormatError
from cargo_stow.oci.descriptor import DOCKER_LIST, DOCKER_MANIFEST, INDEX, MANIFESTS, Descriptor
from cargo_stow.oci.documents import parse_object
from cargo_stow.oci.image import index_as_json, parse_manifest
from cargo_stow.oci.progress import Progress
from cargo_stow.oci.registry.manifests import at_digest
from cargo_stow.oci.registry.upload import short_name

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cargo_stow.oci.blobs import Blobs
    from cargo_stow.oci.registry.client import Registry
    from cargo_stow.reference import ImageRef

_PLATFORM = ("architecture", "os", "os.version", "variant")


def publish(  # noqa: PLR0917
    registry: Registry,
    names: Sequence[ImageRef],
    descriptor: Descriptor,
    blobs: Blobs,
    mount_from: Sequence[str],
    progress: Callable[[Progress], None],
) -> str:
    """Push an image of one platform under each of its names; returns its digest.

    `mount_from` are repositories of the names' registry that may have its layers. A blob need not be here if it is in
    the repository, or can be mounted; FileError otherwise. No name is given before all of its blobs are there.
    """
    data = blobs.read(descriptor)
    parts = _read_parts(data, descriptor)
    for name in _one_of_each_repository(names):
        push = _Push(registry=registry, name=name, blobs=blobs, mount_from=mount_from, progress=progress)
        for part in parts:
            push.run(part)
    for name in names:
        registry.put_manifest(replace(name.tagged, digest=None), data, descriptor.media_type)
    return descriptor.digest


def publish_index(registry: Registry, names: Sequence[ImageRef], digests: Sequence[str]) -> str:
    """Give names to an index of images that are in their repository already; returns its digest.

    Of images in Docker's form it is a manifest list, for registries that know no other. Raises ImageFormatError for a
    digest that is an index already, and ImageNotFoundError.
    """
    entries = [_describe(registry, names[0], digest) for digest in digests]
    kind = DOCKER_LIST if all(each.media_type == DOCKER_MANIFEST for each in entries) else INDEX
    data = json.dumps(index_as_json(entries, kind), separators=(",", ":")).encode()
    found = [registry.put_manifest(replace(name.tagged, digest=None), data, kind) for name in names]
    return found[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Push:
    """The way of blobs into one repository."""

    registry: Registry
    name: ImageRef
    blobs: Blobs
    mount_from: Sequence[str]
    progress: Callable[[Progress], None]

    def run(self, blob: Descriptor) -> None:
        if self.registry.has_blob(self.name, blob):
            self._tell(blob, "Layer already exists")
        elif self._is_mounted(blob):
            self._tell(blob, "Mounted")
        else:
            self._upload(blob)
            self._tell(blob, "Pushed")

    def _is_mounted(self, blob: Descriptor) -> bool:
        others = (source for source in self.mount_from if source != self.name.repository)
        return any(self.registry.mount(self.name, blob, source) for source in others)

    def _upload(self, blob: Descriptor) -> None:
        if not self.blobs.has(blob):
            raise FileError(
                f"{blob.digest}, a part of the image, is neither here nor in {self.name.registry}",
                hint="build the image again",
            )
        self.registry.upload(self.name, blob, lambda: self.blobs.open(blob), self.progress)

    def _tell(self, blob: Descriptor, status: str) -> None:
        self.progress(Progress(layer=short_name(blob), status=status))


def _one_of_each_repository(names: Sequence[ImageRef]) -> list[ImageRef]:
    return list({(name.registry, name.repository): name for name in reversed(names)}.values())[::-1]


def _read_parts(data: bytes, descriptor: Descriptor) -> list[Descriptor]:
    """Layers and configuration of a manifest, each once."""
    if descriptor.media_type not in MANIFESTS:
        raise ImageFormatError(f"{descriptor.digest} is no manifest of an image")
    manifest = parse_manifest(data, descriptor.digest)
    return list({part.digest: part for part in (*manifest.layers, manifest.config)}.values())


def _describe(registry: Registry, name: ImageRef, digest: str) -> Descriptor:
    """A manifest as an entry of an index, with the platform that the image's configuration names."""
    found, data = registry.fetch_manifest(name, digest)
    if found.media_type not in MANIFESTS:
        raise ImageFormatError(f"{digest} is an index already, and no image of one platform")
    config = registry.read_blob(at_digest(name, digest), parse_manifest(data, digest).config)
    said = parse_object(config, digest)
    platform = tuple((key, said[key]) for key in _PLATFORM if isinstance(said.get(key), str) and said[key])
    return replace(found, platform=platform)
