"""Which files of this machine a build may read, and where they are in the context."""

from __future__ import annotations

import os
import unicodedata
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from cargo_stow.context import VERSION_CONTROL
from cargo_stow.errors import UsageError
from cargo_stow.plan import Context
from cargo_stow.settings.kinds import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from cargo_stow.model import Closure, Workspace

# Read by rustup, cargo-stow, Docker or doit, never by the build: a change of them alone must compile nothing again.
# (With a toolchain file in the context rustup would fetch that channel, instead of using the toolchain that is lent.)
# `OWN_FILES` are those that cargo-stow writes.
OWN_FILES = ("Stow.lock", "Dockerfile", "Dockerfile.dockerignore")
_NOT_SOURCES = (
    *OWN_FILES,
    "rust-toolchain",
    "rust-toolchain.toml",
    ".dockerignore",
    "target",
    # Of a home of cargo that lies in the package, as CI jobs have it: tokens, and what cargo fetched.
    ".cargo/credentials",
    ".cargo/credentials.toml",
    ".cargo/registry",
    ".cargo/git",
    ".cargo/bin",
    ".cargo/.package-cache",
    ".cargo/.package-cache-mutate",
    ".cargo/.global-cache",
    ".cargo/.crates.toml",
    ".cargo/.crates2.json",
    # doit's, where a pipeline lies beside Cargo.toml; which of the state files there is depends on Python's dbm.
    "dodo.py",
    "__pycache__",
    ".doit.db",
    ".doit.db.bak",
    ".doit.db.dat",
    ".doit.db.db",
    ".doit.db.dir",
    ".doit.db-journal",
    ".doit.db-shm",
    ".doit.db-wal",
)


# Of what git keeps, what names commits and what they are; neither the work tree's state nor configuration, in which
# tokens are, nor what was fetched of other repositories' branches.
_HEADS = ("HEAD", "packed-refs", "shallow")
OBJECTS = "objects"
_HISTORY = ("refs/heads", "refs/tags", OBJECTS)


def make_context(workspace: Workspace, closure: Closure, generated: PurePosixPath | None = None) -> Context:
    """Say what is sent to compile a package: whole packages where they are compiled, else their manifests.

    `generated` is a directory of files that are made from all of these, and sent too.
    """
    sources = tuple(relative(package.directory, closure.root) for package in closure.sources)
    foreign = [relative(package.directory, closure.root) for package in closure.manifests]
    vendored = tuple(relative(directory, closure.root) for directory in closure.vendored)
    roots = (directory / "Cargo.toml" for directory in closure.roots)
    alone = (*roots, workspace.lockfile, *closure.files, *closure.configuration)
    files = {relative(path, closure.root) for path in alone}
    files |= {directory / "Cargo.toml" for directory in foreign}
    excluded = {directory / name for directory in sources for name in _NOT_SOURCES}
    excluded |= set(foreign)
    directories = {*sources, *vendored, *(relative(directory, closure.root) for directory in closure.linked)}
    history = relative(closure.history, closure.root) if closure.history else None
    # Only where it would be sent otherwise: the companion of a committed Dockerfile must not depend on whose
    # CARGO_TARGET_DIR and CARGO_HOME it is written with.
    for place in _outputs(workspace, sources, closure.root):
        if any(place.is_relative_to(closure.root / directory) for directory in directories):
            excluded.add(relative(place, closure.root))
    if generated:
        directories.add(generated)
    _check_sendable((*directories, *files))
    if history:
        directories |= {history / name for name in _HISTORY}
        files |= {history / name for name in _HEADS}
    excluded -= directories  # a package may lie in a directory called `target`
    return Context(directories=tuple(sorted(directories)), files=tuple(sorted(files)), excluded=tuple(sorted(excluded)))


def _outputs(workspace: Workspace, sources: tuple[PurePosixPath, ...], root: Path) -> Iterator[Path]:
    """Directories that cargo fills. A home in the `.cargo` of a package is known by its names, as above."""
    yield workspace.target_directory
    home = workspace.cargo_home
    if home and home not in {root / directory / ".cargo" for directory in sources}:
        yield home


def _check_sendable(paths: Iterable[PurePosixPath]) -> None:
    for path in paths:
        hidden = next((part for part in path.parts if part in VERSION_CONTROL), None)
        if hidden:
            raise UsageError(
                f"the path {quoted(str(path))} is needed by the build, but what is in a directory `{hidden}` is never"
                " sent",
                hint="move it out of there",
            )


def relative(path: Path, root: Path) -> PurePosixPath:
    """Where a path is in the context. Raises UsageError for one that no `.dockerignore` can name."""
    text = path.relative_to(root).as_posix()
    _check_writable(text, path)
    return PurePosixPath(text)


def _check_writable(text: str, path: Path) -> None:
    """Docker's files have one path a line, trimmed, in UTF-8; there is no way to quote what does not fit that."""
    what = None
    if any(unicodedata.category(character) == "Cc" for character in text):
        what = "a control character"
    elif any(unicodedata.category(character) == "Cs" for character in text):
        what = "bytes that are not UTF-8"
    elif text != text.strip():
        what = "a blank at its beginning or end"
    if what:
        raise UsageError(
            f"the path {os.fspath(path)!r} has {what}, which Docker's files cannot hold",
            hint="rename that directory or file",
        )
