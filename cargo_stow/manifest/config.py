"""Cargo's configuration files: which count, and the keys of them that say where things are.

Owns `build.target-dir` (with its variables), `build.target`, `[patch]`, `paths` and `[source]` of the configuration.
Reads the environment only through the mapping it is given. Source: The Cargo Book, "Configuration".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cargo_stow.errors import UsageError
from cargo_stow.manifest.paths import exists, is_file, normalized
from cargo_stow.manifest.toml import Table, load_toml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cargo_stow.model import Closure

_TRIPLE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_TARGET_VARIABLES = ("CARGO_TARGET_DIR", "CARGO_BUILD_TARGET_DIR")


@dataclass(frozen=True, slots=True)
class Config:
    """The configuration files in force in a directory, the strongest first."""

    files: tuple[Table, ...]

    def target_directory(self) -> Path | None:
        """Return what `build.target-dir` says, None where no file says it."""
        for file in self.files:
            build = file.table("build")
            text = build.text("target-dir") if build else None
            if build and text is not None:
                if not text:
                    raise build.wrong("target-dir", "a path")
                return _base(file) / text
        return None

    def patches(self) -> Iterator[Path]:
        """Yield the directories of `[patch]`ed path crates and of `paths` overrides."""
        for file in self.files:
            for directory in file.texts("paths") or ():
                yield normalized(_base(file) / directory)
            yield from patched(file, "patch", _base(file))


def patched(file: Table, section: str, base: Path) -> Iterator[Path]:
    """Yield the directories that the tables of a `[patch.<source>]` section name, relative to `base`."""
    for source, _ in file.tables(section):
        for _, entry in file.tables(section, source):
            path = entry.text("path")
            if path is not None:
                yield normalized(base / path)


def load_config(start: Path, environment: Mapping[str, str]) -> Config:
    """Read the configuration files that cargo merges when it runs in a directory."""
    files = [_file_in(directory / ".cargo") for directory in (start, *start.parents)]
    home = cargo_home(environment)
    files.append(_file_in(home) if home else None)
    unique = dict.fromkeys(file for file in files if file)
    return Config(tuple(table for file in unique for table in _with_included(file)))


def target_directory(root: Path, config: Config, environment: Mapping[str, str]) -> Path:
    """Return where cargo compiles to: the variables, then the configuration, then `target` beside the root manifest."""
    chosen = target_variables(environment)
    for name in _TARGET_VARIABLES:
        if name in chosen:
            return Path(chosen[name])
    return normalized(config.target_directory() or root / "target")


def target_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that set the target directory, made absolute: cargo reads them relative to its own cwd."""
    chosen = {name: environment[name] for name in _TARGET_VARIABLES if name in environment}
    for name, value in chosen.items():
        if not value:
            raise UsageError(f"the variable {name} is set but empty, expected a directory", hint=f"unset {name}")
    return {name: str(normalized(Path(value))) for name, value in chosen.items()}


def config_files(closure: Closure) -> tuple[Path, ...]:
    """List the configuration files between the closure's root and the package: they decide how it is built.

    The outermost comes first; a file that another one includes follows it, if it lies within the root too.
    """
    return tuple(dict.fromkeys(table.file for table in _tables(closure)))


def source_directories(closure: Closure) -> tuple[Path, ...]:
    """List the directories of vendored crates that those files name (`[source.<name>] directory`, `local-registry`).

    Those outside the closure's root cannot be sent to a build, and are left out.
    """
    found = []
    for table in _tables(closure):
        for _, source in table.tables("source"):
            texts = (source.text("directory"), source.text("local-registry"))
            found += [normalized(_base(table) / text) for text in texts if text]
    return tuple(sorted({directory for directory in found if directory.is_relative_to(closure.root)}))


def target_triple(closure: Closure) -> str | None:
    """Return what those files say of `build.target`, the platform cargo compiles for; None where they say nothing.

    For a target specification it is the file's stem, as cargo names the output directory. Raises UsageError for several
    targets: an image holds one executable.
    """
    for table in reversed(list(_tables(closure))):
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


def _tables(closure: Closure) -> Iterator[Table]:
    """The configuration files within the closure's root, the outermost first."""
    package = closure.sources[0].directory
    inside = [directory for directory in (package, *package.parents) if directory.is_relative_to(closure.root)]
    for file in (_file_in(directory / ".cargo") for directory in reversed(inside)):
        if file:
            yield from (table for table in _with_included(file) if table.file.is_relative_to(closure.root))


def _file_in(directory: Path) -> Path | None:
    """Cargo prefers the name without an extension where both exist."""
    return next((directory / name for name in ("config", "config.toml") if is_file(directory / name)), None)


def cargo_home(environment: Mapping[str, str]) -> Path | None:
    """Return the directory of the user's own configuration, None where the environment names no home."""
    home = environment.get("CARGO_HOME")
    if home:
        return normalized(Path(home))
    return normalized(Path(environment["HOME"])) / ".cargo" if environment.get("HOME") else None


def _with_included(file: Path, seen: tuple[Path, ...] = ()) -> Iterator[Table]:
    """Yield a file and what its `include` names (cargo 1.94), the strongest first. Later ones win over earlier ones."""
    if file in seen:
        raise UsageError(f"the configuration {file} includes itself", hint=f"correct `include` in {file}")
    table = load_toml(file)
    yield table
    for path in reversed(list(_included(table))):
        yield from _with_included(path, (*seen, file))


def _included(table: Table) -> Iterator[Path]:
    """Yield the files that `include` names: a path, or a list of paths and of `{ path, optional }`."""
    value = table.values.get("include", [])
    for item in value if isinstance(value, list) else [value]:
        if not isinstance(item, str | Mapping):
            raise table.wrong("include", "a list of paths")
        entry = Table(table.file, {"path": item} if isinstance(item, str) else item, "include")
        file = normalized(table.file.parent / (entry.text("path") or ""))
        if exists(file) or not entry.flag("optional"):
            yield file


def _base(file: Table) -> Path:
    """Paths in a configuration are relative to the directory that holds `.cargo`."""
    return file.file.parent.parent
