"""Cargo's configuration files: which count, and the keys of them that say where cargo has things.

Owns `build.target-dir` (with its variables), `[patch]` and `paths` of the configuration.
Reads the environment only through the mapping it is given. Source: The Cargo Book, "Configuration".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cargo_stow.errors import UsageError
from cargo_stow.manifest.locate import MANIFEST
from cargo_stow.manifest.paths import exists, is_file, normalized, resolved
from cargo_stow.manifest.toml import Table, load_toml

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_INCLUDED = 100
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
                return base_of(file) / text
        return None

    def patches(self) -> Iterator[Path]:
        """Yield the directories of `[patch]`ed path crates and of `paths` overrides."""
        for file in self.files:
            for directory in file.texts("paths") or ():
                yield normalized(base_of(file) / directory)
            yield from patched(file, "patch", base_of(file))


def patched(file: Table, section: str, base: Path) -> Iterator[Path]:
    """Yield the directories that the tables of a `[patch.<source>]` section name, relative to `base`."""
    for source, _ in file.tables(section):
        for _, entry in file.tables(section, source):
            path = entry.text("path")
            if path is not None:
                yield normalized(base / path)


def load_config(start: Path, environment: Mapping[str, str]) -> Config:
    """Read the configuration files that cargo merges when it runs in a directory."""
    files = [file_in(directory / ".cargo") for directory in (start, *start.parents)]
    home = cargo_home(environment)
    files.append(file_in(home) if home else None)
    unique = dict.fromkeys(file for file in files if file)
    return Config(tuple(table for file in unique for table in with_included(file)))


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


def file_in(directory: Path) -> Path | None:
    """Cargo prefers the name without an extension where both exist."""
    return next((directory / name for name in ("config", "config.toml") if is_file(directory / name)), None)


def cargo_home(environment: Mapping[str, str]) -> Path | None:
    """Return the directory of the user's own configuration, None where the environment names no home."""
    home = environment.get("CARGO_HOME")
    if home:
        return normalized(Path(home))
    return normalized(Path(environment["HOME"])) / ".cargo" if environment.get("HOME") else None


def is_users_own(file: Path, environment: Mapping[str, str]) -> bool:
    """Say whether a configuration file is the user's, and not a project's.

    A CI job may have cargo's home in the `.cargo` beside a manifest: configuration there is the project's all the same,
    for a Dockerfile must not depend on where the home of whoever writes it is.
    """
    home = cargo_home(environment)
    is_in_home = home is not None and resolved(file.parent) == resolved(home)
    return is_in_home and not is_file(file.parent.parent / MANIFEST)


def with_included(file: Path, seen: set[Path] | None = None) -> Iterator[Table]:
    """Yield a file and what its `include` names (cargo 1.94), the strongest first. Later ones win over earlier ones.

    Each once, as cargo has it: files that name each other twice would be read more often than anybody can wait for.
    """
    seen = set() if seen is None else seen
    if file in seen:
        raise UsageError(
            f"the configuration {file} includes itself, or is included twice", hint=f"correct `include` in {file}"
        )
    if len(seen) == _MOST_INCLUDED:
        raise UsageError(f"more than {_MOST_INCLUDED} files of configuration include {file}", hint="use fewer files")
    seen.add(file)
    table = load_toml(file)
    yield table
    for path in reversed(list(_included(table))):
        yield from with_included(path, seen)


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


def base_of(file: Table) -> Path:
    """Paths in a configuration are relative to the directory that holds `.cargo`."""
    return file.file.parent.parent
