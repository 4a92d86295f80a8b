"""Images out of files of any form, with the names that those who write them give."""

from __future__ import annotations

import gzip
import json
import os
from typing import TYPE_CHECKING, Any, BinaryIO

import pytest
import zstandard

from cargo_stow.errors import FileError, ImageFormatError
from cargo_stow.oci import verifying
from cargo_stow.oci.archive import write_docker_archive, write_oci_archive
from cargo_stow.oci.blobs import Blobs
from cargo_stow.oci.descriptor import CONFIG, INDEX, LAYER, LAYER_GZIP, MANIFEST, Descriptor
from cargo_stow.oci.documents import as_bytes
from cargo_stow.oci.graph import reachable
from cargo_stow.oci.image import Manifest, parse_manifest
from cargo_stow.oci.layout import NAME, TAG, write_layout
from cargo_stow.oci.loading import Loaded, read_images
from cargo_stow.oci.streams import decompressed
from cargo_stow.reference import parse_reference
from tests.oci.layers import archive, describe, digest, entry
from tests.oci.test_layout import KINDS, TAR, WEB, make_image, user

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path / "written")


@pytest.fixture
def new(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path / "new")


def write(path: Path, form: str, blobs: Blobs, image: Descriptor) -> Path:
    if form == "docker-archive":
        write_docker_archive(path, blobs, image, [WEB])
    else:
        (write_layout if form == "oci-layout" else write_oci_archive)(path, blobs, [(WEB, image)])
    return path


@pytest.mark.parametrize("form", ["oci-layout", "oci-archive", "docker-archive"])
def test_each_form(tmp_path: Path, blobs: Blobs, new: Blobs, form: str) -> None:
    image = make_image(blobs, LAYER_GZIP, LAYER)
    [loaded] = read_images(write(tmp_path / "file", form, blobs, image), new)
    assert loaded.names == (WEB,)
    assert user(new, loaded.image) == "7"
    assert loaded.image.digest == image.digest


@pytest.mark.parametrize("compress", [gzip.compress, zstandard.compress])
@pytest.mark.parametrize("form", ["oci-archive", "docker-archive"])
def test_archives_may_be_compressed(
    tmp_path: Path, blobs: Blobs, new: Blobs, form: str, compress: Callable[[bytes], bytes]
) -> None:
    path = write(tmp_path / "file", form, blobs, make_image(blobs, LAYER))
    path.write_bytes(compress(path.read_bytes()))
    [loaded] = read_images(path, new)
    assert user(new, loaded.image) == "7"


def put_layout(path: Path, blobs: Blobs, *entries: Descriptor) -> Path:
    """A layout that has all blobs there are, with an index of these entries."""
    path.mkdir()
    (path / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    blobs.directory.rename(path / "blobs")
    index = {"schemaVersion": 2, "manifests": [each.as_json() for each in entries]}
    (path / "index.json").write_text(json.dumps(index))
    return path


def called(image: Descriptor, **annotations: str) -> Descriptor:
    keys = {"name": NAME, "tag": TAG}
    found = tuple((keys[key], value) for key, value in annotations.items())
    return Descriptor(media_type=image.media_type, digest=image.digest, size=image.size, annotations=found)


@pytest.mark.parametrize(
    ("annotations", "names", "tags"),
    [
        ({}, [], ()),
        ({"tag": "bookworm"}, [], ("bookworm",)),
        ({"tag": "debian:bookworm"}, ["debian:bookworm"], ()),
        ({"tag": "registry.example.org/web"}, ["registry.example.org/web:latest"], ()),
        ({"name": "docker.io/library/debian:12", "tag": "12"}, ["debian:12"], ("12",)),
        ({"name": "docker.io/library/debian:12", "tag": "docker.io/library/debian:12"}, ["debian:12"], ()),
    ],
)
def test_names_as_tools_write_them(
    tmp_path: Path, blobs: Blobs, annotations: dict[str, str], names: list[str], tags: tuple[str, ...]
) -> None:
    path = put_layout(tmp_path / "file", blobs, called(make_image(blobs, LAYER), **annotations))
    [loaded] = read_images(path, Blobs(tmp_path / "new"))
    assert (list(map(str, loaded.names)), loaded.tags) == (names, tags)


def test_an_image_with_several_names_is_one(tmp_path: Path, blobs: Blobs, new: Blobs) -> None:
    image, other = make_image(blobs, LAYER), make_image(blobs, LAYER, user="8")
    debian = parse_reference("debian:12")
    write_layout(tmp_path / "file", blobs, [(WEB, image), (debian, other), (debian.familiar, other)])
    assert [each.names for each in read_images(tmp_path / "file", new)] == [(WEB,), (debian,)]


def test_very_many_names(tmp_path: Path, blobs: Blobs, new: Blobs) -> None:
    image = make_image(blobs, LAYER)
    named = [called(image, name=f"web:{number}", tag=f"t{number}") for number in range(20_000)]
    [loaded] = read_images(put_layout(tmp_path / "file", blobs, *named), new)
    assert (len(loaded.names), len(loaded.tags)) == (20_000, 20_000)


def test_a_layer_of_several_images_is_read_once(
    tmp_path: Path, blobs: Blobs, new: Blobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []

    def note(file: BinaryIO, kind: str) -> Iterator[bytes]:
        read.append(kind)
        return decompressed(file, kind)

    monkeypatch.setattr(verifying, "decompressed", note)
    images = [make_image(blobs, LAYER_GZIP, user=name) for name in "789"]
    assert len(read_images(put_layout(tmp_path / "file", blobs, *images, *images), new)) == 3
    assert read == [LAYER_GZIP]


def test_one_name_of_several_images(tmp_path: Path, blobs: Blobs, new: Blobs) -> None:
    image, other = make_image(blobs, LAYER), make_image(blobs, LAYER, user="8")
    write_layout(tmp_path / "file", blobs, [(WEB, image), (WEB, other)])
    with pytest.raises(ImageFormatError, match="several images registry"):
        read_images(tmp_path / "file", new)
    assert [each.names for each in read_images(tmp_path / "file", new, with_names=False)] == [(), ()]


def test_a_name_that_is_none(tmp_path: Path, blobs: Blobs, new: Blobs) -> None:
    path = put_layout(tmp_path / "file", blobs, called(make_image(blobs, LAYER), tag="a b/../c"))
    with pytest.raises(ImageFormatError, match=r"'a b/\.\./c'.*white space") as caught:
        read_images(path, new)
    assert "--name" in caught.value.hint


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
@pytest.mark.parametrize("place", ["docker.io/library/", "index.docker.io/", "library/"])
def test_a_name_that_is_an_id(tmp_path: Path, blobs: Blobs, new: Blobs, algorithm: str, place: str) -> None:
    """In the store, it would stand for the image that has this ID, which a lock may name."""
    name = f"{place}{algorithm}:{'1' * (64 if algorithm == 'sha256' else 128)}"
    path = put_layout(tmp_path / "file", blobs, called(make_image(blobs, LAYER), name=name))
    assert "an image ID" in refused(path, new)


def make_index(blobs: Blobs, *images: Descriptor) -> Descriptor:
    kinds = ("amd64", "arm64", "s390x")
    entries = [
        {**each.as_json(), "platform": {"os": "linux", "architecture": kind}}
        for each, kind in zip(images, kinds, strict=False)
    ]
    return blobs.put(as_bytes({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}), INDEX)


@pytest.mark.parametrize("form", ["oci-layout", "oci-archive"])
def test_an_index_stays_with_what_it_has(tmp_path: Path, blobs: Blobs, new: Blobs, form: str) -> None:
    """Engines save an index of which they have one platform."""
    here, absent = make_image(blobs, LAYER), describe(b"absent", MANIFEST)
    index = make_index(blobs, here, absent)
    [loaded] = read_images(write(tmp_path / "file", form, blobs, index), new)
    assert loaded == Loaded(image=index, names=(WEB,))
    assert reachable(new, [index]).keys() >= {index.digest, here.digest, digest(TAR)}
    assert absent.digest not in reachable(new, [index])


def refused(path: Path, new: Blobs) -> str:
    with pytest.raises(ImageFormatError, match=f"^{path} cannot be loaded: ") as caught:
        read_images(path, new)
    return caught.value.message


def test_an_index_without_images(tmp_path: Path, blobs: Blobs, new: Blobs) -> None:
    path = put_layout(tmp_path / "file", blobs, make_index(blobs, describe(b"absent", MANIFEST)))
    assert "none of which is here" in refused(path, new)


@pytest.mark.parametrize("part", [LAYER_GZIP, CONFIG, MANIFEST, INDEX])
@pytest.mark.parametrize("damage", ["missing", "longer", "shorter", "other", "pipe", "directory"])
def test_a_layout_that_is_damaged(tmp_path: Path, blobs: Blobs, new: Blobs, part: str, damage: str) -> None:
    image = make_image(blobs, LAYER_GZIP)
    config = parse_manifest(blobs.read(image), "it").config.digest
    index = make_index(blobs, image)
    which = {LAYER_GZIP: digest(KINDS[LAYER_GZIP]), CONFIG: config, MANIFEST: image.digest, INDEX: index.digest}[part]
    path = put_layout(tmp_path / "file", blobs, called(index, name=str(WEB)))
    blob = path / "blobs" / which.replace(":", "/")
    data = blob.read_bytes()
    blob.unlink()
    if damage == "pipe":
        os.mkfifo(blob)
    elif damage == "directory":
        blob.mkdir()
    elif damage != "missing":
        blob.write_bytes(
            {"longer": data + b"x", "shorter": data[:-1], "other": data[:-1] + bytes([data[-1] ^ 1])}[damage]
        )
    refused(path, new)


def test_a_layout_whose_blobs_are_links_out_of_it(tmp_path: Path, blobs: Blobs, new: Blobs) -> None:
    """They are read as what they should be, so nothing else can come of them."""
    path = put_layout(tmp_path / "file", blobs, make_image(blobs, LAYER))
    blob = path / "blobs" / digest(TAR).replace(":", "/")
    blob.unlink()
    blob.symlink_to("/etc/passwd")
    refused(path, new)


def test_a_digest_that_is_a_path(tmp_path: Path, new: Blobs) -> None:
    path = tmp_path / "file"
    path.mkdir()
    (path / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    wrong: dict[str, Any] = {"mediaType": MANIFEST, "digest": "sha256:../../../secret", "size": 1}
    (path / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [wrong]}))
    assert "a digest that can be checked" in refused(path, new)


def test_archives_that_were_cut_off(tmp_path: Path, blobs: Blobs) -> None:
    """Wherever: they are refused, or only padding is missing."""
    number = 0
    for form in ("oci-archive", "docker-archive"):
        path = write(tmp_path / "file", form, blobs, make_image(blobs, LAYER_GZIP))
        whole = path.read_bytes()
        for compress in (bytes, gzip.compress, zstandard.compress):
            data = compress(whole)
            for length in range(0, len(data), len(data) // 40):
                path.write_bytes(data[:length])
                new = Blobs(tmp_path / "new" / f"{length}.{len(data)}")
                try:
                    [loaded] = read_images(path, new)
                except ImageFormatError:
                    number += 1
                else:
                    assert user(new, loaded.image) == "7"
    assert number > 100


def test_a_bomb(tmp_path: Path, blobs: Blobs, new: Blobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifying, "_LEAST", 1 << 20)
    path = tmp_path / "file"
    path.write_bytes(gzip.compress(archive((entry("blob"), bytes(64 << 20)))))
    assert "more bytes than may be unpacked" in refused(path, new)
    assert not [each for each in new.directory.rglob("*") if each.is_file()]


def test_a_layer_that_is_a_bomb(tmp_path: Path, blobs: Blobs, new: Blobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifying, "_LEAST", 1 << 20)
    data = bytes(16 << 20)
    layer = blobs.put(gzip.compress(data), LAYER_GZIP)
    refused(put_layout(tmp_path / "file", blobs, put_manifest(blobs, layer, digest(data))), new)


def put_manifest(blobs: Blobs, layer: Descriptor, diff_id: str) -> Descriptor:
    config = {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": [diff_id]}}
    manifest = Manifest(config=blobs.put(as_bytes(config), CONFIG), layers=(layer,))
    return blobs.put(as_bytes(manifest.as_json()), MANIFEST)


@pytest.mark.parametrize("kind", [LAYER, LAYER_GZIP])
def test_a_layer_of_another_configuration(tmp_path: Path, blobs: Blobs, new: Blobs, kind: str) -> None:
    """Else it could be built on where that configuration's own layers are unpacked already."""
    layer = blobs.put(KINDS[kind], kind)
    path = put_layout(tmp_path / "file", blobs, put_manifest(blobs, layer, digest(b"another")))
    assert f"should unpack to {digest(b'another')}" in refused(path, new)


def test_nothing_but_attestations(tmp_path: Path, blobs: Blobs, new: Blobs) -> None:
    entry = {**make_image(blobs, LAYER).as_json(), "platform": {"os": "unknown", "architecture": "unknown"}}
    index = blobs.put(as_bytes({"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry]}), INDEX)
    assert "attestations" in refused(put_layout(tmp_path / "file", blobs, index), new)


@pytest.mark.parametrize("other", [{"mediaType": "text/plain"}, {"platform": {"os": "unknown"}}])
@pytest.mark.parametrize("is_first", [True, False])
def test_an_image_that_is_called_no_image_elsewhere(
    tmp_path: Path, blobs: Blobs, new: Blobs, other: dict[str, Any], is_first: bool
) -> None:
    """Else nobody would hold it against its configuration."""
    layer = blobs.put(KINDS[LAYER], LAYER)
    wrong = put_manifest(blobs, layer, digest(b"another")).as_json()
    right = {**make_image(blobs, LAYER).as_json(), "platform": {"os": "linux", "architecture": "arm64"}}
    entries = [{**wrong, "platform": {"os": "linux", "architecture": "amd64"}}, {**wrong, **other}]
    both = [right, *(entries[::-1] if is_first else entries)]
    index = blobs.put(as_bytes({"schemaVersion": 2, "mediaType": INDEX, "manifests": both}), INDEX)
    assert "two things" in refused(put_layout(tmp_path / "file", blobs, index), new)


def test_no_images_at_all(tmp_path: Path, blobs: Blobs, new: Blobs) -> None:
    blobs.put(b"", "")
    assert "no images" in refused(put_layout(tmp_path / "file", blobs), new)


def test_layers_that_the_configuration_does_not_know(tmp_path: Path, blobs: Blobs, new: Blobs) -> None:
    image = make_image(blobs, LAYER)
    document = json.loads(blobs.read(image))
    document["layers"] *= 2
    path = put_layout(tmp_path / "file", blobs, blobs.put(as_bytes(document), MANIFEST))
    assert "has 2 layers, and its configuration 1" in refused(path, new)


@pytest.mark.parametrize("name", ["nothing", "file/below"])
def test_what_is_not_there(tmp_path: Path, new: Blobs, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FileError, match=f"cannot read {tmp_path}/{name}"):
        read_images(tmp_path / name, new)


def test_a_directory_that_is_no_layout(tmp_path: Path, new: Blobs) -> None:
    with pytest.raises(FileError, match="oci-layout"):
        read_images(tmp_path, new)
