"""Git repositories for tests."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_IDENTITY = ("-c", "user.name=A Name", "-c", "user.email=a@b.invalid", "-c", "commit.gpgsign=false")


def git(directory: Path, *words: str) -> str:
    """Run git without the user's own configuration; returns what it prints."""
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    argv = ["git", *_IDENTITY, *words]
    return subprocess.run(argv, cwd=directory, env=environment, check=True, capture_output=True, text=True).stdout


def commit(directory: Path, *, tag: str | None = None, branch: str = "main") -> str:
    """Commit all that is in a directory, in a new repository if there is none; returns the commit's ID."""
    if not (directory / ".git").exists():
        git(directory, "init", "--quiet", "--initial-branch", branch)
    git(directory, "add", "--all")
    git(directory, "commit", "--quiet", "--allow-empty", "--message", "A commit")
    if tag:
        git(directory, "tag", tag)
    return git(directory, "rev-parse", "HEAD").strip()
