"""Reading and writing whole text files.

A write is all or nothing; every OSError becomes a FileError that names the path.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from cargo_stow.errors import FileError

if TYPE_CHECKING:
    from collections.abc import Iterator

_HINTS = {
    errno.ENOSPC: "free some space on that disk",
    errno.EDQUOT: "free some of your disk quota",
    errno.EROFS: "that file system is read-only; choose another place",
}


def read_text(path: Path) -> str | None:
    """Return a file's text (UTF-8), None where there is no such file. Raises FileError for anything else."""
    try:
        return read_bytes(path).decode("utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        raise FileError(f"{path} is not UTF-8 text (byte {error.start})", hint="save it as UTF-8") from error
    except OSError as error:
        raise _failed("read", path, error) from error


def read_bytes(path: Path, *, limit: int | None = None) -> bytes:
    """Return what is in a regular file. Raises OSError for any other: a pipe or a device may have no end.

    One of more than `limit` bytes is refused.
    """
    with open(path, "rb", opener=_open) as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file")
        if limit is not None and status.st_size > limit:
            raise OSError(errno.EFBIG, f"it has more than {limit} bytes")
        return file.read()


def _open(name: str, flags: int) -> int:
    """Open without waiting for somebody who writes into a pipe."""
    return os.open(name, flags | os.O_NONBLOCK)


def write_text(path: Path, text: str, *, durable: bool = True, within: Path | None = None) -> None:
    """Replace a file's text in one step: the file holds the old text or the new one, whatever happens in between.

    Not `durable` is for what can be made again: a power cut may leave a file with neither, and no disk is waited for.
    Missing parent directories are made. An existing file keeps its mode, a new one has what the umask leaves; a
    symbolic link is followed, not replaced, but not out of a directory `within`: one that came with sources may lead
    anywhere. Raises FileError; the old file is then unchanged.
    """
    path = _followed(path, within) if path.is_symlink() else path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _temporary(path) as temporary:
            _write(temporary, text.encode("utf-8", "surrogateescape"), mode=_mode(path), durable=durable)
            os.replace(temporary, path)
    except OSError as error:
        raise _failed("write", path, error) from error


def _followed(link: Path, within: Path | None) -> Path:
    end = Path(os.path.realpath(link))
    if within is not None and not end.is_relative_to(os.path.realpath(within)):
        raise FileError(
            f"cannot write {link}: it is a symbolic link that leads out of {within}, to {end}",
            hint=f"see who made it: `ls -l {link}`; without it, the file is made anew",
        )
    return end


@contextlib.contextmanager
def temporary_directory(parent: Path) -> Iterator[Path]:
    """A directory below `parent`, which is made where it is missing; gone at the end.

    Raises FileError where it cannot be made, or for any OSError of what is done in it.
    """
    try:
        parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".stow-", dir=parent) as name:
            yield Path(name)
    except OSError as error:
        raise _failed("write", parent, error) from error


def _mode(path: Path) -> int | None:
    with contextlib.suppress(FileNotFoundError):
        return path.stat().st_mode & 0o777
    return None


@contextlib.contextmanager
def _temporary(path: Path) -> Iterator[Path]:
    """The name of a new file beside `path`, gone at the end unless it was renamed."""
    # Of its own length only, so that a long name does not become too long a name.
    temporary = path.with_name(f".stow-{os.urandom(8).hex()}")
    try:
        yield temporary
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def _write(path: Path, data: bytes, mode: int | None, *, durable: bool) -> None:
    """Write a new file. Unless the disk is waited for, the rename may survive a power cut, and not the text."""
    with path.open("xb") as file:
        file.write(data)
        if durable:
            file.flush()
            os.fsync(file.fileno())
        if mode is not None:
            os.fchmod(file.fileno(), mode)


def _failed(verb: str, path: Path, error: OSError) -> FileError:
    hint = _HINTS.get(error.errno or 0, "check the path and its permissions")
    return FileError(f"cannot {verb} {path}: {error.strerror or error}", hint=hint)
