"""Copying and writing into a root file system: what is there already keeps its mode, what is new is root's."""

from __future__ import annotations

import os
import shutil
import stat
from typing import TYPE_CHECKING

from cargo_stow.errors import BuildError
from cargo_stow.sandbox.rooted import resolve

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path, PurePosixPath


def copy_into(source: Path, root: Path, target: str) -> None:
    """Copy a file to a path, or what is in a directory into a directory. Symbolic links stay what they are."""
    if source.is_dir() and not source.is_symlink():
        _copy_directory(source, make_directory(root, target))
    else:
        parent = make_directory(root, target.rpartition("/")[0])
        _copy_file(source, parent / target.rpartition("/")[2])


def _copy_directory(source: Path, target: Path) -> None:
    """`target` is there. Directories wait in a list, for they may be nested more deeply than Python's functions."""
    waiting = [(source, target)]
    while waiting:
        source, target = waiting.pop()
        for entry in list(os.scandir(source)):
            below = target / entry.name
            if entry.is_dir(follow_symlinks=False):
                if below.is_symlink() or not below.is_dir():
                    _remove(below)
                    below.mkdir()
                    below.chmod(stat.S_IMODE(entry.stat(follow_symlinks=False).st_mode))
                waiting.append((source / entry.name, below))
            else:
                _copy_file(source / entry.name, below)


def _copy_file(source: Path, target: Path) -> None:
    _remove(target)
    if source.is_symlink():
        target.symlink_to(os.readlink(source))  # noqa: PTH115 - Path.readlink would tidy up
        return
    status = source.lstat()
    # Steps can make devices. In a container they cannot be read; here, one is the disk of this machine.
    if not stat.S_ISREG(status.st_mode):
        raise BuildError(f"a step left {source.name}, which is no file, and cannot be copied")
    shutil.copyfile(source, target)
    target.chmod(stat.S_IMODE(status.st_mode))
    os.utime(target, ns=(status.st_mtime_ns, status.st_mtime_ns))


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def write_files(root: Path, target: str, files: Iterable[tuple[PurePosixPath, str]]) -> None:
    """Write text files below a directory, which is made where it is missing."""
    make_directory(root, target)
    for path, text in files:
        file = make_directory(root, f"{target}/{path.parent}") / path.name
        _remove(file)
        file.write_text(text, encoding="utf-8", errors="surrogateescape")
        file.chmod(0o644)


def make_directory(root: Path, path: str) -> Path:
    """Make a directory with its parents; returns where it is, links followed inside of the root."""
    found = resolve(root, path)
    make_missing(found, root)
    return found


def make_missing(path: Path, root: Path) -> list[Path]:
    """Make a directory below a root, and what is missing on the way to it; returns those that were made, in order."""
    missing = [each for each in (path, *path.parents) if each.is_relative_to(root) and not each.exists()]
    for each in reversed(missing):
        each.mkdir()
        each.chmod(0o755)
    return missing[::-1]
