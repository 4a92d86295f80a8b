"""The backend of a command."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from cargo_stow import session as module
from cargo_stow.backends.catalog import BACKENDS
from cargo_stow.backends.memory import MemoryBackend
from cargo_stow.errors import UsageError
from cargo_stow.session import Session


def project(name: str, backend: str, origin: str = "Cargo.toml") -> Any:
    return SimpleNamespace(
        package=SimpleNamespace(name=name), settings=SimpleNamespace(backend=backend, origins={"backend": origin})
    )


def test_what_all_projects_name() -> None:
    session = Session(environment={})
    session.choose([project("web", "youki"), project("worker", "youki")])
    assert session.chosen == "youki"


def test_no_project_names_none() -> None:
    session = Session(environment={}, chosen="docker")
    session.choose(iter([]))
    assert session.chosen == "docker"


def test_two_backends_in_one_command() -> None:
    session = Session(environment={})
    with pytest.raises(UsageError, match="youki for worker") as caught:
        session.choose([project("worker", "youki", "b/Cargo.toml"), project("web", "docker", "a/Cargo.toml")])
    assert "docker for web (a/Cargo.toml) and youki for worker (b/Cargo.toml)" in caught.value.message
    assert "--backend docker" in caught.value.hint
    assert session.chosen == "auto"


def test_it_is_made_once_and_said_why(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    made: list[MemoryBackend] = []

    def make(*_arguments: object) -> MemoryBackend:
        made.append(MemoryBackend())
        return made[-1]

    monkeypatch.setattr(module, "choose", lambda name, _environment: ("youki", f"the engine is away ({name})"))
    monkeypatch.setitem(BACKENDS, "youki", make)
    session = Session(environment={})
    assert session.backend() is session.backend()
    assert len(made) == 1
    assert capsys.readouterr().err.count("youki, since the engine is away (auto)") == 1
