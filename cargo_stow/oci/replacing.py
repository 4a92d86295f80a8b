"""A file or a directory that is replaced in one step: whoever looks, and whenever, finds the old one or the new one."""

from __future__ import annotations

import contextlib
import os
import shutil
from typing import TYPE_CHECKING

from cargo_stow.errors import FileError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

# From the kernel's linux/fs.h and fcntl.h.
_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
_PREFIX = ".new-"


@contextlib.contextmanager
def replacing_file(path: Path) -> Iterator[BinaryIO]:
    """A new file that takes the place of `path` at the end, unless something failed. Raises FileError."""
    temporary = _beside(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("xb") as file:
            yield file
        os.replace(temporary, path)
    except OSError as error:
        raise _failed(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


@contextlib.contextmanager
def replacing_directory(path: Path) -> Iterator[Path]:
    """A new directory that takes the place of `path` at the end, unless something failed. Raises FileError."""
    temporary = _beside(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.mkdir()
        yield temporary
        _exchange(temporary, path)
    except OSError as error:
        raise _failed(path, error) from error
    finally:
        # The old one by now, or what is left of a new one.
        shutil.rmtree(temporary, ignore_errors=True)


def sweep(directory: Path) -> None:
    """Remove what was being made in a directory by those who were killed. Nobody may be making something there."""
    for path in directory.glob(f"{_PREFIX}*"):
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() and not path.is_symlink() else path.unlink()


def _beside(path: Path) -> Path:
    return path.with_name(f"{_PREFIX}{os.urandom(8).hex()}")


def _exchange(new: Path, path: Path) -> None:
    try:
        # Takes an empty directory's place, too.
        os.rename(new, path)  # noqa: PTH104
    except OSError:
        if not path.is_dir() or path.is_symlink():
            raise
        if not _exchange_names(new, path):
            _exchange_slowly(new, path)


def _exchange_names(new: Path, path: Path) -> bool:
    """Let two names change places at once; False where the C library, the kernel or the file system cannot."""
    import ctypes  # noqa: PLC0415 - who only reads a layout replaces nothing

    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except AttributeError:
        return False
    return bool(rename(_AT_FDCWD, os.fsencode(new), _AT_FDCWD, os.fsencode(path), _RENAME_EXCHANGE) == 0)


def _exchange_slowly(new: Path, path: Path) -> None:
    """In two steps: for a moment, there is neither, and both are beside."""
    old = _beside(path)
    os.rename(path, old)  # noqa: PTH104
    os.rename(new, path)  # noqa: PTH104
    os.rename(old, new)  # noqa: PTH104


def _failed(path: Path, error: OSError) -> FileError:
    return FileError(f"cannot write {path}: {error.strerror or error}", hint="check the path and the space on its disk")
