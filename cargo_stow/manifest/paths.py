"""Questions to the disk that never raise for what a manifest can say: over-long names, loops, missing rights.

Owns the two meanings of "the same directory": cargo's, which folds `..` in the text of a path, and ours, which follows
symbolic links. Reads no file.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def normalized(path: Path) -> Path:
    """Make absolute and fold `.` and `..` in the text alone, as cargo does; links are not followed."""
    return Path(os.path.abspath(path))  # noqa: PTH100  (Path.absolute keeps `..`, Path.resolve follows links)


def resolved(path: Path) -> Path:
    """Make absolute and follow every link. Path.resolve raises on a loop before Python 3.13; this does not."""
    return Path(os.path.realpath(path))


def is_within(path: Path, directories: Iterable[Path]) -> bool:
    """Say whether a path lies below one of several directories, or is one of them, by its text alone."""
    return any(path.is_relative_to(each) for each in directories)


def by_links(directory: Path, others: Iterable[Path]) -> tuple[Path, ...]:
    """Return those of the paths that a directory names to which links lead, as seen from where it really is."""
    home = resolved(directory)
    seen = {normalized(home / os.path.relpath(path, directory)) for path in others}
    return tuple(sorted(path for path in seen if path != resolved(path)))


def with_real_paths(table: Mapping[str, object], directory: Path) -> dict[str, object]:
    """Return a manifest of which every `path` that links lead to a directory by is the path of that directory."""
    return {
        key: with_real_paths(value, directory) if isinstance(value, Mapping) else _real(key, value, directory)
        for key, value in table.items()
    }


def _real(key: str, value: object, directory: Path) -> object:
    path = directory / value if key == "path" and isinstance(value, str) and "\0" not in value else None
    if path is None or normalized(path) == resolved(path) or not is_directory(path):
        return value
    return os.path.relpath(resolved(path), directory)


def is_file(path: Path) -> bool:
    return os.path.isfile(path)  # noqa: PTH113  (Path.is_file raises for a name that is too long)


def is_link(path: Path) -> bool:
    return os.path.islink(path)  # noqa: PTH114  (as above)


def is_socket(path: Path) -> bool:
    try:
        return stat.S_ISSOCK(path.stat().st_mode)
    except (OSError, ValueError):
        return False


def is_refused(path: Path) -> bool:
    """Say whether something is at a path, or may be behind a directory on the way, that this user may not read."""
    try:
        path.stat()
    except PermissionError:
        return True
    except (OSError, ValueError):
        return False
    return not os.access(path, os.R_OK)


def is_directory(path: Path) -> bool:
    return os.path.isdir(path)  # noqa: PTH112  (as above)


def exists(path: Path) -> bool:
    return os.path.exists(path)  # noqa: PTH110  (as above)


def entries(directory: Path) -> list[Path]:
    """List a directory in a stable order; one that cannot be listed is empty, as it is to cargo."""
    try:
        return sorted(directory.iterdir())
    except OSError:
        return []
