"""Interrupted or failing in any phase: image, tag, record and lock stay as they were."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from cargo_stow import inputs as inputs_module
from cargo_stow.actions import build as build_module
from cargo_stow.actions.push import push
from cargo_stow.actions.run import run
from cargo_stow.actions.update import update
from cargo_stow.backends.protocol import RunOptions
from cargo_stow.errors import EngineError, FileError, Terminated
from cargo_stow.project import Project
from cargo_stow.record import Record
from tests.single import build

if TYPE_CHECKING:
    from pathlib import Path

    from cargo_stow.backends.memory import MemoryBackend
    from cargo_stow.session import Session

Load = Callable[..., Project]
ENDS = [KeyboardInterrupt(), Terminated(15), EngineError("the engine broke off"), RuntimeError("a bug")]
State = tuple[dict[str, str], set[str], dict[str, str], dict[str, bytes]]


@pytest.fixture
def state(greeter: Path, backend: MemoryBackend) -> Callable[[], State]:
    """All that must not change: names, pushed digests, and the files that are ours."""

    def look() -> State:
        files = {path.name: path.read_bytes() for path in (greeter / "Stow.lock", *greeter.glob("target/stow/*.json"))
                 if path.exists()}  # fmt: skip
        return dict(backend.tags), {backend.tags[name] for name in backend.tags}, dict(backend.pushed), files

    return look


@pytest.mark.parametrize("error", ENDS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("phase", ["resolve", "check", "build", "tag"])
def test_the_first_build(
    *,
    session: Session,
    load: Load,
    backend: MemoryBackend,
    state: Callable[[], State],
    phase: str,
    error: BaseException,
) -> None:
    before = state()
    backend.fail(phase, error)
    with pytest.raises(type(error)):
        build(session, load(), locked=False)
    after = state()
    assert after[:3] == before[:3]
    assert "record.json" not in after[3]
    assert ("Stow.lock" in after[3]) == (phase != "resolve")
    assert build(session, load(), locked=False).id in backend.images


@pytest.mark.parametrize("error", ENDS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("phase", ["check", "build", "tag"])
def test_a_later_build(
    *, greeter: Path, session: Session, load: Load, backend: MemoryBackend, state: Callable[[], State],
    phase: str, error: BaseException,
) -> None:  # fmt: skip
    main = (greeter / "src/main.rs").read_text()
    first = build(session, load(), locked=False)
    before = state()
    (greeter / "src/main.rs").write_text("changed")
    backend.fail(phase, error)
    with pytest.raises(type(error)):
        build(session, load(), locked=False)
    assert state() == before
    (greeter / "src/main.rs").write_text(main)
    builds = backend.counts["build"]
    assert build(session, load(), locked=False) == first
    assert backend.counts["build"] == builds


@pytest.mark.parametrize("error", [KeyboardInterrupt(), FileError("disk full")], ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("has_one", [True, False])
def test_recording(
    *, greeter: Path, session: Session, load: Load, backend: MemoryBackend, state: Callable[[], State],
    monkeypatch: pytest.MonkeyPatch, error: BaseException, has_one: bool,
) -> None:  # fmt: skip
    if has_one:
        build(session, load(), locked=False)
        (greeter / "src/main.rs").write_text("changed")
    before = state()

    def fail(*_args: object) -> None:
        raise error

    monkeypatch.setattr(Record, "add", fail)
    with pytest.raises(type(error)):
        build(session, load(), locked=False)
    assert state()[:2] == before[:2]
    assert state()[3].get("record.json") == before[3].get("record.json")


def test_the_first_failure_is_told_of_when_the_tag_cannot_be_given_back(
    greeter: Path, session: Session, load: Load, backend: MemoryBackend
) -> None:
    build(session, load(), locked=False)
    (greeter / "src/main.rs").write_text("changed")
    backend.fail("tag", EngineError("first"))
    backend.fail("tag", EngineError("second"))
    with pytest.raises(EngineError, match="first"):
        build(session, load(), locked=False)


def test_a_file_that_cannot_be_read_meanwhile(
    session: Session, load: Load, backend: MemoryBackend, greeter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = load()
    hash_inputs = inputs_module.hash_inputs
    answers = iter([hash_inputs])

    def once(*args: object) -> str:
        known = next(answers, None)
        if known is None:
            raise FileError("cannot read a source")
        return known(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(build_module, "hash_inputs", once)
    with pytest.raises(FileError):
        build(session, project, locked=False)
    assert not backend.tags


@pytest.mark.parametrize("error", ENDS, ids=lambda error: type(error).__name__)
def test_pushing(
    session: Session, load: Load, backend: MemoryBackend, state: Callable[[], State], error: BaseException
) -> None:
    build(session, load(), locked=False)
    before = state()
    backend.fail("push", error)
    with pytest.raises(type(error)):
        push(session, [load()])
    assert state() == before


@pytest.mark.parametrize("error", ENDS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("phase", ["sweep", "build", "tag", "run"])
@pytest.mark.parametrize("detach", [True, False])
def test_running(
    *, greeter: Path, session: Session, load: Load, backend: MemoryBackend, state: Callable[[], State],
    phase: str, error: BaseException, detach: bool,
) -> None:  # fmt: skip
    build(session, load(), locked=False)
    before = state()
    (greeter / "src/main.rs").write_text("changed")
    backend.fail(phase, error)
    with pytest.raises(type(error)):
        run(session, load(), RunOptions(detach=detach), locked=False)
    assert state() == before


def test_updating(session: Session, load: Load, backend: MemoryBackend, state: Callable[[], State]) -> None:
    build(session, load(), locked=False)
    before = state()
    backend.registry["debian:bookworm-slim"] = f"sha256:{'5' * 64}"
    backend.at("resolve", lambda: None)
    backend.fail("resolve", KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        update(session, [load()], whole=False, locked=False)
    assert state() == before
