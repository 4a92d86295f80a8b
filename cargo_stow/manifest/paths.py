"""Questions to the disk that never raise for what a manifest can say: over-long names, loops, missing rights.

Owns the two meanings of "the same directory": cargo's, which folds `..` in the text of a path, and ours, which follows
symbolic links. Reads no file.
"""

from __future__ import annotations

import os
from pathlib import Path


def normalized(path: Path) -> Path:
    """Make absolute and fold `.` and `..` in the text alone, as cargo does; links are not followed."""
    return Path(os.path.abspath(path))  # noqa: PTH100  (Path.absolute keeps `..`, Path.resolve follows links)


def resolved(path: Path) -> Path:
    """Make absolute and follow every link. Path.resolve raises on a loop before Python 3.13; this does not."""
    return Path(os.path.realpath(path))


def is_file(path: Path) -> bool:
    return os.path.isfile(path)  # noqa: PTH113  (Path.is_file raises for a name that is too long)


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
