"""A package's manifest without what no dependency depends on: version, metadata, lints, targets that are not built."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cargo_stow.manifest.dependencies import DEV, NORMAL
from cargo_stow.skeleton.dependencies import declared_names, mask_dependencies

if TYPE_CHECKING:
    from cargo_stow.model import Package, Target

    Toml = Mapping[str, object]

VERSION = "0.0.0"
# What is kept of [package] and [lib]: what cargo compiles dependencies by, or refuses to read a manifest without.
_PACKAGE = ("edition", "links", "resolver", "workspace", "im-a-teapot")
_LIB = ("name", "proc-macro", "proc_macro", "crate-type", "crate_type", "edition")
_BIN = ("required-features", "edition")
_NO_DISCOVERY = {"autobins": False, "autoexamples": False, "autotests": False, "autobenches": False}
_IMPLIED = {"2015": "1", "2018": "1", "2021": "2"}


def mask_package(
    table: Toml, package: Package, targets: tuple[Target, ...], *, version: str, with_dev: bool
) -> dict[str, object]:
    """Return the manifest of a package that is compiled from stubs of its targets.

    An inherited edition stays inherited. Features that only switch something of a dev-dependency lose that.
    """
    section = _table(table, "package") or _table(table, "project")
    script = next((str(target.path) for target in targets if target.kind == "custom-build"), None)
    masked: dict[str, object] = {key: table[key] for key in ("cargo-features",) if key in table}
    masked["package"] = {
        **{key: section[key] for key in _PACKAGE if key in section and (script or key != "links")},
        **_NO_DISCOVERY,
        "name": package.name,
        "version": version,
        "build": script or False,
    }
    masked.update(_targets(table, targets))
    return _with_dependencies(masked, table, with_dev=with_dev)


def keep_package(table: Toml, *, with_dev: bool) -> dict[str, object]:
    """Return the manifest of a package that is compiled from its own sources: whole, but for dev-dependencies."""
    kept = {key: value for key, value in table.items() if key not in {*NORMAL, *DEV, "target", "features"}}
    return _with_dependencies(kept, table, with_dev=with_dev)


def _with_dependencies(masked: dict[str, object], table: Toml, *, with_dev: bool) -> dict[str, object]:
    masked = {**masked, **mask_dependencies(table, with_dev=with_dev)}
    features = _features(_table(table, "features"), declared_names(masked))
    return {**masked, "features": features} if features else masked


def _targets(table: Toml, targets: tuple[Target, ...]) -> dict[str, object]:
    found: dict[str, object] = {}
    bins: list[Toml] = []
    for target in targets:
        if target.kind == "lib":
            section = _table(table, "lib")
            found["lib"] = {**{key: section[key] for key in _LIB if key in section}, "path": str(target.path)}
        elif target.kind == "bin":
            section = _section_of(table, target.name)
            kept = {key: section[key] for key in _BIN if key in section}
            bins.append({**kept, "name": target.name, "path": str(target.path)})
    return {**found, "bin": bins} if bins else found


def _section_of(table: Toml, name: str) -> Toml:
    sections = table.get("bin")
    found = [each for each in (sections if isinstance(sections, list) else []) if isinstance(each, Mapping)]
    return next((each for each in found if each.get("name") == name), {})


def _features(features: Toml, names: set[str]) -> dict[str, object]:
    return {
        feature: [value for value in values if _is_known(str(value), names)]
        for feature, values in features.items()
        if isinstance(values, list)
    }


def _is_known(value: str, names: set[str]) -> bool:
    """Say whether what a feature switches is still there; `crate/feature` names a dependency, of whatever kind."""
    name, slash, _ = value.partition("/")
    return not slash or name.rstrip("?") in names


def resolver_of(root: Toml) -> str:
    """Return the version of cargo's resolver, which the root manifest says or its edition implies."""
    package = _table(root, "package") or _table(root, "project")
    for table in (_table(root, "workspace"), package):
        if isinstance(table.get("resolver"), str):
            return str(table["resolver"])
    edition = package.get("edition", "2015" if package else None)
    if isinstance(edition, Mapping):
        edition = _table(_table(root, "workspace"), "package").get("edition")
    return _IMPLIED.get(str(edition), "3") if edition else "1"


def sorted_deeply(value: Toml) -> dict[str, object]:
    """Order all tables by key, so that the order of a manifest's lines means nothing."""
    return {key: sorted_deeply(entry) if isinstance(entry, Mapping) else entry for key, entry in sorted(value.items())}


def _table(table: Toml, name: str) -> Toml:
    found = table.get(name)
    return found if isinstance(found, Mapping) else {}
