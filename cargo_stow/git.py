"""What git says of the commit that is built. Starts git through a Runner; where there is none, nothing is known.

Source: git's documentation, git-status, "Porcelain Format Version 2".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cargo_stow.errors import StowError
from cargo_stow.model import Git

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from cargo_stow.process import Runner

_DETACHED, _INITIAL = "(detached)", "(initial)"


class Repository:
    """The repository that a directory lies in. `paths` are what is built, but for those `without`."""

    def __init__(
        self,
        directory: Path,
        runner: Runner,
        environment: Mapping[str, str],
        *,
        paths: Iterable[Path],
        without: Iterable[Path] = (),
    ) -> None:
        self._directory = directory
        self._paths = [*(f":(literal){path}" for path in paths), *(f":(exclude,literal){path}" for path in without)]
        self._runner = runner
        # Another git at work is not to be in its way: it refreshes an index that it does not write.
        self._environment = {**environment, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}

    def load(self, *, with_tag: bool = False, with_remote: bool = False) -> Git | None:
        """Return what git knows; None without git, outside of a repository, and before the first commit."""
        status = self._ask("status", "--porcelain=v2", "--branch", "--untracked-files=normal", "--", *self._paths)
        if status is None:
            return None
        lines = status.split("\n")  # a branch's name may have what Python takes for another end of a line
        heads = dict(line[2:].split(" ", 1) for line in lines if line.startswith("# branch."))
        sha, branch = heads.get("branch.oid", _INITIAL), heads.get("branch.head", _DETACHED)
        if sha == _INITIAL:
            return None
        return Git(
            sha=sha,
            branch=None if branch == _DETACHED else branch,
            tag=self._tag() if with_tag else None,
            is_dirty=any(line and not line.startswith("#") for line in lines),
            remote=self._ask("config", "--get", "remote.origin.url") if with_remote else None,
        )

    def _tag(self) -> str | None:
        """Of several tags of a commit the newest by version, as git sorts them."""
        tags = self._ask("tag", "--no-column", "--points-at", "HEAD", "--sort=-version:refname")
        return tags.split("\n", 1)[0] or None if tags else None

    def _ask(self, *arguments: str) -> str | None:
        argv = ["git", "-C", str(self._directory), "-c", "core.fsmonitor=false", *arguments]
        try:
            result = self._runner.capture(argv, env=self._environment)
        except StowError:  # git is not installed
            return None
        return result.stdout.removesuffix("\n") if result.code == 0 else None
