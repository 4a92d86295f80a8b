"""What git says of a commit, asked of a real git in a real repository."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from cargo_stow.errors import ToolMissingError
from cargo_stow.git import Repository
from cargo_stow.process import Result, SystemRunner
from cargo_stow.project import Request
from cargo_stow.projects import load_projects
from tests.canned_runner import CannedRunner
from tests.repositories import commit, git

if TYPE_CHECKING:
    from pathlib import Path

    from cargo_stow.model import Git


def found(directory: Path, **asked: bool) -> Git | None:
    without = [directory / "Stow.lock"]
    return Repository(directory, SystemRunner(), dict(os.environ), paths=[directory], without=without).load(**asked)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    directory = tmp_path / "a [b] *"
    directory.mkdir()
    (directory / "file").write_text("1")
    return directory


def test_a_commit(repository: Path) -> None:
    sha = commit(repository, tag="v1.0", branch="feature/x")
    git(repository, "tag", "v1.10")
    git(repository, "remote", "add", "origin", "git@example.org:a/b.git")
    told = found(repository, with_tag=True, with_remote=True)
    assert told is not None
    assert (told.sha, told.branch, told.tag, told.is_dirty) == (sha, "feature/x", "v1.10", False)
    assert (told.remote, told.revision) == ("git@example.org:a/b.git", sha)


def test_what_makes_it_dirty(repository: Path) -> None:
    sha = commit(repository)
    (repository / "Stow.lock").write_text("ours")
    assert found(repository) is not None
    assert found(repository).revision == sha  # type: ignore[union-attr]
    (repository / "new").write_text("untracked")
    assert found(repository).revision == f"{sha}-dirty"  # type: ignore[union-attr]
    (repository / "new").unlink()
    (repository / "file").write_text("2")
    assert found(repository).is_dirty  # type: ignore[union-attr]


def test_a_commit_without_branch_and_tag(repository: Path) -> None:
    commit(repository)
    git(repository, "checkout", "--quiet", "--detach")
    told = found(repository, with_tag=True, with_remote=True)
    assert told is not None
    assert (told.branch, told.tag, told.remote) == (None, None, None)


def test_nothing_is_known_before_the_first_commit_outside_and_without_git(repository: Path, tmp_path: Path) -> None:
    git(repository, "init", "--quiet")
    assert found(repository) is None
    assert found(tmp_path) is None
    for answer in (ToolMissingError("git is not installed"), Result(code=128)):
        runner = CannedRunner(answers={"git": answer})
        assert Repository(repository, runner, {}, paths=[repository]).load() is None


def test_a_path_crate_of_another_repository(greeter: Path, environment: dict[str, str]) -> None:
    """Its files are not git's to tell of; what git says of the rest is said all the same."""
    other = greeter.parent / "other"
    (other / "src").mkdir(parents=True)
    (other / "src/lib.rs").write_text("")
    (other / "Cargo.toml").write_text('[package]\nname = "other"\nversion = "0.1.0"\nedition = "2021"\n')
    manifest = greeter / "Cargo.toml"
    manifest.write_text(manifest.read_text() + '\n[dependencies]\nother = { path = "../other" }\n')
    sha = commit(greeter)
    environment = {**environment, "PATH": os.environ["PATH"]}
    (project,) = load_projects(Request(manifest_path=manifest), environment, SystemRunner(), cargo=False)
    assert dict(project.settings.labels)["org.opencontainers.image.revision"] == sha
