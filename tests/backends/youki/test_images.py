"""Names of images in the index of a layout."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cargo_stow.backends.youki.images import Images
from cargo_stow.errors import FileError, ImageFormatError
from cargo_stow.oci.descriptor import MANIFEST, Descriptor
from cargo_stow.oci.layout import TAG
from tests.oci.layers import describe

if TYPE_CHECKING:
    from pathlib import Path

ONE, OTHER = describe(b"one", MANIFEST), describe(b"other", MANIFEST)


@pytest.fixture
def images(tmp_path: Path) -> Images:
    return Images(tmp_path / "store")


def plain(image: Descriptor | None) -> Descriptor | None:
    return image and replace(image, annotations=())


def test_an_empty_store(images: Images, tmp_path: Path) -> None:
    assert images.names() == {}
    assert images.find("web:1") is None
    assert not (tmp_path / "store").exists()


def test_by_name_or_digest(images: Images) -> None:
    images.add("web:1", ONE)
    assert plain(images.find("web:1")) == plain(images.find(ONE.digest)) == ONE
    assert images.find("web") is images.find(OTHER.digest) is None


def test_a_name_moves(images: Images) -> None:
    images.add("web:1", ONE)
    images.add("web:1", OTHER)
    assert {name: plain(image) for name, image in images.names().items()} == {"web:1": OTHER}


def test_several_names_of_one_image(images: Images) -> None:
    images.add("web:1", ONE)
    named = images.find("web:1")
    assert named is not None
    images.add("web:2", named)
    assert set(images.names()) == {"web:1", "web:2"}
    images.remove("web:1")
    assert plain(images.find("web:2")) == plain(images.find(ONE.digest)) == ONE


def test_with_its_last_name_an_image_goes(images: Images) -> None:
    images.add("web:1", ONE)
    images.remove("web:2")
    images.remove("web:1")
    assert images.find(ONE.digest) is None


def test_it_is_a_layout(images: Images, tmp_path: Path) -> None:
    images.add("web:1", ONE)
    assert json.loads((tmp_path / "store/oci-layout").read_text()) == {"imageLayoutVersion": "1.0.0"}
    index = json.loads((tmp_path / "store/index.json").read_text())
    entry = {"mediaType": MANIFEST, "digest": ONE.digest, "size": ONE.size, "annotations": {TAG: "web:1"}}
    assert (index["schemaVersion"], index["manifests"]) == (2, [entry])


def test_the_order_of_names_does_not_count(images: Images, tmp_path: Path) -> None:
    other = Images(tmp_path / "other")
    for name, image in (("a", ONE), ("b", OTHER)):
        images.add(name, image)
    for name, image in (("b", OTHER), ("a", ONE)):
        other.add(name, image)
    assert (tmp_path / "store/index.json").read_bytes() == (tmp_path / "other/index.json").read_bytes()


def test_none_is_lost_where_many_come_at_once(tmp_path: Path) -> None:
    names = {f"web:{number}" for number in range(40)}
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: Images(tmp_path).add(name, ONE), names))
    assert set(Images(tmp_path).names()) == names


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"schemaVersion": 2, "manifests": [{}]}', '{"schemaVersion": 2, "manifests": 1}']
)
def test_a_damaged_index(images: Images, tmp_path: Path, text: str) -> None:
    images.add("web:1", ONE)
    (tmp_path / "store/index.json").write_text(text)
    with pytest.raises(ImageFormatError, match=r"index\.json"):
        images.add("web:2", ONE)
    assert (tmp_path / "store/index.json").read_text() == text


def test_a_store_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FileError, match="cannot lock"):
        Images(tmp_path / "file/store").add("web:1", ONE)
