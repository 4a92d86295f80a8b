"""Reading and writing whole text files.

A write is all or nothing; every OSError becomes a FileError that names the path.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from typing import TYPE_CHECKING

from cargo_stow.errors import FileError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def read_text(path: Path) -> str | None:
    """Return a file's text (UTF-8), None where there is no such file. Raises FileError for anything else."""
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        raise FileError(f"{path} is not UTF-8 text (byte {error.start})", hint="save it as UTF-8") from error
    except OSError as error:
        raise _failed("read", path, error) from error


def write_text(path: Path, text: str, *, mode: int = 0o644) -> None:
    """Replace a file's text in one step: the file holds the old text or the new one, whatever happens in between.

    Missing parent directories are made. An existing file keeps its mode; a symbolic link is followed, not replaced.
    Raises FileError; the old file is then unchanged.
    """
    path = path.resolve() if path.is_symlink() else path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            mode = path.stat().st_mode & 0o777
        with _temporary(path) as (descriptor, temporary):
            with os.fdopen(descriptor, "wb") as file:
                file.write(text.encode("utf-8"))
                file.flush()
                os.fsync(file.fileno())
                os.fchmod(file.fileno(), mode)
            os.replace(temporary, path)
    except OSError as error:
        raise _failed("write", path, error) from error


@contextlib.contextmanager
def _temporary(path: Path) -> Iterator[tuple[int, str]]:
    """A new file beside `path`, gone at the end unless it was renamed."""
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        yield descriptor, temporary
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)  # noqa: PTH108 - tempfile gives text


def _failed(verb: str, path: Path, error: OSError) -> FileError:
    hint = {28: "free some space on that disk", 122: "free some of your disk quota"}.get(
        error.errno or 0, "check the path and its permissions"
    )
    return FileError(f"cannot {verb} {path}: {error.strerror or error}", hint=hint)
