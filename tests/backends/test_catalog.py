"""Which backend builds, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cargo_stow.backends import catalog
from cargo_stow.errors import EngineDeniedError, EngineError, EngineStoppedError, StowError, UsageError
from tests.backends.stub_engine import StubEngine

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> StubEngine:
    made = StubEngine()
    monkeypatch.setattr(catalog, "Engine", lambda _environment: made)
    monkeypatch.setattr(made, "ping", lambda: fail(made.stopped))
    return made


def fail(error: Exception | None) -> None:
    if error:
        raise error


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """With youki on PATH, and another runtime."""
    for name in ("youki", "crun"):
        (tmp_path / name).touch(mode=0o755)
    return {"PATH": str(tmp_path)}


@pytest.mark.parametrize("name", ["docker", "youki"])
def test_a_name_is_meant(name: str, engine: StubEngine) -> None:
    engine.stopped = AssertionError("nobody need be asked")
    assert catalog.choose(name, {"DOCKER_HOST": "x"}) == (name, "")


@pytest.mark.parametrize("variable", ["DOCKER_HOST", "DOCKER_CONTEXT"])
def test_an_engine_that_the_environment_names(variable: str, engine: StubEngine, environment: dict[str, str]) -> None:
    engine.stopped = AssertionError("nobody need be asked")
    assert catalog.choose("auto", {**environment, variable: "x"}) == ("docker", "")


def test_an_engine_that_answers(engine: StubEngine, environment: dict[str, str]) -> None:
    assert catalog.choose("auto", {**environment, "DOCKER_HOST": ""}) == ("docker", "")


@pytest.mark.parametrize("error", [EngineStoppedError, EngineDeniedError])
class TestWithoutAnEngine:
    def test_a_runtime_is_there(self, engine: StubEngine, environment: dict[str, str], error: type[StowError]) -> None:
        engine.stopped = error("the engine is away")
        assert catalog.choose("auto", environment) == ("youki", "the engine is away; --backend says otherwise")

    def test_neither_is_there(self, engine: StubEngine, tmp_path: Path, error: type[StowError]) -> None:
        engine.stopped = error("the engine is away")
        assert catalog.choose("auto", {"PATH": str(tmp_path / "nothing")}) == ("docker", "")

    @pytest.mark.parametrize(("runtime", "name"), [("crun", "youki"), ("runc", "docker")])
    def test_the_runtime_that_the_environment_names(
        self, engine: StubEngine, environment: dict[str, str], error: type[StowError], runtime: str, name: str
    ) -> None:
        engine.stopped = error("the engine is away")
        assert catalog.choose("auto", {**environment, "CARGO_STOW_RUNTIME": runtime})[0] == name


@pytest.mark.parametrize("error", [EngineError, UsageError])
def test_one_that_answers_badly_is_there(
    engine: StubEngine, environment: dict[str, str], error: type[StowError]
) -> None:
    engine.stopped = error("it says no")
    assert catalog.choose("auto", environment) == ("docker", "")
