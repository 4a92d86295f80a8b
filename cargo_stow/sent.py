"""The name under which a context is sent to BuildKit, which is another one when a file changed behind BuildKit's back.

BuildKit keeps what it was sent last under a name, which is the path that its client was given, and asks only for files
whose size, mode, owner or mtime differ from that. So it goes on with the old content of a file that was edited and has
its old size and mtime again, as pinned times, `cp -p` and archives bring about. Here a context goes under the path of a
link to its root. Whoever finds a file with the size and mtime of another content that it had under that name makes a
new link, of which BuildKit knows nothing.

From when a name is given until it is settled, a file may be sent that was another one just then, or a build may be
killed: a name that was not settled is given up.

A directory that was copied or restored may know less than was sent meanwhile; its link is another one then, as the file
system shows by a ctime that nobody can set, and is given up too.

Source: fsutil (diff.go, sameFile) and BuildKit (source/local), seen with Docker 20.10 to 28; not in the documentation.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from typing import TYPE_CHECKING, Any

from cargo_stow.errors import FileError
from cargo_stow.files import read_text, write_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    # Size in bytes, mtime in nanoseconds, SHA-256 of the content.
    Version = tuple[int, int, str]

_VERSION = 1
# How many versions there may be of a file on average before all are forgotten, at the price of sending all once more.
_MANY = 20


def name_context(root: Path, versions: Mapping[str, Version], directory: Path) -> Path:
    """Return a link to a context's root, kept in `directory`, under which none of its files was another than it is now.

    `versions` are the regular files that are sent. To be settled when they were. Raises FileError.
    """
    known = None if _unsettled(directory).exists() else _load(directory, root)
    link = directory / known["link"] if known else None
    seen: dict[str, dict[str, str]] = known["files"] if known else {}
    if link is None or not _add(seen, versions):
        link, seen = _renew(directory, root), {}
        _add(seen, versions)
    text = json.dumps({"version": _VERSION, "link": link.name, "state": _state(link), "files": seen})
    if known is None or known["text"] != text:
        write_text(_file(directory), text)
    _mark(_unsettled(directory))
    return link


def settle_context(directory: Path, *, is_sound: bool = True) -> None:
    """Say whether what was sent under the name that was given last is what it was given for. Raises FileError."""
    if not is_sound:
        _mark(_unsettled(directory))
        return
    with contextlib.suppress(OSError):  # The next name is another one then.
        _unsettled(directory).unlink()


def _add(seen: dict[str, dict[str, str]], versions: Mapping[str, Version]) -> bool:
    """Add versions to those that were sent; False if one of them looks like another one, or there are too many."""
    for name, (size, mtime, digest) in versions.items():
        if seen.setdefault(name, {}).setdefault(f"{size} {mtime}", digest) != digest:
            return False
    return sum(map(len, seen.values())) <= _MANY * (len(versions) + 1)


def _file(directory: Path) -> Path:
    return directory.with_name(f"{directory.name}.json")


def _unsettled(directory: Path) -> Path:
    return directory.with_name(f"{directory.name}.unsettled")


def _mark(file: Path) -> None:
    try:
        file.touch()
    except OSError as error:
        raise FileError(f"cannot write {file}: {error.strerror}", hint="check its permissions") from error


def _load(directory: Path, root: Path) -> dict[str, Any] | None:
    """What is known of the present link; None if it is not the one of which that was written down."""
    with contextlib.suppress(ValueError, LookupError, TypeError, AttributeError, RecursionError, OSError, FileError):
        text = read_text(_file(directory)) or "{}"
        known: dict[str, Any] = {**json.loads(text), "text": text}
        link = directory / known["link"]
        files = known["files"]
        is_sound = all(isinstance(digest, str) for each in files.values() for digest in each.values())
        if is_sound and known["version"] == _VERSION and link.parent == directory:
            return known if link.readlink() == root and _state(link) == known["state"] else None
    return None


def _state(link: Path) -> list[int]:
    status = link.lstat()
    return [status.st_dev, status.st_ino, status.st_ctime_ns]


def _renew(directory: Path, root: Path) -> Path:
    link = directory / os.urandom(8).hex()
    try:
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        link.symlink_to(root)
    except OSError as error:
        raise FileError(f"cannot write {link}: {error.strerror}", hint="check its permissions") from error
    return link
