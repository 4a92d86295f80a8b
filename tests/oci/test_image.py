"""Manifests, indexes and configurations."""

from __future__ import annotations

import contextlib
import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cargo_stow.errors import ImageFormatError, ImageNotFoundError
from cargo_stow.oci.choice import choose
from cargo_stow.oci.descriptor import CONFIG, LAYER, MANIFEST, Descriptor
from cargo_stow.oci.documents import as_bytes
from cargo_stow.oci.image import Manifest, chain_ids, parse_config, parse_index, parse_manifest
from cargo_stow.platforms import parse_platform

A = "sha256:" + "a" * 64
B = "sha256:" + "b" * 64
CONFIGURATION = {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": [A, B]}}


def manifest() -> Manifest:
    config = Descriptor(media_type=CONFIG, digest=A, size=3)
    return Manifest(config=config, layers=(Descriptor(media_type=LAYER, digest=B, size=4),), annotations=(("a", "b"),))


def index(*platforms: str) -> bytes:
    """An index with one image a platform, whose size is its place."""
    entries = []
    for size, platform in enumerate(platforms):
        os, architecture, variant = (*platform.split("/"), "")[:3]
        named = {"os": os, "architecture": architecture} | ({"variant": variant} if variant else {})
        entries.append({"mediaType": MANIFEST, "digest": A, "size": size, "platform": named})
    return as_bytes({"schemaVersion": 2, "manifests": entries})


def test_a_manifest_is_read_as_it_was_written() -> None:
    assert parse_manifest(as_bytes(manifest().as_json()), "it") == manifest()


@pytest.mark.parametrize(
    "change",
    [
        {"schemaVersion": 1},
        {"mediaType": "text/plain"},
        {"manifests": []},
        {"config": None},
        {"layers": {}},
        {"layers": [7]},
        {"annotations": {"a": 1}},
    ],
)
def test_what_is_no_manifest_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ImageFormatError, match="the image"):
        parse_manifest(as_bytes(manifest().as_json() | change), "the image")


@pytest.mark.parametrize(
    ("platforms", "wanted", "place"),
    [
        (["linux/amd64", "linux/arm64"], "linux/arm64", 1),
        (["unknown/unknown", "linux/amd64"], "linux/amd64", 1),
        (["linux/arm64/v8"], "linux/arm64", 0),
        (["linux/arm64"], "linux/arm64/v8", 0),
        (["linux/arm/v5", "linux/arm/v7", "linux/arm/v6"], "linux/arm", 1),
        (["linux/arm/v5", "linux/arm/v7", "linux/arm/v6"], "linux/arm/v6", 2),
        (["linux/arm/v5", "linux/arm/v6"], "linux/arm/v7", 1),
        (["linux/amd64", "linux/amd64/v3"], "linux/amd64", 0),
        (["linux/amd64", "linux/amd64/v3"], "linux/amd64/v4", 1),
        (["windows/amd64", "linux/amd64"], "linux/amd64", 1),
    ],
)
def test_the_best_entry_for_a_platform_is_chosen(platforms: list[str], wanted: str, place: int) -> None:
    assert choose(index(*platforms), parse_platform(wanted)).size == place


def test_what_an_index_has_is_listed_where_nothing_fits() -> None:
    with pytest.raises(ImageNotFoundError, match="no image for linux/arm/v6") as caught:
        choose(index("linux/arm/v7", "linux/amd64", "unknown/unknown"), parse_platform("linux/arm/v6"))
    assert caught.value.hint == "it has: linux/amd64, linux/arm/v7"


def test_the_only_image_needs_no_platform() -> None:
    data = as_bytes({"schemaVersion": 2, "manifests": [{"mediaType": MANIFEST, "digest": A, "size": 5}]})
    assert choose(data, parse_platform("linux/amd64")).size == 5


def test_a_configuration_is_read() -> None:
    more = {"created": "2024-01-01T00:00:00Z", "config": {"User": "7"}, "history": [{"empty_layer": True}]}
    found = parse_config(as_bytes(CONFIGURATION | more), "it")
    assert (found.os, found.architecture, found.variant) == ("linux", "amd64", "")
    assert (found.created, found.config, found.history) == (more["created"], {"User": "7"}, ({"empty_layer": True},))
    assert found.diff_ids == (A, B)


@pytest.mark.parametrize(
    "change",
    [
        {"rootfs": None},
        {"rootfs": {"type": "layers", "diff_ids": ["sha256:../../x"]}},
        {"rootfs": {"type": "layers", "diff_ids": [1]}},
        {"rootfs": {"type": "other", "diff_ids": [A]}},
        {"config": []} | {"config": [1]},
        {"history": [1]},
        {"os": 1},
    ],
)
def test_what_is_no_configuration_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ImageFormatError):
        parse_config(as_bytes(CONFIGURATION | change), "it")


def test_chain_ids_are_those_of_the_specification() -> None:
    second = "sha256:" + hashlib.sha256(f"{A} {B}".encode()).hexdigest()
    third = "sha256:" + hashlib.sha256(f"{second} {A}".encode()).hexdigest()
    assert chain_ids([A, B, A]) == (A, second, third)
    assert chain_ids([]) == ()


@pytest.mark.parametrize("data", [b"", b"\xff", b"[" * 200_000, b"9" * 10_000, b"null", b"[]"])
def test_what_is_no_object_is_refused(data: bytes) -> None:
    for parse in (parse_manifest, parse_config, parse_index):
        with pytest.raises(ImageFormatError):
            parse(data, "it")


@pytest.mark.parametrize("size", [-1, 1 << 63, 10**400, True, 1.5, None])
def test_sizes_that_nothing_has_are_refused(size: object) -> None:
    """Of the largest, no number of megabytes could be shown."""
    with pytest.raises(ImageFormatError, match="gives no size"):
        parse_index(
            as_bytes({"schemaVersion": 2, "manifests": [{"mediaType": LAYER, "digest": A, "size": size}]}), "it"
        )


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from([A, MANIFEST, "layers", 2]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(
    ["schemaVersion", "mediaType", "config", "layers", "manifests", "rootfs", "diff_ids", "type", "history", "platform"]
)


@given(st.dictionaries(NAMES, st.dictionaries(NAMES, VALUES) | st.lists(st.dictionaries(NAMES, VALUES)) | VALUES))
def test_hostile_documents_are_read_or_refused(document: dict[str, object]) -> None:
    data = json.dumps(document).encode()
    for parse in (parse_manifest, parse_config, parse_index):
        with contextlib.suppress(ImageFormatError):
            parse(data, "it")
