"""Images from a plan, in a store: what needs no mounts."""

from __future__ import annotations

import gzip
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from cargo_stow.backends.youki import assembly, builder, stubs
from cargo_stow.backends.youki.assembly import directories
from cargo_stow.backends.youki.bases import Base, load_base, look_into, unpack
from cargo_stow.backends.youki.rootfs import Rootfs
from cargo_stow.backends.youki.store import Store
from cargo_stow.errors import ImageFormatError
from cargo_stow.oci.descriptor import CONFIG, DOCKER_LAYER, LAYER_GZIP, MANIFEST, Descriptor
from cargo_stow.oci.documents import as_bytes
from cargo_stow.oci.image import Manifest
from cargo_stow.oci.pack import Packed
from cargo_stow.plan import ImageConfig
from cargo_stow.sandbox.bundle import Bind
from tests.oci.layers import archive, describe, digest, directory, entry, symlink

if TYPE_CHECKING:
    from pathlib import Path

RELEASE = b"ID=debian\n"
LAYER = archive(
    directory("etc"),
    directory("usr"),
    directory("usr/lib"),
    (entry("usr/lib/os-release"), RELEASE),
    symlink("etc/os-release", "/usr/lib/os-release"),
    symlink("sbin", "usr/sbin"),
    directory("usr/bin"),
    (entry("usr/bin/apt-get", mode=0o755), b"\x7fELF\2\1\1" + b"\0" * 11 + b"\x3e\0"),
)
PLAN_CONFIG = ImageConfig(user="1:1", entrypoint=("/x",))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    (tmp_path / "store/tmp").mkdir(parents=True)
    return Store(tmp_path / "store")


@pytest.fixture
def image(store: Store) -> Descriptor:
    config = store.blobs.put(
        as_bytes(
            {
                "architecture": "amd64",
                "os": "linux",
                "created": "2024-02-03T04:05:06.789Z",
                "config": {"Env": ["A=1"]},
                "rootfs": {"type": "layers", "diff_ids": [digest(LAYER)]},
            }
        ),
        CONFIG,
    )
    layer = store.blobs.put(gzip.compress(LAYER, mtime=0), LAYER_GZIP)
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": config.as_json(),
        "layers": [layer.as_json()],
    }
    return store.blobs.put(as_bytes(manifest), MANIFEST)


def test_a_layer_that_came_to_harm(store: Store, image: Descriptor) -> None:
    base = load_base(store.blobs, image)
    path = store.blobs.path(base.layers[0].digest)
    path.write_bytes(path.read_bytes()[:-9] + b"something")
    with pytest.raises(ImageFormatError, match=f"the layer {path} cannot be unpacked") as caught:
        unpack(store, base)
    assert f"`rm {path}`" in caught.value.hint
    assert not list((store.directory / "tmp").iterdir())


def test_what_a_base_says(store: Store, image: Descriptor) -> None:
    base = load_base(store.blobs, image)
    assert (base.diff_ids, base.config) == ((digest(LAYER),), {"Env": ["A=1"]})
    assert base.created == 1706933106


@pytest.mark.parametrize(("layers", "diff_ids"), [(0, 0), (1, 0), (2, 1)])
def test_what_nothing_can_be_built_on(store: Store, layers: int, diff_ids: int) -> None:
    rootfs = {"type": "layers", "diff_ids": [digest(LAYER)] * diff_ids}
    config = store.blobs.put(as_bytes({"architecture": "amd64", "os": "linux", "rootfs": rootfs}), CONFIG)
    manifest = Manifest(config=config, layers=(describe(LAYER),) * layers)
    with pytest.raises(ImageFormatError, match=f"it has {layers} layers, and its configuration {diff_ids}"):
        load_base(store.blobs, store.blobs.put(as_bytes(manifest.as_json()), MANIFEST))


@pytest.mark.parametrize("text", [None, "", "no time", "0000-13-01T00:00:00Z"])
def test_a_base_that_does_not_say_when(text: str | None) -> None:
    assert Base(layers=(), diff_ids=(), document={"created": text}).created == 0


def test_unpacked_once(store: Store, image: Descriptor) -> None:
    base = load_base(store.blobs, image)
    place = unpack(store, base)
    assert (place / "usr/lib/os-release").read_bytes() == RELEASE
    store.blobs.path(base.layers[0].digest).unlink()
    assert unpack(store, base) == place
    assert list((store.directory / "tmp").iterdir()) == []


def test_looked_into(store: Store, image: Descriptor) -> None:
    facts = look_into(store, image)
    assert facts.os_release == RELEASE.decode()
    assert (facts.programs, facts.architecture) == (frozenset({"apt-get"}), "amd64")


class TestDirectories:
    def test_of_an_image_made_here(self, store: Store, image: Descriptor) -> None:
        base = unpack(store, load_base(store.blobs, image))
        store.layer("one").mkdir(parents=True)
        note = {"base": digest(LAYER), "steps": ["one"]}
        store.write_note(assembly.image_note(image), note)
        assert directories(store, image) == [base, store.layer("one")]

    def test_of_one_whose_layers_are_gone(self, store: Store, image: Descriptor) -> None:
        store.write_note(assembly.image_note(image), {"base": "", "steps": ["gone"]})
        assert directories(store, image) == [store.base(digest(LAYER))]

    def test_of_one_from_elsewhere(self, store: Store, image: Descriptor) -> None:
        (found,) = directories(store, image)
        assert (found / "usr/lib/os-release").is_file()


class TestDocument:
    BASE = Base(
        layers=(),
        diff_ids=("sha256:0",),
        document={"architecture": "arm64", "os": "linux", "variant": "v8", "history": [{"created_by": "x"}]},
    )
    PACKED = (Packed(descriptor=describe(b"layer"), diff_id="sha256:1"),)

    def test_on_a_base(self) -> None:
        found = assembly._document(self.BASE, self.BASE.document, PLAN_CONFIG, self.PACKED, 1)
        assert found["created"] == "1970-01-01T00:00:01Z"
        assert (found["architecture"], found["os"], found["variant"]) == ("arm64", "linux", "v8")
        assert found["rootfs"] == {"type": "layers", "diff_ids": ["sha256:0", "sha256:1"]}
        assert [each["created_by"] for each in found["history"]] == ["x", "cargo-stow"]

    def test_on_nothing(self) -> None:
        base = replace(self.BASE, document={**self.BASE.document, "config": {"Env": ["A=1"]}})
        found = assembly._document(None, base.document, PLAN_CONFIG, self.PACKED, 1)
        assert found["rootfs"]["diff_ids"] == ["sha256:1"]
        assert len(found["history"]) == 1
        assert "Env" not in found["config"]
        assert found["architecture"] == "arm64"


def test_the_manifest_calls_layers_by_their_oci_names() -> None:
    layers = [describe(b"a", DOCKER_LAYER), describe(b"b", LAYER_GZIP)]
    found: dict[str, Any] = assembly._manifest(describe(b"c", CONFIG), layers, {})
    assert [each["mediaType"] for each in found["layers"]] == [LAYER_GZIP, LAYER_GZIP]
    assert "annotations" not in found
    assert assembly._manifest(describe(b"c", CONFIG), [], {"a": "b"})["annotations"] == {"a": "b"}


def test_a_layer_more(tmp_path: Path) -> None:
    rootfs = Rootfs(key="base", layers=(tmp_path / "base",), environment={"A": "1"}, directory="/srv")
    found = rootfs.with_layer("one", tmp_path / "one")
    assert (found.key, found.steps, found.layers) == ("one", ("one",), (tmp_path / "base", tmp_path / "one"))
    assert (found.environment, found.directory) == (rootfs.environment, "/srv")


def test_places_are_needed_only_in_the_root_itself(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    binds = [(tmp_path, "/src"), (tmp_path, "/src/target"), (tmp_path / "file", "/etc/hosts"), (tmp_path, "/dev/x")]
    found = stubs.targets_of(tuple(Bind(source=str(source), target=target) for source, target in binds))
    assert found == [("/proc", True), ("/dev", True), ("/sys", True), ("/src", True), ("/etc/hosts", False)]


def test_files_links_and_empty_directories(tmp_path: Path) -> None:
    (tmp_path / "a/empty").mkdir(parents=True)
    (tmp_path / "a/file").touch()
    (tmp_path / "link").symlink_to("a")
    assert builder._files(tmp_path) == [tmp_path / "a/empty", tmp_path / "a/file", tmp_path / "link"]
