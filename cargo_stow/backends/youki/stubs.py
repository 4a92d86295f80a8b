"""Places for mounts in a root file system, and their removal: a runtime makes those that are missing, and leaves them.

What is left would be in the layer: empty files where secrets were (`/root/.netrc`).
"""

from __future__ import annotations

import contextlib
import os
import stat
from typing import TYPE_CHECKING

from cargo_stow.sandbox.rooted import resolve

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


@contextlib.contextmanager
def places(root: Path, targets: Iterable[tuple[str, bool]]) -> Iterator[None]:
    """Make what is missing of targets, each a path and whether it is a directory; remove it in the end if it is empty.

    Those below another target, or where the runtime mounts memory, are not in the root file system.
    """
    made: list[Path] = []
    for target, is_directory in targets:
        made += _make(resolve(root, target), root, is_directory=is_directory)
    try:
        yield
    finally:
        for path in reversed(made):
            _remove(path)


def _make(path: Path, root: Path, *, is_directory: bool) -> Iterator[Path]:
    missing = [each for each in path.parents if each.is_relative_to(root) and not each.exists()]
    for parent in reversed(missing):
        parent.mkdir()
        parent.chmod(0o755)
        yield parent
    if not os.path.lexists(path):
        path.mkdir() if is_directory else path.touch()
        path.chmod(0o755 if is_directory else 0o644)
        yield path


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        status = path.lstat()
        if stat.S_ISDIR(status.st_mode):
            path.rmdir()
        elif stat.S_ISREG(status.st_mode) and not status.st_size:
            path.unlink()
