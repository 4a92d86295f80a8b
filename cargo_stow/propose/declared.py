"""What a manifest asks of other packages, given the features it is compiled with; without dev-dependencies.

Source: The Cargo Book, "Features". Conditions on the platform are taken for true.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    Toml = Mapping[str, object]

Asked = tuple[str, str]
"""A package and a feature of it."""

# How features are called that make a crate compile the library it links to, instead of looking for the system's.
_BUNDLES = re.compile(r"bundled|vendored|static")
_SECTIONS = ("dependencies", "build-dependencies", "build_dependencies")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Dependency:
    package: str
    is_optional: bool
    is_conditional: bool
    features: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """The dependencies of a manifest, by the names they go by, and its features."""

    dependencies: tuple[tuple[str, _Dependency], ...]
    features: Mapping[str, tuple[str, ...]]

    def asks(self, features: Iterable[str]) -> dict[str, set[str]]:
        """Return the packages that are compiled with these features, and the features that are asked of each."""
        tokens = self._tokens(features)
        found: dict[str, set[str]] = defaultdict(set)
        for name, dependency in self.dependencies:
            if not dependency.is_optional or _switches_on(tokens, name):
                more = (token.partition("/")[2] for token in tokens if _dependency_of(token) == name and "/" in token)
                found[dependency.package].update(dependency.features, more)
        return found

    def bundling(self, asked: Iterable[Asked]) -> Iterator[Asked]:
        """Yield the features that would bundle a library and that nobody has `asked` for, or only on some platform."""
        known = set(asked)
        for dependency in (each for _, each in self.dependencies):
            for feature in filter(_BUNDLES.search, dependency.features):
                if dependency.is_conditional or (dependency.package, feature) not in known:
                    yield dependency.package, feature
        packages = {name: each.package for name, each in self.dependencies}
        for token in (token for tokens in self.features.values() for token in tokens):
            name, _, feature = token.partition("/")
            asked_of = packages.get(name.removesuffix("?"), name)
            if _BUNDLES.search(feature) and (asked_of, feature) not in known:
                yield asked_of, feature

    def _tokens(self, features: Iterable[str]) -> set[str]:
        """Every feature, and every `dep:…` and `dependency/feature`, that these features lead to."""
        seen: set[str] = set()
        waiting = list(features)
        while waiting:
            token = waiting.pop()
            if token not in seen:
                seen.add(token)
                waiting += self.features.get(token, ())
        return seen


def make_declared(manifest: Toml, root: Toml) -> Declared:
    """Read a parsed manifest; `root` is that of the workspace, whose dependencies it may inherit.

    What has not the shape that cargo wants says nothing: cargo tells of it.
    """
    shared = _table(_table(root.get("workspace")).get("dependencies"))
    dependencies = tuple(_dependencies(manifest, shared))
    features = {name: _texts(tokens) for name, tokens in _table(manifest.get("features")).items()}
    return Declared(dependencies=dependencies, features=features)


def _dependencies(manifest: Toml, shared: Toml) -> Iterator[tuple[str, _Dependency]]:
    platforms = _table(manifest.get("target")).values()
    for place, is_conditional in ((manifest, False), *((_table(each), True) for each in platforms)):
        for section in _SECTIONS:
            for name, entry in _table(place.get(section)).items():
                own = _table(entry)
                yield (
                    name,
                    _dependency(name, own, _table(shared.get(name)) if own.get("workspace") else {}, is_conditional),
                )


def _dependency(name: str, own: Toml, shared: Toml, is_conditional: bool) -> _Dependency:
    both = {**shared, **own}
    with_default = both.get("default-features", both.get("default_features", True))
    features = (*_texts(shared.get("features")), *_texts(own.get("features")))
    return _Dependency(
        package=str(both.get("package", name)),
        is_optional=bool(own.get("optional")),
        is_conditional=is_conditional,
        features=(*features, "default") if with_default else features,
    )


def _switches_on(tokens: Iterable[str], name: str) -> bool:
    return any(token in (name, f"dep:{name}") or token.startswith(f"{name}/") for token in tokens)


def _dependency_of(token: str) -> str:
    return token.partition("/")[0].removesuffix("?")


def _table(value: object) -> Toml:
    return value if isinstance(value, Mapping) else {}


def _texts(value: object) -> tuple[str, ...]:
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()
