"""A layout that several images share."""

from __future__ import annotations

import json
import os
import stat
from typing import TYPE_CHECKING

import pytest

from cargo_stow.errors import FileError
from cargo_stow.oci.blobs import Blobs
from cargo_stow.oci.descriptor import LAYER, LAYER_GZIP, Descriptor
from cargo_stow.oci.graph import reachable
from cargo_stow.oci.layout import NAME, TAG, load_layout
from cargo_stow.oci.loading import read_images
from cargo_stow.oci.replacing import sweep
from cargo_stow.oci.shared import has_images, put_images
from cargo_stow.reference import parse_reference
from tests.oci.layers import digest
from tests.oci.test_layout import KINDS, WEB, make_image, user

if TYPE_CHECKING:
    from pathlib import Path

API, OLD = parse_reference("api:1"), parse_reference("api:0")


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path / "store")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "stow" / "layout"


def names(out: Path) -> list[str]:
    index = json.loads((out / "index.json").read_text())
    return [each["annotations"][TAG] for each in index["manifests"]]


def all_blobs(out: Path) -> set[str]:
    return {each.name for each in (out / "blobs" / "sha256").iterdir()}


def hexes(blobs: Blobs, *images: Descriptor) -> set[str]:
    return {each.partition(":")[2] for each in reachable(blobs, images)}


def test_an_image_with_all_its_names(out: Path, blobs: Blobs, tmp_path: Path) -> None:
    image = make_image(blobs, LAYER_GZIP)
    put_images(out, blobs, {WEB: image, API: image})
    assert names(out) == ["api:1", str(WEB)]
    for name in (str(WEB), "api:1", "docker.io/library/api:1"):
        found, inside = load_layout(out, name)
        assert (found, user(inside, found)) == (image, "7")
    assert all_blobs(out) == hexes(blobs, image)
    assert (
        json.loads((out / "index.json").read_text())["manifests"][0]["annotations"][NAME] == "docker.io/library/api:1"
    )
    [loaded] = read_images(out, Blobs(tmp_path / "new"))
    assert loaded.names == (API, WEB)


def test_the_next_image_of_a_name_replaces_it(out: Path, blobs: Blobs) -> None:
    first, other, second = make_image(blobs, LAYER), make_image(blobs, LAYER_GZIP), make_image(blobs, LAYER, user="8")
    put_images(out, blobs, {WEB: first})
    put_images(out, blobs, {API: other, OLD: other}, {str(WEB)})
    put_images(out, blobs, {WEB: second}, {str(WEB), str(API)})
    assert names(out) == ["api:1", str(WEB)]
    assert all_blobs(out) == hexes(blobs, other, second)


def test_what_the_store_has_no_more_goes(out: Path, blobs: Blobs) -> None:
    first, other = make_image(blobs, LAYER), make_image(blobs, LAYER_GZIP)
    put_images(out, blobs, {WEB: first})
    blobs.path(first.digest).unlink()
    put_images(out, blobs, {API: other}, {str(WEB)})
    assert names(out) == ["api:1"]


def test_blobs_are_those_of_the_store(out: Path, blobs: Blobs) -> None:
    image = make_image(blobs, LAYER)
    put_images(out, blobs, {WEB: image})
    for each in reachable(blobs, [image]):
        ours, theirs = Blobs(out / "blobs").path(each).stat(), blobs.path(each).stat()
        assert ours.st_ino == theirs.st_ino
        assert not stat.S_IMODE(ours.st_mode) & 0o222, "what is linked is written into by nobody"


def part(blobs: Blobs, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have blobs on another disk than all else."""
    link = os.link

    def refuse(source: Path, target: Path, **more: bool) -> None:
        if source.is_relative_to(blobs.directory):
            raise OSError(18, "Invalid cross-device link")
        link(source, target, **more)

    monkeypatch.setattr(os, "link", refuse)


def test_from_another_disk_they_are_copied_once(out: Path, blobs: Blobs, monkeypatch: pytest.MonkeyPatch) -> None:
    image = make_image(blobs, LAYER)
    part(blobs, monkeypatch)
    put_images(out, blobs, {WEB: image})
    path = Blobs(out / "blobs").path(image.digest)
    before = path.stat()
    put_images(out, blobs, {API: make_image(blobs, LAYER, user="8")}, {str(WEB)})
    assert path.stat().st_ino == before.st_ino
    assert path.read_bytes() == blobs.read(image)
    assert not before.st_mode & 0o222


def test_other_bytes_that_came_with_sources_are_not_taken(
    out: Path, blobs: Blobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = make_image(blobs, LAYER)
    path = Blobs(out / "blobs").path(digest(KINDS[LAYER]))
    path.parent.mkdir(parents=True)
    path.write_bytes(bytes(len(KINDS[LAYER])))
    part(blobs, monkeypatch)
    put_images(out, blobs, {WEB: image})
    assert path.read_bytes() == KINDS[LAYER]


def test_an_index_without_an_end_is_not_read(out: Path, blobs: Blobs) -> None:
    image = make_image(blobs, LAYER)
    put_images(out, blobs, {WEB: image})
    os.truncate(out / "index.json", 1 << 40)
    assert not has_images(out, {WEB: image.digest})
    put_images(out, blobs, {WEB: image})
    assert has_images(out, {WEB: image.digest})


@pytest.mark.parametrize("is_directory", [False, True])
def test_a_link_that_came_with_sources_is_not_followed(
    tmp_path: Path, out: Path, blobs: Blobs, is_directory: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = make_image(blobs, LAYER)
    data = blobs.read(image)
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    secret = secrets / image.digest.partition(":")[2]
    secret.write_bytes(bytes(len(data)))
    (out / "blobs" / "sha256").mkdir(parents=True)
    if is_directory:
        (out / "blobs" / "sha256").rmdir()
        (out / "blobs" / "sha256").symlink_to(secrets)
    else:
        # Of as many letters as the blob has bytes: that is the size of a link.
        (out / "blobs" / "sha256" / secret.name).symlink_to(f"{'/' * (len(data) - len(str(secret)))}{secret}")
    part(blobs, monkeypatch)
    put_images(out, blobs, {WEB: image})
    assert Blobs(out / "blobs").path(image.digest).read_bytes() == data
    assert secret.stat().st_nlink == 1


def test_whether_images_are_there(out: Path, blobs: Blobs) -> None:
    image, other = make_image(blobs, LAYER), make_image(blobs, LAYER, user="8")
    assert not has_images(out, {WEB: image.digest})
    put_images(out, blobs, {WEB: image})
    assert has_images(out, {WEB: image.digest})
    assert not has_images(out, {WEB: other.digest})
    assert not has_images(out, {WEB: image.digest, API: image.digest})
    Blobs(out / "blobs").path(image.digest).unlink()
    assert not has_images(out, {WEB: image.digest})


@pytest.mark.parametrize("text", ["", "{", '{"schemaVersion": 2, "manifests": 1}', "[" * 10**5])
def test_a_damaged_layout_is_made_anew(out: Path, blobs: Blobs, text: str) -> None:
    image = make_image(blobs, LAYER)
    put_images(out, blobs, {WEB: image})
    (out / "index.json").write_text(text)
    assert not has_images(out, {WEB: image.digest})
    put_images(out, blobs, {WEB: image}, {str(WEB)})
    assert has_images(out, {WEB: image.digest})


def test_a_failure_leaves_the_old_one(out: Path, blobs: Blobs) -> None:
    image, other = make_image(blobs, LAYER), make_image(blobs, LAYER_GZIP)
    put_images(out, blobs, {WEB: image})
    blobs.path(digest(KINDS[LAYER_GZIP])).unlink()
    with pytest.raises(FileError):
        put_images(out, blobs, {WEB: other})
    assert has_images(out, {WEB: image.digest})
    assert [each.name for each in out.parent.iterdir()] == ["layout"]


def test_what_was_being_made_is_swept(tmp_path: Path) -> None:
    (tmp_path / ".new-1" / "blobs").mkdir(parents=True)
    (tmp_path / ".new-2").write_text("")
    (tmp_path / "kept").mkdir()
    (tmp_path / ".new-3").symlink_to(tmp_path / "kept")
    sweep(tmp_path)
    assert [each.name for each in tmp_path.iterdir()] == ["kept"]
