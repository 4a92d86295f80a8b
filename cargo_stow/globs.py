"""The files that a pattern means on this disk. Follows links, as far as they stay within one directory."""

# ruff: noqa: PTH112, PTH113 - methods of Path raise for a name that is too long, or a closed directory
from __future__ import annotations

import os
from os.path import isdir, isfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from cargo_stow.context import VERSION_CONTROL
from cargo_stow.errors import FileError
from cargo_stow.links import trace

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from cargo_stow.patterns import Pattern

# Directories in each other, below where a pattern begins. Each is looked at by all that are above it.
_DEEPEST = 100


def expand(base: Path, pattern: Pattern, limit: Path, without: Collection[Path] = ()) -> list[Path]:
    """Return the files that a pattern means, with those below where it means a directory, by paths that may hold links.

    What version control keeps is left out, and so are directories `without`. Raises ValueError for a link that leads
    out of `limit`, by an absolute path too, for what is neither a file nor a directory, and where nothing is.
    """
    start = Path(os.path.normpath(base / pattern.fixed))
    _check_end(start, limit)
    if not isdir(start):
        return [start] if pattern.is_plain or pattern.matches(pattern.fixed) else []
    return list(_walk(start, pattern.fixed, pattern, limit, {start.resolve(), *without}))


def _check_end(path: Path, limit: Path) -> None:
    """Hold that a path, with the links on it, leads to something within a directory."""
    if not path.is_relative_to(limit):
        raise ValueError(f"it leads out of {limit}")
    try:
        end = path.resolve(strict=True)
    except (OSError, RuntimeError) as error:  # of a circle of links, older versions of Python make the latter
        raise ValueError(f"there is no {path}") from error
    if end not in trace(path, limit):
        raise ValueError(f"{path} is, or has on it, a link that leads out of {limit}, or is absolute: to {end}")
    if not (isfile(end) or isdir(end)):
        raise ValueError(f"{path} is neither a file nor a directory")


def _walk(
    directory: Path, within: PurePosixPath, pattern: Pattern, limit: Path, above: Collection[Path]
) -> Iterator[Path]:
    for name in _names(directory):
        path, inside = directory / name, within / name
        is_wanted = pattern.is_plain or pattern.matches(inside)
        if isdir(path):
            if not (is_wanted or pattern.may_match_below(inside)):
                continue
            _check_end(path, limit)
            end = path.resolve()
            if len(above) > _DEEPEST:
                raise ValueError(f"directories are nested too deeply, as {path}")
            if end not in above:
                yield from _walk(path, inside, pattern, limit, {*above, end})
            elif path.is_symlink():
                raise ValueError(f"{path} leads to a directory that it lies in")
        elif is_wanted:
            _check_end(path, limit)
            yield path


def _names(directory: Path) -> list[str]:
    try:
        return sorted(path.name for path in directory.iterdir() if path.name not in VERSION_CONTROL)
    except OSError as error:
        raise FileError(f"cannot read {directory}: {error.strerror}", hint="check its permissions") from error
