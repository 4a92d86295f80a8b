"""Images out of an archive, as it streams: an OCI archive, `docker save`'s, or one that is both.

Nothing is written under a name of the archive's: every member becomes a blob, by its digest. Source: as of `archive`.
"""

from __future__ import annotations

import posixpath
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cargo_stow.errors import ImageFormatError
from cargo_stow.oci.blobs import LARGEST_DOCUMENT, Blobs, read_chunks
from cargo_stow.oci.descriptor import CONFIG, LAYER, MANIFEST, Descriptor
from cargo_stow.oci.documents import as_bytes, entries, parse_array, parse_object, text
from cargo_stow.oci.entries import UNEXPECTED, read_entries
from cargo_stow.oci.graph import manifests
from cargo_stow.oci.image import Manifest, parse_config, parse_index
from cargo_stow.oci.layout import names_of
from cargo_stow.oci.rooted import split_name
from cargo_stow.oci.streams import LayerReader, decompressed, kind_of

if TYPE_CHECKING:
    import tarfile
    from collections.abc import Sequence
    from typing import BinaryIO

# Bytes that an archive may have, uncompressed.
LARGEST = 1 << 40
_MOST_MEMBERS = 100_000
_DOCUMENTS = ("manifest.json", "index.json", "oci-layout")
# What older versions of Docker had instead of manifest.json.
_IGNORED = ("json", "VERSION", "repositories")

Imported = list[tuple[tuple[str, ...], Descriptor]]


def import_archive(stream: BinaryIO, blobs: Blobs, *, media_type: str = LAYER, limit: int = LARGEST) -> Imported:
    """Read the images of an archive into `blobs`; returns the names of each, and its manifest or index.

    Images in Docker's form get a manifest. The archive is compressed as a layer of `media_type` is, and may have
    `limit` bytes. Raises ImageFormatError and FileError.
    """
    members = _Members(blobs)
    reader = LayerReader(decompressed(stream, media_type), "sha256", limit)
    try:
        for entry, tar in read_entries(reader):
            members.take(entry, tar)
    except UNEXPECTED as error:
        raise ImageFormatError(f"an archive of images cannot be read: {error}") from error
    if "index.json" in members.documents and "oci-layout" in members.documents:
        return of_index(parse_index(members.documents["index.json"], "index.json"), blobs)
    if "manifest.json" in members.documents:
        return [
            _of_docker(each, members, blobs)
            for each in parse_array(members.documents["manifest.json"], "manifest.json")
        ]
    raise ImageFormatError(
        "an archive has no images: neither index.json nor manifest.json is in it",
        hint="make one with `docker save`, `skopeo copy … oci-archive:FILE` or `docker buildx build --output type=oci`",
    )


def of_index(entries: Sequence[Descriptor], blobs: Blobs) -> Imported:
    """The images of a layout's index, each with the names of one entry. Raises ImageFormatError for a part of one."""
    images = {each.digest: replace(each, annotations=()) for each in entries}
    for image in images.values():
        manifests(blobs, image)
    return [(names_of(each), images[each.digest]) for each in entries]


class _Members:
    """What was in an archive: documents by name, blobs by name, and links to them."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self.documents: dict[str, bytes] = {}
        self._files: dict[str, Descriptor] = {}
        self._links: dict[str, str] = {}

    def take(self, entry: tarfile.TarInfo, tar: tarfile.TarFile) -> None:
        """Keep a member. Raises ImageFormatError for what has no place in an archive."""
        name = "/".join(split_name(entry.name))
        if name in self._files or name in self._links or name in self.documents:
            raise ImageFormatError(f"an archive has {name!r} twice")
        if len(self._files) + len(self._links) > _MOST_MEMBERS:
            raise ImageFormatError("an archive has too many members")
        if entry.isreg() and not entry.issparse():
            self._keep(name, entry, tar)
        elif entry.issym():
            self._links[name] = posixpath.normpath(posixpath.join(posixpath.dirname(name), entry.linkname))
        elif entry.islnk():
            self._links[name] = "/".join(split_name(entry.linkname))
        elif not entry.isdir():
            raise ImageFormatError(f"an archive has something that is no file: {name!r}")

    def file(self, name: object) -> Descriptor:
        """The blob of a member's name. Raises ImageFormatError."""
        found = posixpath.normpath(name) if isinstance(name, str) else ""
        # Docker writes a layer that comes twice as a link to the first.
        found = self._links.get(found, found)
        if found not in self._files:
            raise ImageFormatError(f"an archive names {name!r}, which is not in it")
        return self._files[found]

    def _keep(self, name: str, entry: tarfile.TarInfo, tar: tarfile.TarFile) -> None:
        source = tar.extractfile(entry)
        if source is None:
            raise ImageFormatError(f"an archive has a file without contents: {name!r}")
        if name in _DOCUMENTS:
            self.documents[name] = source.read(LARGEST_DOCUMENT + 1)
            if len(self.documents[name]) > LARGEST_DOCUMENT:
                raise ImageFormatError(f"an archive has a {name} that is too long")
            return
        chunks = read_chunks(source)  # type: ignore[arg-type]
        if posixpath.basename(name) in _IGNORED:
            for _ in chunks:
                pass
            return
        self._files[name] = self._blobs.add(chunks, _expected(name, entry.size), media_type="")


def _expected(name: str, size: int) -> Descriptor | None:
    """What a blob of a layout must be, by its name."""
    parts = name.split("/")
    if parts[0] != "blobs" or len(parts) != 3:  # noqa: PLR2004 - blobs, algorithm, digest
        return None
    if parts[1] not in ("sha256", "sha512"):
        raise ImageFormatError(f"an archive has a blob whose digest cannot be checked: {name!r}")
    return Descriptor(media_type="", digest=f"{parts[1]}:{parts[2]}", size=size)


def _of_docker(value: object, members: _Members, blobs: Blobs) -> tuple[tuple[str, ...], Descriptor]:
    found: dict[str, Any] = parse_object(as_bytes(value), "an entry of manifest.json")
    config = members.file(text(found, "Config", "manifest.json"))
    where = f"the configuration {config.digest}"
    diff_ids = parse_config(blobs.read(config), where).diff_ids
    layers = [_layer(members.file(each), blobs) for each in entries(found, "Layers", "manifest.json")]
    if len(layers) != len(diff_ids):
        raise ImageFormatError(f"{where} says {len(diff_ids)} layers, and the archive has {len(layers)}")
    for layer, diff_id in zip(layers, diff_ids, strict=True):
        if layer.media_type == LAYER and layer.digest != diff_id:
            raise ImageFormatError(f"a layer that should be {diff_id} is {layer.digest}")
    manifest = Manifest(config=_typed(config, CONFIG), layers=tuple(layers))
    names = tuple(str(each) for each in entries(found, "RepoTags", "manifest.json"))
    return names, blobs.put(as_bytes(manifest.as_json()), MANIFEST)


def _layer(descriptor: Descriptor, blobs: Blobs) -> Descriptor:
    with blobs.open(descriptor) as file:
        return _typed(descriptor, kind_of(file.read(4)))


def _typed(descriptor: Descriptor, media_type: str) -> Descriptor:
    return Descriptor(media_type=media_type, digest=descriptor.digest, size=descriptor.size)
