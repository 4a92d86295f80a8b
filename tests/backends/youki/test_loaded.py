"""Images out of files in the store: what they are called there, and what is built on them afterwards."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, Any

import pytest

from cargo_stow.backends.youki.contents import list_entries
from cargo_stow.backends.youki.images import Images
from cargo_stow.backends.youki.loaded import load_images
from cargo_stow.backends.youki.pruning import Policy, prune
from cargo_stow.backends.youki.sources import Sources
from cargo_stow.backends.youki.store import Store
from cargo_stow.backends.youki.stored import find_stored
from cargo_stow.entry import run_cli
from cargo_stow.errors import (
    EngineStoppedError,
    ImageFormatError,
    ImageNotFoundError,
    LockError,
    RegistryError,
    UsageError,
)
from cargo_stow.lock import Pin
from cargo_stow.oci.archive import write_docker_archive, write_oci_archive
from cargo_stow.oci.blobs import Blobs
from cargo_stow.oci.descriptor import CONFIG, INDEX, LAYER, LAYER_GZIP, MANIFEST, Descriptor
from cargo_stow.oci.documents import as_bytes
from cargo_stow.oci.graph import reachable
from cargo_stow.oci.image import Manifest, parse_manifest
from cargo_stow.oci.layout import write_layout
from cargo_stow.platforms import Platform
from cargo_stow.reference import parse_reference
from tests.backends.stub_engine import AMD64, StubEngine, image
from tests.backends.voice import KeptVoice
from tests.backends.youki.test_backend import StubRegistry
from tests.oci.layers import describe, digest
from tests.oci.test_layout import KINDS, TAR

if TYPE_CHECKING:
    from pathlib import Path

DEBIAN = parse_reference("debian:12")
ARM64 = Platform(os="linux", architecture="arm64")


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path / "written")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


class NoEngine(StubEngine):
    def image(self, name: str) -> Any:
        if not self.images:
            raise EngineStoppedError("nobody answers")
        return super().image(name)


@pytest.fixture
def engine() -> NoEngine:
    return NoEngine()


@pytest.fixture
def sources(store: Store, engine: NoEngine, monkeypatch: pytest.MonkeyPatch) -> Sources:
    """No registry answers, and unless a test says otherwise, no engine."""
    registry = StubRegistry()
    registry.answer = RegistryError("the registry does not answer")
    monkeypatch.setattr(Sources, "registry", lambda _self: registry)
    made = Sources(store, {}, KeptVoice())
    made._engine = engine  # type: ignore[assignment]
    return made


def make(blobs: Blobs, text: str = "", architecture: str = "amd64", kind: str = LAYER_GZIP) -> Descriptor:
    layer = blobs.put(KINDS[kind], kind)
    rootfs = {"type": "layers", "diff_ids": [digest(TAR)]}
    config = {"architecture": architecture, "os": "linux", "config": {"User": text}, "rootfs": rootfs}
    manifest = Manifest(config=blobs.put(as_bytes(config), CONFIG), layers=(layer,))
    return blobs.put(as_bytes(manifest.as_json()), MANIFEST)


def make_index(blobs: Blobs, *more: dict[str, object]) -> Descriptor:
    entries = [
        {**make(blobs, architecture=kind).as_json(), "platform": {"os": "linux", "architecture": kind}}
        for kind in ("amd64", "arm64")
    ]
    return blobs.put(as_bytes({"schemaVersion": 2, "mediaType": INDEX, "manifests": [*entries, *more]}), INDEX)


def load(tmp_path: Path, store: Store, blobs: Blobs, made: Descriptor, name: str | None = "debian:12") -> Path:
    path = tmp_path / "file"
    write_layout(path, blobs, [(parse_reference(name) if name else None, made)])
    load_images(store, path, None)
    return path


def identity(blobs: Blobs, manifest: Descriptor) -> str:
    """As Docker has it: the digest of the configuration."""
    return parse_manifest(blobs.read(manifest), "it").config.digest


def contents(store: Store) -> dict[str, bytes]:
    paths = [each for each in store.directory.rglob("*") if each.is_file() and "lock" not in each.name]
    return {str(each.relative_to(store.directory)): each.read_bytes() for each in paths}


def test_what_is_loaded_is_found_and_obtained(tmp_path: Path, store: Store, blobs: Blobs, sources: Sources) -> None:
    made = make(blobs)
    load(tmp_path, store, blobs, made)
    for name in ("debian:12", "docker.io/library/debian:12", "docker.io/debian:12"):
        found = sources.find_here(parse_reference(name), AMD64)
        assert found is not None
        assert (found.id, found.platform) == (identity(blobs, made), AMD64)
        pin = Pin(reference=parse_reference(name), platform=AMD64, id=found.id)
        sources.check(pin)
        assert sources.obtain(pin.source, AMD64).digest == made.digest
    assert all(map(store.blobs.has, reachable(blobs, [made]).values()))
    assert not list((store.directory / "tmp").iterdir())


def test_each_platform_of_an_index(tmp_path: Path, store: Store, blobs: Blobs, sources: Sources) -> None:
    unknown = {**describe(b"absent", MANIFEST).as_json(), "platform": {"os": "linux", "architecture": "s390x"}}
    index = make_index(blobs, unknown)
    load(tmp_path, store, blobs, index)
    for platform, kind in ((AMD64, "amd64"), (ARM64, "arm64")):
        found = sources.find_here(DEBIAN, platform)
        assert found is not None
        assert found.platform.architecture == kind
        sources.check(Pin(reference=DEBIAN, platform=platform, id=found.id))
    assert sources.obtain(DEBIAN, AMD64).digest == make(blobs).digest
    assert sources.obtain(DEBIAN, ARM64).digest == make(blobs, architecture="arm64").digest
    other = find_stored(store, DEBIAN, Platform(os="linux", architecture="s390x"))
    assert other is not None
    assert other.platform.architecture in {"amd64", "arm64"}


def test_the_id_is_the_same_however_a_file_has_it(tmp_path: Path, store: Store, blobs: Blobs, sources: Sources) -> None:
    """A lock made with one of them goes with the other."""
    made, plain = make(blobs), make(blobs, kind=LAYER)
    load(tmp_path, store, blobs, made)
    pin = Pin(reference=DEBIAN, platform=AMD64, id=identity(blobs, made))
    write_docker_archive(tmp_path / "saved.tar", blobs, plain, [DEBIAN])
    other = Store(tmp_path / "other")
    load_images(other, tmp_path / "saved.tar", None)
    sources.check(pin)
    sources._store = other
    sources.check(pin)
    assert sources.obtain(DEBIAN, AMD64).digest == plain.digest


def test_another_image_under_the_same_name(tmp_path: Path, store: Store, blobs: Blobs, sources: Sources) -> None:
    old, new = make(blobs, "old"), make(blobs, "new")
    for each in (old, new):
        load(tmp_path, store, blobs, each)
    found = sources.find_here(DEBIAN, AMD64)
    assert found is not None
    assert found.id == identity(blobs, new)
    for each in (old, new):
        sources.check(Pin(reference=DEBIAN, platform=AMD64, id=identity(blobs, each)))
        assert sources.obtain(DEBIAN, AMD64).digest == each.digest


def test_a_pin_to_what_is_gone(tmp_path: Path, store: Store, blobs: Blobs, sources: Sources, engine: NoEngine) -> None:
    old, new = make(blobs, "old"), make(blobs, "new")
    load(tmp_path, store, blobs, new)
    pin = Pin(reference=DEBIAN, platform=AMD64, id=identity(blobs, old))
    with pytest.raises(LockError, match=f"now {identity(blobs, new)} in the store .* says {identity(blobs, old)}"):
        sources.check(pin)
    engine.images["debian:12"] = image(identity(blobs, old))
    sources.check(pin)
    engine.images.clear()
    Images(store.directory).remove("debian:12")
    with pytest.raises(ImageNotFoundError, match="neither in the store") as caught:
        sources.check(pin)
    assert "cargo stow cache load" in caught.value.hint


def test_of_store_and_engine_the_one_for_the_platform(
    tmp_path: Path, store: Store, blobs: Blobs, sources: Sources, engine: NoEngine
) -> None:
    load(tmp_path, store, blobs, make(blobs, architecture="arm64"))
    found = sources.find_here(DEBIAN, AMD64)
    assert found is not None
    assert found.platform.architecture == "arm64"
    engine.images["debian:12"] = image(f"sha256:{'1' * 64}")
    found = sources.find_here(DEBIAN, AMD64)
    assert found is not None
    assert found.place == "the engine"


def test_what_is_loaded_stays_when_the_store_is_pruned(
    tmp_path: Path, store: Store, blobs: Blobs, sources: Sources
) -> None:
    index = make_index(blobs, {**describe(b"absent", MANIFEST).as_json(), "platform": {"os": "linux"}})
    load(tmp_path, store, blobs, index)
    for path in store.blobs.directory.rglob("*"):
        os.utime(path, (0, 0))
    prune(store, Policy(everything=True), 10.0**9, lambda: None)
    assert [each.name for each in list_entries(store) if each.kind == "image"] == ["debian:12"]
    pin = Pin(reference=DEBIAN, platform=AMD64, id=identity(blobs, make(blobs)))
    sources.check(pin)
    assert all(map(store.blobs.has, reachable(store.blobs, [sources.obtain(DEBIAN, AMD64)]).values()))


def test_one_image_gets_the_name_that_was_asked_for(tmp_path: Path, store: Store, blobs: Blobs) -> None:
    made = make(blobs)
    write_layout(tmp_path / "file", blobs, [(None, made)])
    with pytest.raises(UsageError, match="an image with no name") as caught:
        load_images(store, tmp_path / "file", None)
    assert "--name" in caught.value.hint
    name = parse_reference("docker.io/library/base")
    assert load_images(store, tmp_path / "file", name) == [(parse_reference("base:latest"), made)]
    assert find_stored(store, parse_reference("base:latest"), AMD64) is not None


@pytest.mark.parametrize(("tag", "shown"), [("12", "base:12 "), ("$(reboot)", "base ")])
def test_a_tag_is_no_name(tmp_path: Path, store: Store, blobs: Blobs, tag: str, shown: str) -> None:
    """The hint is pasted into a shell."""
    path = load(tmp_path, Store(tmp_path / "other"), blobs, make(blobs))
    index = json.loads((path / "index.json").read_text())
    index["manifests"][0]["annotations"] = {"org.opencontainers.image.ref.name": tag}
    (path / "index.json").write_text(json.dumps(index))
    with pytest.raises(UsageError, match=f"only the tag {re.escape(tag)}") as caught:
        load_images(store, path, None)
    assert f"/{shown}" in caught.value.hint


def test_a_name_for_several_images(tmp_path: Path, store: Store, blobs: Blobs) -> None:
    write_layout(tmp_path / "file", blobs, [(DEBIAN, make(blobs)), (None, make(blobs, "8"))])
    with pytest.raises(UsageError, match=r"for one image, and .* has 2"):
        load_images(store, tmp_path / "file", DEBIAN)
    assert Images(store.directory).names() == {}


@pytest.mark.parametrize("cut", [0, 100, 3000, 5000])
def test_a_file_that_is_refused_changes_nothing(tmp_path: Path, store: Store, blobs: Blobs, cut: int) -> None:
    load(tmp_path, store, blobs, make(blobs))
    before = contents(store)
    write_oci_archive(tmp_path / "bad", blobs, [(DEBIAN, make(blobs, "other"))])
    (tmp_path / "bad").write_bytes((tmp_path / "bad").read_bytes()[:cut])
    with pytest.raises(ImageFormatError):
        load_images(store, tmp_path / "bad", None)
    assert contents(store) == before
    assert not list((store.directory / "tmp").iterdir())


def test_blobs_that_no_image_has_stay_out(tmp_path: Path, store: Store, blobs: Blobs) -> None:
    made = make(blobs)
    write_layout(tmp_path / "file", blobs, [(DEBIAN, made)])
    stray = Blobs(tmp_path / "file" / "blobs").put(b"stray", "")
    load_images(store, tmp_path / "file", None)
    assert not store.blobs.has(stray)


class TestCommand:
    @pytest.fixture(autouse=True)
    def _store(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CARGO_STOW_STORE", str(store.directory))

    def test_it_prints_what_was_loaded(self, tmp_path: Path, blobs: Blobs, capsys: pytest.CaptureFixture[str]) -> None:
        made, other = make(blobs), make(blobs, "8")
        names = [(DEBIAN, made), (parse_reference("debian:bookworm"), made), (parse_reference("rust:1"), other)]
        write_oci_archive(tmp_path / "file", blobs, names)
        assert run_cli(["cache", "load", str(tmp_path / "file")]) == 0
        captured = capsys.readouterr()
        assert captured.out == (f"debian:12@{made.digest}\ndebian:bookworm@{made.digest}\nrust:1@{other.digest}\n")
        assert captured.err.count("Loaded ") == 3
        assert run_cli(["cache", "--format", "json"]) == 0
        shown = json.loads(capsys.readouterr().out)["images"]
        assert [each["name"] for each in shown] == ["debian:12", "debian:bookworm", "rust:1"]

    @pytest.mark.parametrize(("name", "code"), [("A b", 2), ("x@" + "sha256:" + "0" * 64, 2), ("", 2)])
    def test_a_name_that_cannot_be(
        self, tmp_path: Path, name: str, code: int, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run_cli(["cache", "load", "--name", name, str(tmp_path)]) == code
        assert "--name" in capsys.readouterr().err

    def test_a_file_that_is_not_there(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert run_cli(["cache", "load", str(tmp_path / "nothing")]) == 14
        assert f"cannot read {tmp_path}/nothing" in capsys.readouterr().err

    def test_a_file_of_something_else(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (tmp_path / "file").write_bytes(b"PK\x03\x04" * 1000)
        assert run_cli(["cache", "load", str(tmp_path / "file")]) == 15
        assert f"{tmp_path}/file cannot be loaded: " in capsys.readouterr().err
