"""Images as one file: an OCI archive, or one that `docker load` reads. The same images make the same bytes.

Source: OCI image specification, "OCI Image Layout Specification"; for Docker's, moby's `image/spec/v1.2.md`, "Combined
Image JSON + Filesystem Changeset Format". Reading them is for `imports`.
"""

from __future__ import annotations

import io
import tarfile
from typing import TYPE_CHECKING

from cargo_stow.oci.descriptor import LAYER
from cargo_stow.oci.documents import as_bytes
from cargo_stow.oci.graph import reachable
from cargo_stow.oci.image import parse_manifest
from cargo_stow.oci.layout import VERSION, index_of
from cargo_stow.oci.replacing import replacing_file
from cargo_stow.oci.streams import decompressed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import BinaryIO

    from cargo_stow.oci.blobs import Blobs
    from cargo_stow.oci.descriptor import Descriptor
    from cargo_stow.oci.layout import Images
    from cargo_stow.reference import ImageRef


def write_oci_archive(path: Path, blobs: Blobs, images: Images) -> None:
    """Write images, with all they consist of, as an image layout in a tar. Raises FileError and ImageFormatError."""
    parts = reachable(blobs, [descriptor for _, descriptor in images])
    with replacing_file(path) as file, tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for digest, each in parts.items():
            _add_blob(tar, f"blobs/{digest.replace(':', '/')}", blobs, each)
        _add_bytes(tar, "index.json", index_of(images))
        _add_bytes(tar, "oci-layout", VERSION)


def write_docker_archive(path: Path, blobs: Blobs, descriptor: Descriptor, names: Sequence[ImageRef]) -> None:
    """Write the image of a manifest as `docker load` (20.10 and newer) and skopeo read it.

    Layers with gzip stay as they are; those with zstd, which Docker 20.10 cannot read, are decompressed. Raises
    FileError and ImageFormatError.
    """
    manifest = parse_manifest(blobs.read(descriptor), descriptor.digest)
    layers = [_loadable(blobs, layer) for layer in manifest.layers]
    members = {_member(layer): layer for layer in layers} | {_member(manifest.config, ".json"): manifest.config}
    document = {
        "Config": _member(manifest.config, ".json"),
        "RepoTags": [str(name.tagged) for name in names],
        "Layers": [_member(layer) for layer in layers],
    }
    with replacing_file(path) as file, tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, each in sorted(members.items()):
            _add_blob(tar, name, blobs, each)
        _add_bytes(tar, "manifest.json", as_bytes([document]))


def _loadable(blobs: Blobs, layer: Descriptor) -> Descriptor:
    if not layer.media_type.endswith("zstd"):
        return layer
    with blobs.open(layer) as file:
        return blobs.add(decompressed(file, layer.media_type), media_type=LAYER)


def _member(descriptor: Descriptor, suffix: str = ".tar") -> str:
    return descriptor.digest.partition(":")[2] + suffix


def _add_blob(tar: tarfile.TarFile, name: str, blobs: Blobs, descriptor: Descriptor) -> None:
    with blobs.open(descriptor) as file:
        _add(tar, name, file, descriptor.size)


def _add_bytes(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    _add(tar, name, io.BytesIO(data), len(data))


def _add(tar: tarfile.TarFile, name: str, file: BinaryIO, size: int) -> None:
    """Add a file of nobody's, without a time. Raises OSError where it is too short."""
    entry = tarfile.TarInfo(name)
    entry.size = size
    tar.addfile(entry, file)
