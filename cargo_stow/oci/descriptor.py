"""Descriptors, and the names of what they describe.

Source: OCI image specification, "OCI Content Descriptors" and "OCI Image Media Types"; Docker's image manifest,
version 2, schema 2, whose types mean the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cargo_stow.errors import ImageFormatError

if TYPE_CHECKING:
    from collections.abc import Mapping

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
LAYER_GZIP = "application/vnd.oci.image.layer.v1.tar+gzip"
LAYER_ZSTD = "application/vnd.oci.image.layer.v1.tar+zstd"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
MANIFESTS = frozenset({MANIFEST, DOCKER_MANIFEST})
INDEXES = frozenset({INDEX, DOCKER_LIST})

# The specification's int64.
_LARGEST = (1 << 63) - 1
_DIGEST = re.compile(r"sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Descriptor:
    """What is known of a blob before it is read: its media type, its digest and its size in bytes.

    `platform` is the object of that name in an entry of an index, as (name, value) pairs; `annotations` likewise.
    """

    media_type: str
    digest: str
    size: int
    annotations: tuple[tuple[str, str], ...] = ()
    platform: tuple[tuple[str, str], ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The object that stands for it in a manifest or an index."""
        found: dict[str, Any] = {"mediaType": self.media_type, "digest": self.digest, "size": self.size}
        if self.annotations:
            found["annotations"] = dict(self.annotations)
        if self.platform:
            found["platform"] = dict(self.platform)
        return found


def read_descriptor(value: object, where: str) -> Descriptor:
    """Read the object of a descriptor; `where` says what it is a part of. Raises ImageFormatError."""
    if not isinstance(value, dict):
        raise ImageFormatError(f"{where} has a descriptor that is no object")
    media_type, digest, size = value.get("mediaType"), value.get("digest"), value.get("size")
    if not isinstance(media_type, str) or not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
        raise ImageFormatError(f"{where} has a descriptor without a media type or a digest that can be checked")
    if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size <= _LARGEST:
        raise ImageFormatError(f"{where} gives no size of {digest}")
    return Descriptor(
        media_type=media_type,
        digest=digest,
        size=size,
        annotations=_texts(value.get("annotations")),
        platform=_texts(value.get("platform")),
    )


def _texts(value: object) -> tuple[tuple[str, str], ...]:
    """The texts of an object; what is no text (`os.features`) matters to nobody here."""
    found: Mapping[object, object] = value if isinstance(value, dict) else {}
    return tuple((str(name), text) for name, text in sorted(found.items()) if isinstance(text, str))
