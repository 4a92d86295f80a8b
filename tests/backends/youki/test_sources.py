"""Images that others are built on, from a registry and an engine that are stand-ins."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from cargo_stow.backends.youki.images import Images
from cargo_stow.backends.youki.sources import Sources
from cargo_stow.backends.youki.store import Store
from cargo_stow.errors import EngineStoppedError, ImageFormatError, ImageNotFoundError, LockError, RegistryError
from cargo_stow.lock import Pin
from cargo_stow.oci.descriptor import CONFIG, DOCKER_LIST, INDEX, LAYER_GZIP, MANIFEST, Descriptor
from cargo_stow.oci.documents import as_bytes
from cargo_stow.oci.progress import Progress
from cargo_stow.platforms import Platform
from cargo_stow.reference import ImageRef, parse_reference
from tests.backends.stub_engine import AMD64, StubEngine, image
from tests.backends.voice import KeptVoice
from tests.oci.layers import archive, describe, digest, directory, entry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cargo_stow.oci.blobs import Blobs

ARM64 = Platform(os="linux", architecture="arm64", variant="v8")
DEBIAN = parse_reference("debian:12")
ID = f"sha256:{'1' * 64}"
PIN = Pin(reference=DEBIAN, platform=AMD64, id=ID)
LAYER = archive(directory("srv"))


@dataclass
class StubRegistry:
    """`documents` and `blobs` by their digests; `asked` are the digests that it was asked for."""

    documents: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def hold(self, media_type: str, value: object) -> Descriptor:
        data = as_bytes(value)
        self.documents[digest(data)] = (media_type, data)
        return describe(data, media_type)

    def hold_blob(self, media_type: str, data: bytes) -> Descriptor:
        self.blobs[digest(data)] = data
        return describe(data, media_type)

    def hold_image(self, name: str) -> Descriptor:
        config = {"architecture": name, "os": "linux", "rootfs": {"type": "layers", "diff_ids": [digest(LAYER)]}}
        layers = [self.hold_blob(LAYER_GZIP, gzip.compress(LAYER, mtime=0)).as_json()]
        found = self.hold_blob(CONFIG, as_bytes(config)).as_json()
        return self.hold(MANIFEST, {"schemaVersion": 2, "mediaType": MANIFEST, "config": found, "layers": layers})

    def fetch_manifest(self, _reference: ImageRef, wanted: str) -> tuple[Descriptor, bytes]:
        self.asked.append(wanted)
        media_type, data = self.documents[wanted]
        return describe(data, media_type), data

    def pull(self, _reference: ImageRef, blob: Descriptor, blobs: Blobs, progress: Callable[[Progress], None]) -> None:
        self.asked.append(blob.digest)
        progress(Progress(layer=blob.digest, status="Pulling"))
        blobs.add([self.blobs[blob.digest]], blob)


@pytest.fixture
def registry() -> StubRegistry:
    return StubRegistry()


@pytest.fixture
def engine() -> StubEngine:
    return StubEngine()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def voice() -> KeptVoice:
    return KeptVoice()


@pytest.fixture
def said(voice: KeptVoice) -> list[str]:
    return voice.said


@pytest.fixture
def sources(
    store: Store, registry: StubRegistry, engine: StubEngine, voice: KeptVoice, monkeypatch: pytest.MonkeyPatch
) -> Sources:
    monkeypatch.setattr(Sources, "registry", lambda _self: registry)
    made = Sources(store, {}, voice)
    made._engine = engine  # type: ignore[assignment]
    return made


def hold_index(registry: StubRegistry, media_type: str = INDEX) -> tuple[ImageRef, Descriptor, Descriptor]:
    amd64, arm64 = registry.hold_image("amd64"), registry.hold_image("arm64")
    entries = [
        {**each.as_json(), "platform": {"os": "linux", "architecture": name}}
        for name, each in (("amd64", amd64), ("arm64", arm64))
    ]
    index = registry.hold(media_type, {"schemaVersion": 2, "mediaType": media_type, "manifests": entries})
    return DEBIAN.at(index.digest), amd64, arm64


class TestFromARegistry:
    @pytest.mark.parametrize("media_type", [INDEX, DOCKER_LIST])
    def test_the_image_of_a_platform(
        self, sources: Sources, registry: StubRegistry, store: Store, media_type: str
    ) -> None:
        reference, amd64, arm64 = hold_index(registry, media_type)
        assert sources.obtain(reference, ARM64).digest == arm64.digest
        manifest = json.loads(registry.documents[arm64.digest][1])
        wanted = [manifest["config"]["digest"], *(each["digest"] for each in manifest["layers"])]
        assert registry.asked == [reference.digest, arm64.digest, *wanted]
        assert all(store.blobs.path(each).is_file() for each in registry.asked)
        assert not store.blobs.path(amd64.digest).exists()

    def test_nothing_is_asked_for_twice(self, sources: Sources, registry: StubRegistry, said: list[str]) -> None:
        reference, *_ = hold_index(registry)
        found = sources.obtain(reference, AMD64)
        registry.asked.clear()
        said.clear()
        assert sources.obtain(reference, AMD64) == found
        assert (registry.asked, said) == ([], [])

    def test_only_what_is_missing_for_another_platform(self, sources: Sources, registry: StubRegistry) -> None:
        """Their layers are the same."""
        reference, _, arm64 = hold_index(registry)
        sources.obtain(reference, AMD64)
        registry.asked.clear()
        sources.obtain(reference, ARM64)
        manifest = json.loads(registry.documents[arm64.digest][1])
        assert registry.asked == [arm64.digest, manifest["config"]["digest"]]

    def test_an_image_without_an_index(self, sources: Sources, registry: StubRegistry, voice: KeptVoice) -> None:
        single = registry.hold_image("amd64")
        reference = DEBIAN.at(single.digest)
        assert sources.obtain(reference, AMD64) == sources.obtain(reference, AMD64) == single
        assert voice.said == [f"Fetching {reference} (0 MB)"]
        assert [(verb, news.layer) for verb, news in voice.moved] == [("Fetching", each) for each in registry.asked[1:]]

    def test_offline_nothing_is_fetched(self, sources: Sources, registry: StubRegistry, store: Store) -> None:
        reference, *_ = hold_index(registry)
        offline = Sources(store, {"CARGO_NET_OFFLINE": "true"}, KeptVoice())
        with pytest.raises(RegistryError, match="--offline"):
            offline.obtain(reference, AMD64)
        found = sources.obtain(reference, AMD64)
        registry.asked.clear()
        assert offline.obtain(reference, AMD64) == found
        min(store.directory.glob("blobs/sha256/*")).unlink()
        with pytest.raises(RegistryError, match="forbids to fetch it"):
            offline.obtain(reference, AMD64)
        assert registry.asked == []

    def test_no_image_for_a_platform(self, sources: Sources, registry: StubRegistry) -> None:
        reference, *_ = hold_index(registry)
        with pytest.raises(ImageNotFoundError, match="no image for linux/s390x"):
            sources.obtain(reference, Platform(os="linux", architecture="s390x"))

    @pytest.mark.parametrize("data", [b"", b"{", b"[]", b"{}"])
    def test_a_store_that_was_damaged(
        self, sources: Sources, registry: StubRegistry, store: Store, data: bytes
    ) -> None:
        reference, *_ = hold_index(registry)
        sources.obtain(reference, AMD64)
        store.blobs.path(str(reference.digest)).write_bytes(data)
        with pytest.raises(ImageFormatError):
            sources.obtain(reference, AMD64)


class TestFromAnEngine:
    @pytest.fixture
    def saved(self, engine: StubEngine, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """An image that the engine saves; the list is of the names that it was asked for."""
        asked: list[str] = []

        @contextlib.contextmanager
        def save(name: str) -> Iterator[io.BytesIO]:
            asked.append(name)
            yield io.BytesIO(make_archive())

        monkeypatch.setattr(engine, "saved", save, raising=False)
        engine.images["debian:12"] = image(ID)
        return asked

    def test_once(self, sources: Sources, store: Store, saved: list[str], said: list[str]) -> None:
        sources.check(PIN)
        found = sources.obtain(DEBIAN, AMD64)
        assert sources.obtain(DEBIAN, AMD64).digest == found.digest
        assert saved == [ID]
        assert store.blobs.has(found)
        assert said == ["Fetching debian:12 from the engine at unix:///run/engine.sock"]

    def test_no_engine(self, sources: Sources, engine: StubEngine, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(_name: str) -> None:
            raise EngineStoppedError("nobody answers")

        monkeypatch.setattr(engine, "image", fail)
        assert sources.find_here(DEBIAN, AMD64) is None


def make_archive() -> bytes:
    """What `docker save` writes."""
    config = as_bytes(
        {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": [digest(LAYER)]}}
    )
    name = f"{digest(config)[7:]}.json"
    manifest = as_bytes([{"Config": name, "RepoTags": ["debian:12"], "Layers": ["layer.tar"]}])
    members = ((name, config), ("layer.tar", LAYER), ("manifest.json", manifest))
    return archive(*((entry(each), data) for each, data in members))


class TestCheck:
    def test_what_the_lock_names(self, sources: Sources, engine: StubEngine) -> None:
        engine.images["debian:12"] = image(ID)
        sources.check(PIN)

    def test_a_name_that_moved(self, sources: Sources, engine: StubEngine) -> None:
        engine.images["debian:12"] = image(f"sha256:{'2' * 64}")
        with pytest.raises(LockError, match="debian:12 is now sha256:2"):
            sources.check(PIN)

    def test_no_engine_is_asked_for_what_is_in_the_store(self, sources: Sources, store: Store) -> None:
        with pytest.raises(ImageNotFoundError, match=r"Stow\.lock names an image"):
            sources.check(PIN)
        Images(store.directory).add(ID, describe(b"", MANIFEST))
        sources.check(PIN)
