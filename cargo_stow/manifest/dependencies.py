"""The dependencies that a manifest declares, with the directories of path crates. Resolves no version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cargo_stow.manifest.paths import normalized
from cargo_stow.manifest.roots import missing_in_workspace
from cargo_stow.manifest.toml import Table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cargo_stow.manifest.roots import Manifests

# Each section also has an older spelling, with an underscore.
NORMAL = ("dependencies", "build-dependencies", "build_dependencies")
DEV = ("dev-dependencies", "dev_dependencies")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependency:
    """One entry of a dependency section. `package` is the package's own name, whatever it is renamed to."""

    package: str
    path: Path | None
    is_dev: bool


def dependencies_of(manifests: Manifests, directory: Path) -> list[Dependency]:
    """Return what the manifest of a directory declares: at the top, and under `[target.'cfg(..)']`."""
    table = manifests.load(directory)
    places = (table, *(platform for _, platform in table.tables("target")))
    sections = ((place, section) for place in places for section in (*NORMAL, *DEV))
    return [each for place, section in sections for each in _in_section(manifests, directory, place, section)]


def _in_section(manifests: Manifests, directory: Path, place: Table, section: str) -> Iterator[Dependency]:
    entries = place.table(section) or Table(place.file, {})
    for name in entries.values:
        base, entry = _source(manifests, directory, entries, name)
        path = entry.text("path") if entry else None
        yield Dependency(
            package=(entry and entry.text("package")) or name,
            path=normalized(base / path) if path is not None else None,
            is_dev=section.startswith("dev"),
        )


def _source(manifests: Manifests, directory: Path, entries: Table, name: str) -> tuple[Path, Table | None]:
    """Return what an entry says, and the directory that its path is relative to: the root's, where it is inherited."""
    entry = _entry(entries, name)
    if entry is None or not entry.flag("workspace"):
        return directory, entry
    root = manifests.root_of(directory)
    shared = manifests.load(root).table("workspace", "dependencies") if root is not None else None
    if root is None or shared is None or name not in shared:
        raise missing_in_workspace(entry, f"workspace.dependencies.{name}")
    return root, _entry(shared, name)


def _entry(entries: Table, name: str) -> Table | None:
    """Return a dependency's table, None where it is only a version."""
    if isinstance(entries.values[name], Mapping):
        return entries.table(name)
    if entries.text(name) is None:
        raise entries.wrong(name, "a version or a table")
    return None
