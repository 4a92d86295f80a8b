"""The files of a build context: which ones a Plan's Context admits on this disk, and a hash of their contents.

The rule is that of `plan.Context`, and `dockerfile.py` writes the same rule as a `.dockerignore`; a test on a real
engine holds the two together.
"""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from cargo_stow.errors import FileError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from cargo_stow.plan import Context

    Digest = Callable[[Path, os.stat_result], bytes]

VERSION_CONTROL = frozenset({".git", ".hg", ".jj", ".svn"})
_CHUNK = 1 << 20


def list_files(root: Path, context: Context) -> list[Path]:
    """Return every file, symbolic link and empty directory of the context, sorted, as absolute paths below `root`."""
    admitted = {str(path): True for path in context.directories} | {str(path): False for path in context.excluded}
    found = {path for path in (_unfollowed(root, each) for each in context.files) if _is_sent(path)}
    for directory in context.directories:
        start = _unfollowed(root, directory)
        # The root itself may be reached by a link.
        is_link = start != root and _is_link(start)
        prefix = "" if directory == PurePosixPath() else f"{directory}/"
        found.update([start] if is_link else _walk(start, prefix, admitted))
    return sorted(found)


def _unfollowed(root: Path, path: PurePosixPath) -> Path:
    """Where a path of the context is, or else the first link on the way: that may lead anywhere, and is sent as a link.

    What is behind it is sent by its own path, where it may be.
    """
    found = root
    for part in path.parts:
        found /= part
        if _is_link(found):
            break
    return found


def _is_link(path: Path) -> bool:
    """No error for a path that cannot be one."""
    return os.path.islink(path)  # noqa: PTH114


def _is_sent(path: Path) -> bool:
    """Whether there is a file or a link; no error for a path that cannot be one, or that nobody may look at."""
    return os.path.isfile(path) or _is_link(path)  # noqa: PTH113


def _walk(directory: Path, prefix: str, admitted: dict[str, bool]) -> Iterator[Path]:
    """Yield what is below a directory, or the directory itself if that is nothing.

    `prefix` is where it is in the context, which costs less than to compute. Directories wait in a list, for they may
    be nested more deeply than Python's functions.
    """
    waiting = [(directory, prefix)]
    while waiting:
        directory, prefix = waiting.pop()
        entries = _entries(directory)
        if prefix and not entries:
            yield directory
        for entry in entries:
            within = f"{prefix}{entry.name}"
            # What the rule itself names is walked from its own entry, or not at all.
            if within in admitted:
                continue
            if entry.is_dir(follow_symlinks=False):
                waiting.append((directory / entry.name, f"{within}/"))
            elif entry.is_symlink() or entry.is_file():
                yield directory / entry.name


def _entries(directory: Path) -> list[os.DirEntry[str]]:
    try:
        return [entry for entry in os.scandir(directory) if entry.name not in VERSION_CONTROL]
    except OSError as error:
        raise FileError(f"cannot read {directory}: {error.strerror}", hint="check its permissions") from error


def digest_file(path: Path) -> bytes:
    """Return the SHA-256 of a file's contents. Raises OSError."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.digest()


def hash_files(root: Path, files: Iterable[Path], digest: Digest | None = None) -> str:
    """Return one SHA-256 over names, contents, executable bits and link targets; times and owners do not count.

    `digest` gives that of a regular file's contents, or raises OSError; without it, each is read.
    """
    total = hashlib.sha256()
    for path in sorted(files):
        # Lengths go first, so that no two different trees give the same stream of bytes.
        name = os.fsencode(path.relative_to(root))
        total.update(b"%d:%s%s" % (len(name), name, _fingerprint(path, digest)))
    return total.hexdigest()


def _fingerprint(path: Path, digest: Digest | None = None) -> bytes:
    try:
        status = path.lstat()
        if stat.S_ISLNK(status.st_mode):
            return b"l" + hashlib.sha256(os.fsencode(path.readlink())).digest()
        if stat.S_ISDIR(status.st_mode):
            return b"d"
        kind = b"x" if status.st_mode & 0o111 else b"f"
        return kind + (digest(path, status) if digest else digest_file(path))
    except FileNotFoundError:
        return b"-"  # gone since it was listed: differs from whatever was built
    except OSError as error:
        raise FileError(f"cannot read {path}: {error.strerror}", hint="check its permissions") from error
