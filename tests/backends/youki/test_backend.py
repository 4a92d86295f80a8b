"""The youki backend without a runtime: names, pins and refusals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cargo_stow.backends.catalog import BACKENDS
from cargo_stow.backends.protocol import BuildOrder, Image
from cargo_stow.backends.youki.backend import YoukiBackend
from cargo_stow.backends.youki.sources import Sources
from cargo_stow.errors import (
    EngineError,
    ImageNotFoundError,
    NoCredentialsError,
    RegistryError,
    StowError,
    ToolMissingError,
    UsageError,
)
from cargo_stow.lock import Pin
from cargo_stow.oci.descriptor import MANIFEST, Descriptor
from cargo_stow.platforms import Platform
from cargo_stow.reference import ImageRef, parse_reference
from tests.backends.stub_engine import AMD64, StubEngine, image
from tests.backends.voice import KeptVoice
from tests.canned_runner import CannedRunner
from tests.oci.layers import describe

if TYPE_CHECKING:
    from pathlib import Path

DEBIAN, WEB = parse_reference("debian:12"), parse_reference("registry.example.org/web:1")
ID, DIGEST = f"sha256:{'1' * 64}", f"sha256:{'d' * 64}"


class StubRegistry:
    answer: Descriptor | StowError = ImageNotFoundError("the registry has no such image")

    def resolve(self, _reference: ImageRef) -> Descriptor:
        if isinstance(self.answer, StowError):
            raise self.answer
        return self.answer


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> StubRegistry:
    made = StubRegistry()
    monkeypatch.setattr(Sources, "registry", lambda _self: made)
    return made


@pytest.fixture
def engine() -> StubEngine:
    return StubEngine()


@pytest.fixture
def backend(registry: StubRegistry, engine: StubEngine, tmp_path: Path) -> YoukiBackend:
    environment = {"CARGO_STOW_STORE": str(tmp_path / "store"), "PATH": "/nowhere"}
    made: Any = BACKENDS["youki"](CannedRunner(), environment, KeptVoice())
    made._sources._engine = engine
    assert isinstance(made, YoukiBackend)
    return made


def put(backend: YoukiBackend, text: bytes = b"{}") -> Image:
    made = backend._store.blobs.put(text, MANIFEST)
    backend._images.add(made.digest, made)
    return backend._image(made)


class TestNames:
    def test_tagged_and_found(self, backend: YoukiBackend, tmp_path: Path) -> None:
        made = put(backend)
        assert made.reference == f"oci-layout://{tmp_path}/store@{made.id}"
        assert backend.find(WEB) is None
        assert backend.tag(made, WEB) == backend.find(WEB) == backend.find(made.id) == made
        backend.untag(WEB)
        backend.untag(WEB)
        assert backend.find(WEB) is None

    def test_latest_is_meant_without_a_tag(self, backend: YoukiBackend) -> None:
        backend.tag(put(backend), parse_reference("web"))
        assert backend.find(parse_reference("web:latest")) is not None

    def test_an_image_that_is_gone(self, backend: YoukiBackend) -> None:
        made = put(backend)
        backend._store.blobs.path(made.id).unlink()
        assert backend.find(made.id) is None
        with pytest.raises(ImageNotFoundError, match="has no image"):
            backend.tag(Image(id=ID, reference=""), WEB)

    def test_sweep(self, backend: YoukiBackend) -> None:
        made = put(backend)
        for name in ("web:1", "web:2", "other:2", "web/x:2"):
            backend.tag(made, parse_reference(name))
        backend.sweep("web", lambda tag: tag == "2")
        assert set(backend._images.names()) == {made.id, "web:1", "other:2", "web/x:2"}

    def test_push_of_what_is_not_there(self, backend: YoukiBackend) -> None:
        with pytest.raises(ImageNotFoundError, match="has no image `registry"):
            backend.push(WEB, print)


class TestResolve:
    def test_the_registry_is_asked_first(
        self, backend: YoukiBackend, registry: StubRegistry, engine: StubEngine
    ) -> None:
        registry.answer = describe(b"")
        engine.images["debian:12"] = image(ID)
        assert backend.resolve(DEBIAN, AMD64, None) == Pin(
            reference=DEBIAN, platform=AMD64, digest=describe(b"").digest
        )

    def test_a_digest_needs_nobody(self, backend: YoukiBackend) -> None:
        assert backend.resolve(DEBIAN.at(DIGEST), AMD64, None).digest == DIGEST

    def test_what_only_the_engine_has(self, backend: YoukiBackend, engine: StubEngine) -> None:
        engine.images["debian:12"] = image(ID)
        assert backend.resolve(DEBIAN, AMD64, None) == Pin(reference=DEBIAN, platform=AMD64, id=ID)

    @pytest.mark.parametrize("error", [RegistryError, NoCredentialsError])
    def test_a_digest_is_not_given_up(
        self, backend: YoukiBackend, registry: StubRegistry, engine: StubEngine, error: type[StowError]
    ) -> None:
        registry.answer = error("the registry says no")
        engine.images["debian:12"] = image(ID)
        with pytest.raises(error):
            backend.resolve(DEBIAN, AMD64, Pin(reference=DEBIAN, platform=AMD64, digest=DIGEST))
        assert backend.resolve(DEBIAN, AMD64, None).doubt == "the registry says no"

    def test_what_the_registry_has_no_more(self, backend: YoukiBackend, engine: StubEngine) -> None:
        """It did answer: the protocol has what is here then, as the other backend does."""
        engine.images["debian:12"] = image(ID)
        known = Pin(reference=DEBIAN, platform=AMD64, digest=DIGEST)
        assert backend.resolve(DEBIAN, AMD64, known) == Pin(reference=DEBIAN, platform=AMD64, id=ID)

    def test_offline_asks_no_registry(self, backend: YoukiBackend, registry: StubRegistry) -> None:
        registry.answer = describe(b"")
        with pytest.raises(RegistryError, match="--offline forbids"):
            backend.resolve(DEBIAN, AMD64, None, offline=True)

    def test_an_image_for_another_platform(self, backend: YoukiBackend, engine: StubEngine) -> None:
        engine.images["debian:12"] = image(ID)
        with pytest.raises(ImageNotFoundError, match="is for linux/amd64, not linux/arm64"):
            backend.resolve(DEBIAN, Platform(os="linux", architecture="arm64"), None)


@pytest.mark.parametrize(("text", "found"), [(None, None), ("", None), ("0", 0), ("1700000000", 1_700_000_000)])
def test_the_time_of_an_image(backend: YoukiBackend, text: str | None, found: int | None) -> None:
    backend._environment = {} if text is None else {"SOURCE_DATE_EPOCH": text}
    assert backend._epoch() == found


@pytest.mark.parametrize("text", ["-1", "1.5", "now", "²", "\u0661"])
def test_what_is_no_time(backend: YoukiBackend, text: str) -> None:
    backend._environment = {"SOURCE_DATE_EPOCH": text}
    with pytest.raises(UsageError, match="SOURCE_DATE_EPOCH"):
        backend._epoch()


def test_without_a_runtime(backend: YoukiBackend, order: BuildOrder) -> None:
    with pytest.raises(ToolMissingError, match="the OCI runtime `youki`"):
        backend.build([order])


def test_no_cache_of_buildkit_s(backend: YoukiBackend, order: BuildOrder) -> None:
    with pytest.raises(EngineError, match="BuildKit"):
        backend.export_cache(order, ("type=inline",))
