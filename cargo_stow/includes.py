"""Files that Rust sources read while they are compiled: `include_str!("../../motd.txt")`.

Looks for literal paths only, as `include!`, `include_str!`, `include_bytes!` and `#[path]` take them, alone or behind
`env!("CARGO_MANIFEST_DIR")`. What is found in a comment costs a file more in the context, what is not found is told by
the compiler. Source: The Rust Reference, "Modules", and the documentation of those macros in `core`.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from cargo_stow.context import VERSION_CONTROL
from cargo_stow.links import trace
from cargo_stow.manifest.paths import exists, is_file, is_link, resolved

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_TEXT = rb'r?#*"([^"\n]+)"'
_READS = re.compile(
    rb"(?:\binclude(?:_str|_bytes)?!\s*[(\[{]\s*|#!?\[\s*path\s*=\s*)"
    rb"(?:(concat!\s*[(\[{]\s*env!\s*\(\s*\"CARGO_MANIFEST_DIR\"\s*\)\s*,\s*)?" + _TEXT + rb")"
)


def find_included(sources: Iterable[Path], packages: Iterable[Path], limit: Path) -> set[Path]:
    """Return the files below `limit` that Rust sources name and that are not among `sources` themselves.

    `sources` is all that is sent, `packages` are the directories of its packages. What those files name is found too.
    All paths are absolute.
    """
    directories, sent = tuple(packages), set(sources)
    found: set[Path] = set()
    waiting = [path for path in sent if path.suffix == ".rs"]
    while waiting:
        source = waiting.pop()
        for path in _named_in(source, directories) if _is_read(source, limit) else ():
            new = _reached(path, limit) - found - sent
            found |= new
            waiting += [each for each in new if each.suffix == ".rs"]
    return found


def _is_read(source: Path, limit: Path) -> bool:
    """Whether a source is a file, and one below `limit`: a link may lead to a device, which has no end."""
    return is_file(source) and (not is_link(source) or resolved(source) in trace(source, limit))


def _reached(path: Path, limit: Path) -> set[Path]:
    """The file, and the links that are on the way to it."""
    return trace(path, limit) if VERSION_CONTROL.isdisjoint(path.parts) and is_file(path) else set()


def _named_in(source: Path, packages: tuple[Path, ...]) -> Iterator[Path]:
    try:
        text = source.read_bytes()
    except OSError:
        return  # Listing the context tells of it.
    if b".." not in text and b"CARGO_MANIFEST_DIR" not in text:
        return
    for by_package, named in _READS.findall(text):
        home = max(
            (path for path in packages if source.is_relative_to(path)), key=lambda path: len(path.parts), default=None
        )
        base = home if by_package else source.parent
        if base is not None:
            yield Path(os.path.normpath(base / os.fsdecode(named).lstrip("/" if by_package else "")))


def is_repository(directory: Path) -> bool:
    """Say whether a directory is the root of what git keeps."""
    return exists(directory / ".git")


def find_repository(directory: Path) -> Path:
    """Return the directory of the version control that a directory is under; itself where it is under none."""
    marks = (".git", ".hg", ".jj")
    return next(
        (each for each in (directory, *directory.parents) if any(exists(each / mark) for mark in marks)), directory
    )


def find_repositories(directories: Iterable[Path]) -> frozenset[Path]:
    """Return the directories of the version control that directories are under, or these themselves."""
    return frozenset(map(find_repository, directories))
