"""The patterns of `workspace.members`, as cargo's `glob` crate reads them: `*` also matches names with a dot first."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from cargo_stow.manifest.paths import entries, exists, is_directory, normalized

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_MAGIC = re.compile(r"[*?\[]")


def expand(base: Path, pattern: str) -> list[Path]:
    """Return the directories that a pattern names, sorted; the pattern itself, as a path, where it matches nothing."""
    found = [base]
    for part in PurePosixPath(pattern).parts:
        found = list(dict.fromkeys(path for directory in found for path in _step(directory, part)))
    directories = sorted({normalized(path) for path in found if is_directory(path)})
    return directories if any(exists(path) for path in found) else [normalized(base / pattern)]


def _step(directory: Path, part: str) -> Iterable[Path]:
    if part == "**":  # no directory at all, too
        return [directory, *_below(directory)]
    if not _MAGIC.search(part):
        return [directory / part]
    return [path for path in entries(directory) if fnmatchcase(path.name, part)]


def _below(directory: Path) -> list[Path]:
    """All directories under one, without following links (they could lead in a circle)."""
    found: list[Path] = []
    waiting = [directory]
    while waiting:
        below = [path for path in entries(waiting.pop()) if is_directory(path) and not path.is_symlink()]
        found += below
        waiting += below
    return found
