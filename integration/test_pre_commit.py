"""The hook under the real pre-commit, which installs this repository from a clone into an environment of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from integration.driver.stow import Stow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from integration.driver.done import Done
    from integration.driver.engine import Engine
    from integration.driver.leaks import Ledger

ROOT = Path(__file__).parents[1]
CONFIG = """\
repos:
- repo: {repository}
  rev: {revision}
  hooks:
  - id: cargo-stow-dockerfile
"""
GIT = {
    "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "stow", "GIT_AUTHOR_EMAIL": "stow@example.org",
    "GIT_COMMITTER_NAME": "stow", "GIT_COMMITTER_EMAIL": "stow@example.org",
}  # fmt: skip


def git(stow: Stow, *words: str, cwd: Path | None = None, code: int | None = 0) -> Done:
    return stow.run(["git", *words], cwd=cwd, code=code)


@pytest.fixture
def committed(own_engine: Engine, tmp_path: Path, ledger: Ledger) -> Iterator[Stow]:
    """A scratch repository with the greeter in it and the hook installed; nothing is committed yet."""
    stow = Stow.copy("greeter", own_engine, tmp_path)
    stow.environment |= {**GIT, "PRE_COMMIT_HOME": str(tmp_path / "pre-commit-home")}
    git(stow, "init", "--quiet")
    (stow.root / ".gitignore").write_text("target\n")
    config = CONFIG.format(repository=tmp_path / "clone", revision=clone(stow, tmp_path / "clone"))
    (stow.root / ".pre-commit-config.yaml").write_text(config)
    stow.run([sys.executable, "-m", "pre_commit", "install"])
    yield stow
    ledger.add(stow)
    stow.clean()


def clone(stow: Stow, place: Path) -> str:
    """Make a repository of what is in this one's working tree now; returns its commit."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listing, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_bytes((ROOT / name).read_bytes())
    git(stow, "init", "--quiet", cwd=place)
    git(stow, "add", "--all", cwd=place)
    git(stow, "commit", "--quiet", "--message", "as it is", cwd=place)
    return git(stow, "rev-parse", "HEAD", cwd=place).out.strip()


def commit(stow: Stow, *, passes: bool) -> Done:
    git(stow, "add", "--all")
    done = git(stow, "commit", "--message", "change", code=None)
    assert (done.code == 0) is passes, done.out + done.err
    assert "Traceback" not in done.out + done.err
    return done


def test_a_commit_that_leaves_the_dockerfile_behind_fails(committed: Stow) -> None:
    first = commit(committed, passes=False)
    assert "Failed" in first.err + first.out
    written = (committed.root / "Dockerfile").read_text()
    assert "FROM debian:bookworm-slim" in written
    commit(committed, passes=True)

    committed.edit("Cargo.toml", "runtime_deps = []", 'runtime_deps = ["libssl3"]')
    commit(committed, passes=False)
    assert "libssl3" in (committed.root / "Dockerfile").read_text()
    commit(committed, passes=True)

    committed.edit("src/main.rs", "Hello, ", "Unrelated, ")
    unrelated = commit(committed, passes=True)
    assert "no files to check" in unrelated.err + unrelated.out

    (committed.root / "Dockerfile").write_text("FROM by-hand\n")
    commit(committed, passes=False)
    committed("dockerfile", "--check")
    commit(committed, passes=False)  # back to what is committed: nothing to commit, which git says with 1

    committed.edit("Cargo.toml", "base_image", "bass_image")
    broken = commit(committed, passes=False)
    assert "bass_image" in broken.err + broken.out
