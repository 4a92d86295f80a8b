"""Which packages of Cargo.lock one package is compiled with: not those of other members, nor of tests."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cargo_stow.cargo_lock import Locked
    from cargo_stow.propose.declared import Declared


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """Names of packages, each with the names of those that the lock lists for it; crates of other platforms too.

    `is_doubtful` says that a feature which bundles libraries is in some manifest here and not switched on: what the
    lock lists for a crate that can bundle one may then be there for that feature only.
    """

    start: str
    packages: Mapping[str, frozenset[str]]
    is_doubtful: bool = False

    def without(self, edges: Iterable[tuple[str, str]]) -> Reached:
        """Return what is reached where none of these packages leads to the other one."""
        cut = set(edges)
        kept: dict[str, frozenset[str]] = {}
        waiting = [self.start]
        while waiting:
            name = waiting.pop()
            if name not in kept and name in self.packages:
                kept[name] = frozenset(other for other in self.packages[name] if (name, other) not in cut)
                waiting += kept[name]
        return replace(self, packages=kept)


def reach(start: str, locked: Iterable[Locked], local: Mapping[str, Declared]) -> Reached:
    """Return what a package leads to with its default features. `local` are the manifests of all packages on disk."""
    asked = _asked(start, local)
    by_name: dict[str, list[Locked]] = defaultdict(list)
    for entry in locked:
        by_name[entry.name].append(entry)
    found: dict[str, set[str]] = defaultdict(set)
    seen: set[Locked] = set()
    waiting = [entry for entry in by_name[start] if entry.is_local]
    while waiting:
        entry = waiting.pop()
        if entry not in seen:
            seen.add(entry)
            listed = [text for text in entry.dependencies if not entry.is_local or _name(text) in asked]
            found[entry.name].update(map(_name, listed))
            waiting += [each for text in listed for each in _named(text, by_name)]
    pairs = {(name, feature) for name, features in asked.items() for feature in features}
    doubtful = any(True for each in local.values() for _ in each.bundling(pairs))
    packages = {name: frozenset(listed) for name, listed in found.items()}
    return Reached(start=start, packages=packages, is_doubtful=doubtful)


def _asked(start: str, local: Mapping[str, Declared]) -> Mapping[str, set[str]]:
    """The features that are asked of each package by those on disk, until no more are asked for."""
    asked = {start: {"default"}}
    waiting = [start]
    while waiting:
        name = waiting.pop()
        for package, features in local[name].asks(asked[name]).items() if name in local else ():
            if package not in asked or not features <= asked[package]:
                asked[package] = asked.get(package, set()) | features
                waiting.append(package)
    return asked


def _name(listed: str) -> str:
    return listed.partition(" ")[0]


def _named(listed: str, by_name: Mapping[str, list[Locked]]) -> Iterator[Locked]:
    """Yield what an entry of `dependencies` may mean: a name, with a version where the name is not enough."""
    name, *version = listed.split(" ")[:2]
    exact = [entry for entry in by_name.get(name, []) if version and entry.version == version[0]]
    yield from exact or by_name.get(name, [])
