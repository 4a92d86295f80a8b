"""Manifests, indexes and configurations of images, read as values.

Source: OCI image specification, "Image Manifest", "Image Index" and "Image Configuration"; Docker's image manifest,
version 2, schema 2, reads the same.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cargo_stow.errors import ImageFormatError
from cargo_stow.oci.descriptor import DOCKER_MANIFEST, INDEX, MANIFEST, MANIFESTS, Descriptor, read_descriptor
from cargo_stow.oci.documents import entries, parse_object, text
from cargo_stow.reference import DIGEST

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_DIGEST = re.compile(DIGEST)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """An image of one platform: its configuration and its layers, the lowest first."""

    config: Descriptor
    layers: tuple[Descriptor, ...]
    annotations: tuple[tuple[str, str], ...] = ()
    media_type: str = MANIFEST

    def as_json(self) -> dict[str, Any]:
        """The document that says so."""
        found: dict[str, Any] = {
            "schemaVersion": 2,
            "mediaType": self.media_type,
            "config": self.config.as_json(),
            "layers": [layer.as_json() for layer in self.layers],
        }
        if self.annotations:
            found["annotations"] = dict(self.annotations)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageConfig:
    """What an image runs on, how it runs, and the digests of its layers uncompressed, the lowest first.

    `created` is the text of a time (RFC 3339), empty where it is not said. `config` is the object of that name (`Env`,
    `User`, …) and `history` that array, as they stand: only their kinds were checked.
    """

    architecture: str
    os: str
    variant: str = ""
    created: str = ""
    config: Mapping[str, Any]
    diff_ids: tuple[str, ...]
    history: tuple[Mapping[str, Any], ...] = ()


def parse_manifest(data: bytes, where: str) -> Manifest:
    """Read a manifest; `where` says whose, for messages. Raises ImageFormatError."""
    found = parse_object(data, where)
    media_type = text(found, "mediaType", where) or MANIFEST
    # A document with both could be read as either, and be two images: CVE-2021-41190.
    if found.get("schemaVersion") != 2 or media_type not in MANIFESTS or "manifests" in found:  # noqa: PLR2004
        raise ImageFormatError(
            f"{where} is no manifest of an image",
            hint=f"expected {MANIFEST} or {DOCKER_MANIFEST}; images of Docker before 1.10 are not read",
        )
    return Manifest(
        config=read_descriptor(found.get("config"), where),
        layers=tuple(read_descriptor(each, where) for each in entries(found, "layers", where)),
        annotations=_annotations(found, where),
        media_type=media_type,
    )


def parse_index(data: bytes, where: str) -> tuple[Descriptor, ...]:
    """Read the entries of an index; `where` says whose, for messages. Raises ImageFormatError."""
    found = parse_object(data, where)
    if found.get("schemaVersion") != 2 or "layers" in found or "config" in found:  # noqa: PLR2004
        raise ImageFormatError(f"{where} is no index of images")
    return tuple(read_descriptor(each, where) for each in entries(found, "manifests", where))


def index_as_json(entries: Iterable[Descriptor], media_type: str = INDEX) -> dict[str, Any]:
    """The document of an index, or of Docker's manifest list."""
    return {"schemaVersion": 2, "mediaType": media_type, "manifests": [each.as_json() for each in entries]}


def parse_config(data: bytes, where: str) -> ImageConfig:
    """Read a configuration; `where` says whose, for messages. Raises ImageFormatError."""
    found = parse_object(data, where)
    config = found.get("config") or {}
    history = entries(found, "history", where)
    if not isinstance(config, dict) or not all(isinstance(each, dict) for each in history):
        raise ImageFormatError(f"{where} has a configuration or a history that is no object")
    return ImageConfig(
        architecture=text(found, "architecture", where),
        os=text(found, "os", where),
        variant=text(found, "variant", where),
        created=text(found, "created", where),
        config=config,
        diff_ids=_diff_ids(found.get("rootfs"), where),
        history=tuple(each for each in history if isinstance(each, dict)),
    )


def chain_ids(diff_ids: Iterable[str]) -> tuple[str, ...]:
    """Name what each layer makes of those below it. Source: OCI image specification, "Layer ChainID"."""
    found: list[str] = []
    for each in diff_ids:
        chain = f"sha256:{hashlib.sha256(f'{found[-1]} {each}'.encode()).hexdigest()}" if found else each
        found.append(chain)
    return tuple(found)


def _diff_ids(rootfs: object, where: str) -> tuple[str, ...]:
    if not isinstance(rootfs, dict) or rootfs.get("type") != "layers":
        raise ImageFormatError(f"{where} does not say what its layers are")
    found = tuple(each for each in entries(rootfs, "diff_ids", where) if isinstance(each, str))
    if len(found) != len(entries(rootfs, "diff_ids", where)) or not all(map(_DIGEST.fullmatch, found)):
        raise ImageFormatError(f"{where} has a layer without a digest that can be checked")
    return found


def _annotations(found: dict[str, Any], where: str) -> tuple[tuple[str, str], ...]:
    value = found.get("annotations") or {}
    if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
        raise ImageFormatError(f"{where} has annotations that are no texts")
    return tuple(sorted(value.items()))
