"""`run`, `push` and `update` on a real, tiny crate and a backend in memory."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from cargo_stow.actions.push import check_pushable, push
from cargo_stow.actions.run import REPOSITORY, run
from cargo_stow.actions.update import update
from cargo_stow.backends.protocol import RunOptions
from cargo_stow.errors import BuildError, EngineError, LockError, UsageError
from cargo_stow.project import Project
from tests.single import build

if TYPE_CHECKING:
    from pathlib import Path

    from cargo_stow.backends.memory import MemoryBackend
    from cargo_stow.session import Session

Load = Callable[..., Project]
TARGET = "registry.example.org/team/greeter:1"


def temporary(backend: MemoryBackend) -> list[str]:
    return [name for name in backend.tags if name.startswith(f"{REPOSITORY}:")]


@pytest.mark.usefixtures("greeter")
class TestRun:
    def test_the_program_has_the_arguments_and_we_its_exit_code(
        self, session: Session, load: Load, backend: MemoryBackend
    ) -> None:
        backend.exit_code = 7
        options = RunOptions(arguments=("--flag", "a b"), publish=("80:80",), environment=("A=1",), volumes=("/a:/b",))
        assert run(session, load(), options, locked=False) == 7
        [(image, given)] = backend.runs
        assert given == options
        assert (backend.tags, backend.images) == ({}, set())
        assert image.id

    def test_the_image_has_a_name_while_the_program_runs(
        self, session: Session, load: Load, backend: MemoryBackend
    ) -> None:
        seen: list[str] = []
        backend.at("run", lambda: seen.extend(backend.tags))
        run(session, load(), RunOptions(), locked=False)
        assert len(seen) == 1
        assert seen[0].startswith(f"{REPOSITORY}:")

    def test_the_image_of_build_is_lent_and_stays(self, session: Session, load: Load, backend: MemoryBackend) -> None:
        built = build(session, load(), locked=False)
        run(session, load(), RunOptions(), locked=False)
        assert backend.runs[0][0].id == built.id
        assert backend.counts["build"] == 1
        assert backend.tags == {TARGET: built.id}

    def test_a_changed_crate_is_built_for_the_run_and_the_image_of_build_stays(
        self, greeter: Path, session: Session, load: Load, backend: MemoryBackend
    ) -> None:
        built = build(session, load(), locked=False)
        (greeter / "src/main.rs").write_text("changed")
        run(session, load(), RunOptions(), locked=False)
        assert backend.runs[0][0].id != built.id
        assert (backend.tags, backend.images) == ({TARGET: built.id}, {built.id})

    def test_a_detached_program_keeps_its_image_until_a_later_run(
        self, session: Session, load: Load, backend: MemoryBackend, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert run(session, load(), RunOptions(detach=True), locked=False) == 0
        kept = temporary(backend)
        assert len(kept) == 1
        run(session, load(), RunOptions(), locked=False)
        assert temporary(backend) == kept  # for all we know it has no container yet
        later = time.time() + 3600
        monkeypatch.setattr(time, "time", lambda: later)
        run(session, load(), RunOptions(), locked=False)
        assert temporary(backend) == []

    def test_a_long_build_does_not_make_its_image_old(
        self, session: Session, load: Load, backend: MemoryBackend, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        later = time.time() + 3600
        backend.at("build", lambda: monkeypatch.setattr(time, "time", lambda: later))
        seen: list[str] = []
        backend.at("run", lambda: seen.extend(backend.tags))
        run(session, load(), RunOptions(), locked=False)
        assert seen[0].startswith(f"{REPOSITORY}:{int(later)}.")

    def test_names_of_somebody_else_are_not_swept(self, session: Session, load: Load, backend: MemoryBackend) -> None:
        theirs = [f"{REPOSITORY}:{tag}" for tag in ("v1", "latest", "1.2", "1", f"1.{'A' * 32}", f"1.{'a' * 33}")]
        ours = f"{REPOSITORY}:1.{'a' * 32}"
        backend.tags = dict.fromkeys([*theirs, ours], "sha256:old")
        run(session, load(), RunOptions(), locked=False)
        assert temporary(backend) == theirs

    def test_a_name_that_stays_hides_neither_exit_code_nor_failure(
        self, session: Session, load: Load, backend: MemoryBackend, capsys: pytest.CaptureFixture[str]
    ) -> None:
        backend.exit_code = 7
        backend.fail("untag", EngineError("in use"))
        assert run(session, load(), RunOptions(), locked=False) == 7
        assert "is left for a later run to remove: in use" in capsys.readouterr().err
        backend.fail("untag", EngineError("in use"))
        backend.fail("run", KeyboardInterrupt())
        with pytest.raises(KeyboardInterrupt):
            run(session, load(), RunOptions(), locked=False)

    def test_a_failing_build_runs_nothing(self, session: Session, load: Load, backend: MemoryBackend) -> None:
        backend.fail("build", BuildError("a step failed"))
        with pytest.raises(BuildError):
            run(session, load(), RunOptions(), locked=False)
        assert backend.runs == []

    def test_locked(self, session: Session, load: Load, backend: MemoryBackend) -> None:
        with pytest.raises(LockError):
            run(session, load(), RunOptions(), locked=True)
        assert backend.counts["build"] == 0


@pytest.mark.usefixtures("greeter")
class TestPush:
    def test_the_result_is_name_and_digest(
        self, session: Session, load: Load, backend: MemoryBackend, capsys: pytest.CaptureFixture[str]
    ) -> None:
        build(session, load(), locked=False)
        [reference] = push(session, [load()])
        assert reference == f"registry.example.org/team/greeter@{backend.pushed['registry.example.org/team/greeter']}"
        assert capsys.readouterr().out == ""

    def test_without_a_target_there_is_nowhere_to_push_to(
        self, greeter: Path, session: Session, load: Load, backend: MemoryBackend
    ) -> None:
        manifest = greeter / "Cargo.toml"
        manifest.write_text(manifest.read_text().replace("target_image", "# target_image"))
        for attempt in (check_pushable, lambda session, project: push(session, [project])):
            with pytest.raises(UsageError, match="`target_image` is missing") as caught:
                attempt(session, load())
            assert str(manifest) in caught.value.message
            assert "target_image = " in caught.value.hint
        assert not backend.counts

    def test_offline_nothing_is_pushed_and_so_nothing_built(self, session: Session, load: Load) -> None:
        session.offline = True
        with pytest.raises(UsageError, match=r"greeter:1 cannot be pushed: --offline .* forbids") as caught:
            check_pushable(session, load())
        assert "cargo stow build --offline" in caught.value.hint

    def test_a_target_with_a_digest_is_refused_before_anything_is_built(self, greeter: Path, load: Load) -> None:
        manifest = greeter / "Cargo.toml"
        digest = f"sha256:{'1' * 64}"
        manifest.write_text(manifest.read_text().replace("greeter:1", f"greeter:1@{digest}"))
        with pytest.raises(UsageError, match="digest"):
            load()


@pytest.mark.usefixtures("greeter")
class TestUpdate:
    def test_from_what_to_what(
        self, greeter: Path, session: Session, load: Load, backend: MemoryBackend, capsys: pytest.CaptureFixture[str]
    ) -> None:
        update(session, [load()], whole=False, locked=False)
        old = backend.resolve(load().base, load().platform, None).value
        assert f"Adding debian:bookworm-slim at {old}\n" in capsys.readouterr().err
        new = f"sha256:{'5' * 64}"
        backend.registry["debian:bookworm-slim"] = new
        update(session, [load()], whole=False, locked=False)
        err = capsys.readouterr().err
        assert f"Updating debian:bookworm-slim from {old} to {new}\n" in err
        assert "Unchanged rust:" in err
        text = (greeter / "Stow.lock").read_text()
        assert new in text
        assert old not in text

    def test_nothing_moved_and_nothing_is_written(
        self, greeter: Path, session: Session, load: Load, capsys: pytest.CaptureFixture[str]
    ) -> None:
        update(session, [load()], whole=False, locked=False)
        before = (greeter / "Stow.lock").stat()  # of it not the access time, which a reader moves
        capsys.readouterr()
        update(session, [load()], whole=False, locked=True)
        after = (greeter / "Stow.lock").stat()
        assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
        assert "Wrote" not in capsys.readouterr().err

    def test_locked_forbids_to_move(self, greeter: Path, session: Session, load: Load, backend: MemoryBackend) -> None:
        update(session, [load()], whole=False, locked=False)
        before = (greeter / "Stow.lock").read_bytes()
        backend.registry["debian:bookworm-slim"] = f"sha256:{'5' * 64}"
        with pytest.raises(LockError, match="--locked forbids to move it"):
            update(session, [load()], whole=False, locked=True)
        assert (greeter / "Stow.lock").read_bytes() == before


@pytest.mark.parametrize(
    ("package", "name"),
    [("greeter", "greeter"), ("Greeter", "greeter"), ("a_b-c", "a_b-c"), ("a___b", "a-b"), ("a-_b_", "a-b"),
     ("__", "crate")],
)  # fmt: skip
def test_the_name_without_a_target(greeter: Path, load: Load, package: str, name: str) -> None:
    (greeter / "Cargo.toml").write_text(
        f'[package]\nname = "{package}"\nversion = "1.0.0+meta"\n'
        '[package.metadata.container]\nbase_image = "debian:12"\n'
    )
    assert str(load().target) == f"{name}:1.0.0_meta"
