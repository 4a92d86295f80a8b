"""The path dependencies that a manifest declares, with their directories. Knows no registry and resolves no version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cargo_stow.manifest.paths import normalized
from cargo_stow.manifest.roots import missing_in_workspace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cargo_stow.manifest.roots import Manifests
    from cargo_stow.manifest.toml import Table

COMPILED = ("dependencies", "build-dependencies", "build_dependencies")
READ_ONLY = ("dev-dependencies", "dev_dependencies")


def path_dependencies(manifests: Manifests, directory: Path, sections: tuple[str, ...]) -> list[Path]:
    """Return the directories of one manifest's path dependencies in some sections, in its order, each once."""
    found: list[Path] = []
    for name, entry in _entries(manifests.load(directory), sections):
        path = _shared(manifests, directory, name, entry) if entry.flag("workspace") else _own(directory, entry)
        if path is not None:
            found.append(path)
    return list(dict.fromkeys(found))


def _entries(table: Table, sections: tuple[str, ...]) -> Iterator[tuple[str, Table]]:
    """Yield the dependencies at the top and those under `[target.'cfg(..)']`."""
    for place in (table, *(platform for _, platform in table.tables("target"))):
        for section in sections:
            yield from place.tables(section)


def _own(base: Path, entry: Table) -> Path | None:
    path = entry.text("path")
    return normalized(base / path) if path is not None else None


def _shared(manifests: Manifests, directory: Path, name: str, entry: Table) -> Path | None:
    """Look a dependency up in `[workspace.dependencies]`, whose paths are relative to the workspace's root."""
    root = manifests.root_of(directory)
    shared = manifests.load(root).table("workspace", "dependencies") if root is not None else None
    if root is None or shared is None or name not in shared:
        raise missing_in_workspace(entry, f"workspace.dependencies.{name}")
    if isinstance(shared.values[name], str):  # only a version
        return None
    source = shared.table(name)
    return _own(root, source) if source else None
