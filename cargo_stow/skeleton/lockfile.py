"""Cargo.lock without the versions of path crates, and without packages that the skeleton does not reach."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import tomli
import tomli_w

from cargo_stow.skeleton.manifest import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Entry = dict[str, Any]


def mask_lock(text: str, local: Mapping[str, set[str]], masked: set[str]) -> str:
    """Return the text of the skeleton's lock.

    `local` says by name of each path crate which dependencies its masked manifest has; those in `masked` lose their
    version. What the lock does not say cargo works out again: this one is not held with `--locked`.
    """
    document = tomli.loads(text)
    # Before lock files had a version, the root package stood in a table of its own.
    listed = [*document.get("package", []), *([document["root"]] if "root" in document else [])]
    entries = [_mask(entry, local, masked) for entry in listed]
    by_name: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        by_name[entry["name"]].append(entry)
    reached: dict[int, Entry] = {}
    waiting = [entry for name in local for entry in by_name[name] if "source" not in entry]
    while waiting:
        entry = waiting.pop()
        if id(entry) not in reached:
            reached[id(entry)] = entry
            waiting += [found for named in entry.get("dependencies", []) for found in _named(named, by_name)]
    kept = [entry for entry in entries if id(entry) in reached]
    head = {key: document[key] for key in ("version",) if key in document}
    checksums = _checksums(document.get("metadata", {}), kept)
    return tomli_w.dumps({**head, "package": kept, **({"metadata": checksums} if checksums else {})})


def _checksums(metadata: Mapping[str, str], kept: list[Entry]) -> dict[str, str]:
    """Where locks of the first version have what the others have in each entry."""
    names = {f"checksum {entry['name']} {entry['version']} ({entry.get('source')})" for entry in kept}
    return {key: value for key, value in metadata.items() if key in names}


def _mask(entry: Entry, local: Mapping[str, set[str]], masked: set[str]) -> Entry:
    name = entry["name"]
    if "source" in entry or name not in local:
        return entry
    kept = [named for named in entry.get("dependencies", []) if named.split(" ")[0] in local[name]]
    version = VERSION if name in masked else entry["version"]
    return {**entry, "version": version, **({"dependencies": kept} if "dependencies" in entry else {})}


def _named(named: str, by_name: Mapping[str, list[Entry]]) -> Iterator[Entry]:
    """Yield what an entry of `dependencies` may mean: a name, with a version where the name is not enough."""
    name, *version = named.split(" ")[:2]
    candidates = by_name.get(name, [])
    exact = [entry for entry in candidates if version and entry["version"] == version[0]]
    yield from exact or candidates
