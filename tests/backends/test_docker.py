"""The docker backend on a stub engine and a canned client."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cargo_stow.backends.catalog import BACKENDS
from cargo_stow.backends.docker import DockerBackend
from cargo_stow.backends.protocol import BuildOrder, Image, RunOptions
from cargo_stow.errors import (
    EngineDeniedError,
    EngineStoppedError,
    ImageNotFoundError,
    LockError,
    NoCredentialsError,
    RefusedError,
    RegistryError,
    StowError,
    ToolMissingError,
)
from cargo_stow.lock import Pin
from cargo_stow.platforms import Platform
from cargo_stow.process import Result
from cargo_stow.reference import parse_reference
from tests.backends.stub_engine import AMD64, StubEngine, image
from tests.backends.voice import KeptVoice
from tests.canned_runner import CannedRunner, missing

if TYPE_CHECKING:
    from collections.abc import Callable

ID, OTHER = f"sha256:{'1' * 64}", f"sha256:{'2' * 64}"
DIGEST = f"sha256:{'d' * 64}"
DEBIAN = parse_reference("debian:12")
WEB = parse_reference("registry.example.org/team/web:1")


@pytest.fixture
def engine() -> StubEngine:
    return StubEngine()


@pytest.fixture
def runner() -> CannedRunner:
    return CannedRunner()


@pytest.fixture
def printed() -> list[str]:
    return []


@pytest.fixture
def backend(engine: StubEngine, runner: CannedRunner, printed: list[str]) -> DockerBackend:
    made: Any = BACKENDS["docker"](runner, {}, KeptVoice(printed))
    made._engine = engine
    assert isinstance(made, DockerBackend)
    return made


class TestResolve:
    def test_the_registry_is_asked_first(self, backend: DockerBackend, engine: StubEngine) -> None:
        engine.digest = DIGEST
        engine.images["debian:12"] = image(ID)
        assert backend.resolve(DEBIAN, AMD64, None) == Pin(reference=DEBIAN, platform=AMD64, digest=DIGEST)

    def test_latest_is_meant_without_a_tag(self, backend: DockerBackend, engine: StubEngine) -> None:
        engine.digest = DIGEST
        assert str(backend.resolve(parse_reference("debian"), AMD64, None).reference) == "debian:latest"

    def test_a_digest_needs_nobody(self, backend: DockerBackend, engine: StubEngine) -> None:
        engine.stopped = EngineStoppedError("")
        pinned = parse_reference(f"debian:12@{DIGEST}")
        assert backend.resolve(pinned, AMD64, None).digest == DIGEST

    @pytest.mark.parametrize("error", [ImageNotFoundError, RegistryError, NoCredentialsError, RefusedError])
    def test_what_only_the_engine_has(self, backend: DockerBackend, engine: StubEngine, error: type[StowError]) -> None:
        engine.digest = error("the registry says no")
        engine.images["debian:12"] = image(ID)
        assert backend.resolve(DEBIAN, AMD64, None) == Pin(reference=DEBIAN, platform=AMD64, id=ID)

    def test_what_was_pulled_once_has_a_digest(self, backend: DockerBackend, engine: StubEngine) -> None:
        engine.digest = RegistryError("offline")
        engine.images["docker.io/library/debian:12"] = image(ID, digests=(f"other@{OTHER}", f"debian@{DIGEST}"))
        assert backend.resolve(parse_reference("docker.io/library/debian:12"), AMD64, None).digest == DIGEST

    def test_the_id_that_containerd_calls_a_digest_is_none(self, backend: DockerBackend, engine: StubEngine) -> None:
        engine.images["debian:12"] = image(ID, digests=(f"debian@{ID}",))
        assert backend.resolve(DEBIAN, AMD64, None) == Pin(reference=DEBIAN, platform=AMD64, id=ID)

    @pytest.mark.parametrize("error", [RegistryError, NoCredentialsError, RefusedError])
    def test_a_digest_is_not_given_up_for_what_is_here(
        self, backend: DockerBackend, engine: StubEngine, error: type[StowError]
    ) -> None:
        """Else `update` without a network would go back to an older pull, or say that nothing moved."""
        engine.digest = error("the registry says no")
        engine.images["debian:12"] = image(ID, digests=(f"debian@{DIGEST}",))
        with pytest.raises(error):
            backend.resolve(DEBIAN, AMD64, Pin(reference=DEBIAN, platform=AMD64, digest=OTHER))
        mine = backend.resolve(DEBIAN, AMD64, Pin(reference=DEBIAN, platform=AMD64, id=OTHER))
        assert (mine.digest, mine.doubt) == (DIGEST, "the registry says no")

    def test_an_image_for_another_platform_is_not_the_one(self, backend: DockerBackend, engine: StubEngine) -> None:
        engine.images["debian:12"] = replace(image(ID), platform=Platform(os="linux", architecture="arm64"))
        with pytest.raises(ImageNotFoundError, match="is for linux/arm64, not linux/amd64") as caught:
            backend.resolve(DEBIAN, AMD64, None)
        assert "--platform linux/amd64" in caught.value.hint

    @pytest.mark.parametrize("error", [ImageNotFoundError, RegistryError, NoCredentialsError, RefusedError])
    def test_neither_has_it(self, backend: DockerBackend, engine: StubEngine, error: type[StowError]) -> None:
        engine.digest = error("the registry says no", hint="log in", detail="its words")
        with pytest.raises(error, match="debian:12 is not in the engine, and the registry says no") as caught:
            backend.resolve(DEBIAN, AMD64, None)
        assert (caught.value.hint, caught.value.detail) == ("log in", "its words")


class TestCheck:
    def test_a_digest_needs_none(self, backend: DockerBackend) -> None:
        backend.check(Pin(reference=DEBIAN, platform=AMD64, digest=DIGEST))

    def test_an_id(self, backend: DockerBackend, engine: StubEngine) -> None:
        pin = Pin(reference=DEBIAN, platform=AMD64, id=ID)
        with pytest.raises(ImageNotFoundError, match=r"debian:12 is not in this engine.*Stow\.lock"):
            backend.check(pin)
        engine.images["debian:12"] = image(OTHER)
        with pytest.raises(LockError, match=f"debian:12 is now {OTHER}, but Stow.lock says {ID}") as caught:
            backend.check(pin)
        assert "cargo stow update" in caught.value.hint
        engine.images["debian:12"] = image(ID)
        backend.check(pin)


class TestBuild:
    @pytest.fixture
    def runner(self) -> CannedRunner:
        def write(argv: tuple[str, ...]) -> None:
            if "--metadata-file" in argv:
                text = json.dumps({"containerimage.digest": DIGEST, "containerimage.config.digest": ID})
                Path(argv[argv.index("--metadata-file") + 1]).write_text(text)

        return CannedRunner(on_start=write)

    @pytest.mark.parametrize("known", [DIGEST, ID])
    def test_the_image_is_found_by_the_digest_that_the_engine_knows(
        self, backend: DockerBackend, engine: StubEngine, order: BuildOrder, known: str
    ) -> None:
        engine.images[known] = image(known)
        assert backend.build([order]) == [Image(id=known, reference=known)]
        written = sorted(path.name for path in order.directory.glob("*Dockerfile*"))
        assert written == ["greeter.hello.arm64-v8.Dockerfile", "greeter.hello.arm64-v8.Dockerfile.dockerignore"]
        assert engine.asked == []

    def test_a_builder_that_is_not_the_engines_own(self, backend: DockerBackend, order: BuildOrder) -> None:
        with pytest.raises(ImageNotFoundError, match=f"does not have its image {DIGEST} or {ID}") as caught:
            backend.build([order])
        assert "docker buildx use default" in caught.value.hint

    @pytest.mark.parametrize("error", [EngineStoppedError("stopped"), EngineDeniedError("denied")])
    def test_an_engine_that_cannot_build_is_no_failed_build(
        self, backend: DockerBackend, engine: StubEngine, runner: CannedRunner, order: BuildOrder, error: StowError
    ) -> None:
        engine.stopped = error
        with pytest.raises(type(error)):
            backend.build([order])
        assert not any("build" in line for line in runner.lines)


@pytest.mark.parametrize("ask", ["resolve", "build", "sweep", "run"])
def test_without_docker_it_is_docker_that_is_missing(
    backend: DockerBackend, engine: StubEngine, runner: CannedRunner, order: BuildOrder, ask: str
) -> None:
    """A machine that never had docker needs to be told what to install, not what to start."""
    runner.answers["docker"] = missing("docker")
    engine.stopped = EngineStoppedError("nothing answers")
    asking: dict[str, Callable[[], object]] = {
        "resolve": lambda: backend.resolve(DEBIAN, AMD64, None),
        "build": lambda: backend.build([order]),
        "sweep": lambda: backend.sweep("temporary", lambda _tag: True),
        "run": lambda: backend.run(Image(id=ID, reference=ID), RunOptions()),
    }
    with pytest.raises(ToolMissingError) as caught:
        asking[ask]()
    assert "apt-get install docker.io" in caught.value.hint


def test_names(backend: DockerBackend, engine: StubEngine) -> None:
    engine.images[str(WEB)] = image(ID, digests=(f"other@{OTHER}", f"{WEB.name}@{DIGEST}"))
    engine.images[ID] = engine.images[str(WEB)]
    assert backend.find(WEB) == Image(id=ID, reference=f"{WEB.name}@{DIGEST}")
    assert backend.find(ID) == Image(id=ID, reference=ID)
    assert backend.find("sha256:gone") is None
    assert backend.tag(Image(id=ID, reference=ID), WEB) == Image(id=ID, reference=f"{WEB.name}@{DIGEST}")
    backend.untag(WEB)
    assert engine.asked == [("tag", ID, str(WEB)), ("untag", str(WEB))]


def test_an_image_that_was_never_pushed_runs_by_its_id(backend: DockerBackend, engine: StubEngine) -> None:
    engine.images[str(WEB)] = image(ID)
    assert backend.find(WEB) == Image(id=ID, reference=ID)


def test_sweeping_spares_what_a_container_uses(backend: DockerBackend, engine: StubEngine) -> None:
    engine.images = {
        "a": image(ID, tags=("temporary:1", "web:1", "temporary:2")),
        "b": image(OTHER, tags=("temporary:3",)),
        "c": image(DIGEST, tags=("temporary2:1",)),
    }
    engine.used = (OTHER,)
    backend.sweep("temporary", lambda tag: tag != "2")
    assert engine.asked == [("untag", "temporary:1")]
    backend.sweep("temporary", lambda tag: tag in "123")
    assert engine.asked[1:] == [("untag", "temporary:1"), ("untag", "temporary:2")]


def test_sweeping_removes_stopped_containers_before_their_images(backend: DockerBackend, engine: StubEngine) -> None:
    engine.images = {"a": image(ID, tags=("temporary:1",)), "b": image(OTHER, tags=("temporary:2",))}
    engine.stopped_names = {"temporary-1": ID, "temporary-3": OTHER, "temporary2-1": DIGEST}
    engine.used = (ID, OTHER)
    backend.sweep("temporary", lambda name: name in "12")
    assert engine.asked == [("remove stopped", "temporary-1"), ("untag", "temporary:1")]


def test_push_and_where(backend: DockerBackend, engine: StubEngine) -> None:
    assert backend.push(WEB, lambda _news: None) == "sha256:pushed"
    assert backend.where() == "docker unix:///run/engine.sock"


def test_only_a_detached_run_prints(backend: DockerBackend, runner: CannedRunner, printed: list[str]) -> None:
    runner.answers["docker create"] = Result(code=0, stdout="the-id\n")
    assert backend.run(Image(id=ID, reference=ID), RunOptions()) == 0
    assert printed == []
    assert backend.run(Image(id=ID, reference=ID), RunOptions(detach=True)) == 0
    assert printed == ["the-id"]
