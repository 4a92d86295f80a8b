"""Dependency tables of a manifest, as far as they decide what other packages are compiled and how."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cargo_stow.manifest.dependencies import DEV, NORMAL

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    Toml = Mapping[str, object]


def mask_dependencies(table: Toml, *, with_dev: bool) -> dict[str, object]:
    """Return the dependency sections, those of `[target]` too; without dev-dependencies unless they are asked for."""
    masked = _sections(table, with_dev=with_dev)
    platforms = {name: _sections(entry, with_dev=with_dev) for name, entry in _tables(table.get("target"))}
    platforms = {name: entry for name, entry in platforms.items() if entry}
    return {**masked, "target": platforms} if platforms else masked


def _sections(table: Toml, *, with_dev: bool) -> dict[str, object]:
    wanted = (*NORMAL, *DEV) if with_dev else NORMAL
    found = {name: table[name] for name in wanted if name in table}
    return {name: mask_entries(entries) for name, entries in found.items() if isinstance(entries, Mapping)}


def mask_entries(entries: Toml) -> dict[str, object]:
    """Take the version requirement from path crates: their versions are masked."""
    return {name: _mask_entry(entry) for name, entry in entries.items()}


def _mask_entry(entry: object) -> object:
    if isinstance(entry, Mapping) and "path" in entry:
        return {key: value for key, value in entry.items() if key != "version"}
    return entry


def has_build_dependencies(table: Toml) -> bool:
    """Say whether a build script is compiled with anything."""
    places = (table, *(entry for _, entry in _tables(table.get("target"))))
    return any(place.get(section) for place in places for section in NORMAL if section.startswith("build"))


def entries_of(table: Toml) -> Iterator[tuple[str, object]]:
    """Yield every dependency of a manifest: the name it goes by, and its entry."""
    for place in (table, *(entry for _, entry in _tables(table.get("target")))):
        for section in (*NORMAL, *DEV):
            entries = place.get(section)
            if isinstance(entries, Mapping):
                yield from entries.items()


def declared_names(table: Toml, roots: Iterable[Toml] = ()) -> set[str]:
    """Return the names that a manifest's dependencies go by, and those of the packages behind renamed ones.

    `roots` are the manifests that it may inherit dependencies from.
    """
    shared = [entries for root in roots for _, entries in _tables({"": _dependencies_of(root)})]
    found = set()
    for name, entry in entries_of(table):
        found.add(name)
        for each in (entry, *(entries.get(name) for entries in shared)):
            if isinstance(each, Mapping) and isinstance(each.get("package"), str):
                found.add(str(each["package"]))
    return found


def _dependencies_of(root: Toml) -> object:
    workspace = root.get("workspace")
    return workspace.get("dependencies") if isinstance(workspace, Mapping) else None


def inherited_names(table: Toml) -> set[str]:
    """Return the names of the dependencies that a manifest takes from its workspace."""
    return {name for name, entry in entries_of(table) if isinstance(entry, Mapping) and entry.get("workspace")}


def _tables(value: object) -> Iterator[tuple[str, Toml]]:
    for name, entry in value.items() if isinstance(value, Mapping) else ():
        if isinstance(entry, Mapping):
            yield name, entry
