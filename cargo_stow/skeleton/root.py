"""The root manifest of the skeleton: the workspace as far as the packages in it need it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cargo_stow.skeleton.dependencies import inherited_names, mask_entries
from cargo_stow.skeleton.manifest import resolver_of

if TYPE_CHECKING:
    from pathlib import Path

    Toml = Mapping[str, object]

# What of the root manifest decides how dependencies are compiled, whichever package is built.
_SHARED = ("cargo-features", "patch", "replace")


def mask_root(
    root: Toml, directory: Path, masked: Mapping[Path, Toml], profile: str, *, whole: bool
) -> dict[str, object]:
    """Return the root manifest: that of its own package if that is compiled, and the workspace of those in `masked`.

    With `whole`, some packages keep their manifests, and so what they inherit.
    """
    shared = {key: root[key] for key in _SHARED if key in root}
    if profiles := _profiles(root.get("profile"), profile):
        shared["profile"] = profiles
    own: dict[str, Any] = dict(masked.get(directory, {}))
    workspace = root.get("workspace")
    if not isinstance(workspace, Mapping):
        return {**own, **shared}
    if "package" in own:
        # Of the two places where the resolver can be said, cargo takes one only.
        own["package"] = {key: value for key, value in own["package"].items() if key != "resolver"}
    members = [path for path in sorted(masked) if path != directory]
    inherited = set().union(*(inherited_names(table) for table in masked.values()))
    section: dict[str, object] = {
        "members": [os.path.relpath(path, directory) for path in members],
        "dependencies": _used(workspace.get("dependencies"), inherited),
        "package": _package(workspace.get("package"), whole=whole),
    }
    if "exclude" in workspace:
        section["exclude"] = workspace["exclude"]
    if whole and "lints" in workspace:
        section["lints"] = workspace["lints"]
    if resolver_of({**own, "workspace": section}) != resolver_of(root):
        section["resolver"] = resolver_of(root)
    return {**own, **shared, "workspace": {key: value for key, value in section.items() if value not in ({}, None)}}


def _profiles(section: object, chosen: str) -> dict[str, object]:
    """Return a profile, and those that it inherits from."""
    found: dict[str, object] = {}
    profiles = section if isinstance(section, Mapping) else {}
    while chosen not in found and isinstance(profiles.get(chosen), Mapping):
        found[chosen] = profiles[chosen]
        chosen = str(profiles[chosen].get("inherits"))
    return found


def _used(entries: object, names: set[str]) -> dict[str, object]:
    found = entries if isinstance(entries, Mapping) else {}
    return mask_entries({name: entry for name, entry in found.items() if name in names})


def _package(section: object, *, whole: bool) -> dict[str, object]:
    found = section if isinstance(section, Mapping) else {}
    return dict(found) if whole else {key: found[key] for key in ("edition",) if key in found}
