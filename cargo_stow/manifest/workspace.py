"""From a manifest to a Workspace: chooses a reader, and follows path crates to those outside the workspace.

Owns the `[patch]` and `[replace]` sections of the root. Packages outside are always read from their files: cargo, asked
for one as if it were the current package, refuses a vendored crate inside a workspace that does not list it, though it
compiles such a crate.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cargo_stow.errors import StowError
from cargo_stow.manifest.config import cargo_home, load_config, patched
from cargo_stow.manifest.locate import MANIFEST
from cargo_stow.manifest.metadata import MetadataReader, find_cargo
from cargo_stow.manifest.offline import OfflineReader
from cargo_stow.manifest.paths import normalized, resolved
from cargo_stow.manifest.reader import check_present
from cargo_stow.manifest.roots import container_of
from cargo_stow.manifest.toml import load_toml
from cargo_stow.model import Package, Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from cargo_stow.manifest.config import Config
    from cargo_stow.manifest.reader import Members
    from cargo_stow.manifest.toml import Table
    from cargo_stow.process import Runner


def load_workspace(manifest: Path, runner: Runner, *, cargo: bool = True, environment: Mapping[str, str]) -> Workspace:
    """Read the workspace that a manifest belongs to, by `cargo metadata` if there is a cargo, else from the files.

    Both ways give equal values: packages sorted by directory; targets by kind and name. cargo's configuration and
    toolchain are those of the manifest's directory, wherever we run. Raises UsageError for whatever the files say
    that cannot be (with cargo's own message as `detail`), and FileError for one that may not be read.
    """
    start = normalized(manifest).parent
    load_toml(start / MANIFEST)  # before cargo is asked, so that broken TOML is the same error with it and without
    config = load_config(start, environment)
    home = cargo_home(environment)
    offline = OfflineReader(config, environment, home)
    workspace = _read(start, runner, offline, config, environment if cargo else None)
    return replace(workspace, cargo_home=resolved(home) if home else None)


def _read(
    start: Path, runner: Runner, offline: OfflineReader, config: Config, environment: Mapping[str, str] | None
) -> Workspace:
    """Read it by the cargo that an environment has; without one from the files alone."""
    program = find_cargo(environment) if environment is not None else None
    if program is None or environment is None:
        return _assemble(offline.members(start), offline, start, config)
    online = MetadataReader(program, runner, start, environment)
    try:
        return _assemble(online.members(start), offline, start, config)
    except StowError:
        if online.works():
            raise
    return _assemble(offline.members(start), offline, start, config)


def _assemble(members: Members, reader: OfflineReader, start: Path, config: Config) -> Workspace:
    table = load_toml(members.root / MANIFEST)
    packages = sorted(members.packages, key=_by_directory)
    patches = tuple(dict.fromkeys(resolved(path) for path in _patches(table, config)))
    return Workspace(
        root=resolved(members.root),
        target_directory=resolved(members.target_directory),
        members=tuple(packages),
        outside=tuple(_outside(reader, packages, patches, table.file)),
        patches=patches,
        selected=next((package.name for package in packages if package.directory == resolved(start)), None),
        container=container_of(table.table("workspace")) or {},
    )


def _patches(table: Table, config: Config) -> Iterator[Path]:
    yield from patched(table, "patch", table.file.parent)
    for _, entry in table.tables("replace"):
        path = entry.text("path")
        if path is not None:
            yield normalized(table.file.parent / path)
    yield from config.patches()


def _outside(reader: OfflineReader, members: list[Package], patches: tuple[Path, ...], root: Path) -> list[Package]:
    """Follow path dependencies to the packages that are no members, sorted by directory."""
    seen = {package.directory for package in members}
    found: list[Package] = []
    waiting = [(path, f"{root}") for path in patches]
    waiting += [(path, f"{member.manifest}") for member in members for path in (*member.needs, *member.knows)]
    while waiting:
        directory, dependent = waiting.pop()
        if directory in seen:
            continue
        seen.add(directory)
        check_present(directory, dependent)
        package = reader.package(directory)
        found.append(package)
        waiting += [(path, f"{package.manifest}") for path in package.needs]
    return sorted(found, key=_by_directory)


def _by_directory(package: Package) -> Path:
    return package.directory
