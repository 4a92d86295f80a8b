"""Places for mounts in a root file system, and their removal: a runtime makes those that are missing, and leaves them.

What is left would be in the layer: empty files where secrets were (`/root/.netrc`).
"""

from __future__ import annotations

import contextlib
import os
import stat
from typing import TYPE_CHECKING

from cargo_stow.backends.youki.trees import make_missing
from cargo_stow.errors import ImageFormatError
from cargo_stow.sandbox.bundle import SYSTEM_TARGETS
from cargo_stow.sandbox.rooted import resolve

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from cargo_stow.sandbox.bundle import Bind


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
            _remove(path, root)


def targets_of(binds: tuple[Bind, ...]) -> list[tuple[str, bool]]:
    """Say where the root file system itself needs a place for mounts: not below another mount."""
    system = [(target, True) for target in SYSTEM_TARGETS]
    own = [(bind.target, os.path.isdir(bind.source)) for bind in binds]  # noqa: PTH112 - a text all the way
    tops = [target for target, _ in (*system, *own)]
    return [each for each in (*system, *own) if not any(each[0].startswith(f"{top.rstrip('/')}/") for top in tops)]


def _make(path: Path, root: Path, *, is_directory: bool) -> Iterator[Path]:
    if os.path.lexists(path):
        return
    yield from make_missing(path if is_directory else path.parent, root)
    if not is_directory:
        path.touch()
        path.chmod(0o644)
        yield path


def _remove(path: Path, root: Path) -> None:
    """Remove what is empty. What ran there can have put links on the way: they lead nowhere but below the root."""
    with contextlib.suppress(OSError, ImageFormatError):
        path = resolve(root, str(path.parent.relative_to(root))) / path.name
        status = path.lstat()
        if stat.S_ISDIR(status.st_mode):
            path.rmdir()
        elif stat.S_ISREG(status.st_mode) and not status.st_size:
            path.unlink()
