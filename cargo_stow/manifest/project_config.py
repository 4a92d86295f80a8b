"""The configuration files that a build has from a project, and what they name that must be sent with them.

Owns `build.target`, `[source]` and the keys that name programs and files. Source: The Cargo Book, "Configuration".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cargo_stow.manifest.config import base_of, file_in, is_users_own, with_included
from cargo_stow.manifest.paths import is_directory, is_file, is_within, normalized
from cargo_stow.manifest.toml import Table

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from cargo_stow.model import Closure

_TRIPLE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


def config_root(closure: Closure, environment: Mapping[str, str], limit: Path) -> Path:
    """Return the closure's root, or the directory above it, up to `limit`, with the outermost configuration file."""
    above = [directory for directory in closure.root.parents if directory.is_relative_to(limit)]
    files = ((directory, file_in(directory / ".cargo")) for directory in reversed(above))
    found = (directory for directory, file in files if file and not is_users_own(file, environment))
    return next(found, closure.root)


def config_files(
    closure: Closure, environment: Mapping[str, str], repositories: Collection[Path] = ()
) -> tuple[Path, ...]:
    """List the configuration files between the closure's root and the package, and the files that those name.

    The outermost comes first; a file that another one includes follows it, if it lies within the root too. The user's
    own is never among them, wherever the user's home lies: it may hold tokens, and nobody else has it. A file in one of
    `repositories` names nothing outside of them.
    """
    files = dict.fromkeys(table.file for table in _tables(closure, environment, repositories))
    named = [path for path in _named(closure, environment, repositories) if is_file(path)]
    return (*files, *sorted({*named} - files.keys()))


def source_directories(
    closure: Closure, environment: Mapping[str, str], repositories: Collection[Path] = ()
) -> tuple[Path, ...]:
    """List the directories that those files name: of vendored crates, and with `relative` in `[env]`.

    Those outside the closure's root, or of `repositories`, are left out, as above.
    """
    found = [path for path in _named(closure, environment, repositories) if is_directory(path)]
    for table in _tables(closure, environment, repositories):
        for _, source in table.tables("source"):
            texts = (source.text("directory"), source.text("local-registry"))
            paths = (normalized(base_of(table) / text) for text in texts if text)
            found += [path for path in paths if _may_send(table.file, path, closure, repositories)]
    return tuple(sorted(set(found)))


def _may_send(file: Path, path: Path, closure: Closure, repositories: Collection[Path]) -> bool:
    """Whether a configuration file may have a path sent. One that came with sources may not reach out of these."""
    is_free = not is_within(file, repositories)
    return path.is_relative_to(closure.root) and (is_free or is_within(path, repositories))


def _named(closure: Closure, environment: Mapping[str, str], repositories: Collection[Path]) -> Iterator[Path]:
    """Yield what those files name below the root: programs, and values of `[env]`.

    Of the values only those beside all packages. What is in a package, or holds one, is sent with it; dependencies
    do without, for they would be compiled again for each edit of it.
    """
    packages = [package.directory for package in closure.sources]
    for table in _tables(closure, environment, repositories):
        paths = [normalized(base_of(table) / text) for text in _values(table)]
        apart = (path for path in paths if not any(_touch(path, package) for package in packages))
        programs = (normalized(base_of(table) / text) for text in _programs(table))
        yield from (path for path in (*programs, *apart) if _may_send(table.file, path, closure, repositories))


def _touch(one: Path, other: Path) -> bool:
    return one.is_relative_to(other) or other.is_relative_to(one)


def _programs(table: Table) -> Iterator[str]:
    """Yield the programs that are named by a path; others are looked for in PATH."""
    build = table.table("build") or Table(table.file, {})
    names = [build.text(key) for key in ("rustc", "rustc-wrapper", "rustc-workspace-wrapper")]
    names += [target.text("linker") for _, target in table.tables("target")]
    yield from (name for name in names if name and "/" in name)


def _values(table: Table) -> Iterator[str]:
    for _, entry in table.tables("env"):
        if entry.flag("relative"):
            yield entry.text("value") or ""


def target_triple(closure: Closure, environment: Mapping[str, str]) -> str | None:
    """Return what those files say of `build.target`, the platform cargo compiles for; None where they say nothing.

    For a target specification it is the file's stem, as cargo names the output directory. Raises UsageError for several
    targets: an image holds one executable.
    """
    for table in reversed(list(_tables(closure, environment))):
        build = table.table("build")
        value = build.values.get("target") if build else None
        if build and value is not None:
            texts = [value] if isinstance(value, str) else value
            if not isinstance(texts, list) or len(texts) != 1 or not isinstance(texts[0], str):
                raise build.wrong("target", "one target")
            stem = texts[0].rpartition("/")[2].removesuffix(".json")
            if not _TRIPLE.fullmatch(stem):
                raise build.wrong("target", "a target triple")
            return stem
    return None


def _tables(closure: Closure, environment: Mapping[str, str], repositories: Collection[Path] = ()) -> Iterator[Table]:
    """The configuration files within the closure's root but the user's own, the outermost first."""
    package = closure.sources[0].directory
    inside = [directory for directory in (package, *package.parents) if directory.is_relative_to(closure.root)]
    for file in (file_in(directory / ".cargo") for directory in reversed(inside)):
        if file and not is_users_own(file, environment):
            tables = with_included(file)
            yield from (table for table in tables if _may_send(file, table.file, closure, repositories))
