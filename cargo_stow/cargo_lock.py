"""Does Cargo.lock fit the manifests? Said before anything is built, in one clear error.

Only what can be said without a registry: cargo itself has the last word, in the build, with `--locked`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import tomli

from cargo_stow.errors import LockError
from cargo_stow.files import read_text
from cargo_stow.model import is_too_deep

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cargo_stow.model import Package, Workspace

_HINT = "run `cargo update --workspace` and commit Cargo.lock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """One package of Cargo.lock. `dependencies` are spelled as there: a name, with version and source if needed."""

    name: str
    version: str
    is_local: bool
    dependencies: tuple[str, ...]


def check_cargo_lock(workspace: Workspace) -> None:
    """Raise LockError when a member is missing from Cargo.lock, has another version there, or other dependencies."""
    listed = load_locked(workspace) or ()
    entries = {
        (each.name, each.version): {text.split(" ")[0] for text in each.dependencies}
        for each in listed
        if each.is_local
    }
    for package in workspace.members:
        _check(package, entries, str(workspace.lockfile))


def load_locked(workspace: Workspace) -> tuple[Locked, ...] | None:
    """Return the packages of Cargo.lock, None where there is no such file. Raises LockError for one that is broken."""
    path = workspace.lockfile
    text = read_text(path)
    try:
        return None if text is None else tuple(_listed(text))
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
        why = str(error) if isinstance(error, ValueError) else "it is not in the form that cargo writes"
        raise LockError(
            f"{path} cannot be read: {why}", hint="restore it from version control, or run `cargo generate-lockfile`"
        ) from error


def load_sources(workspace: Workspace) -> frozenset[str]:
    """Return where the packages of Cargo.lock come from, as it spells that; empty where there is none to be read."""
    return frozenset(source for _, source in _foreign(workspace))


def load_foreign_names(workspace: Workspace) -> frozenset[str]:
    """Return the names of the packages of Cargo.lock that come from elsewhere; empty where there is none to be read."""
    return frozenset(name for name, _ in _foreign(workspace))


def _foreign(workspace: Workspace) -> list[tuple[str, str]]:
    try:
        packages = tomli.loads(read_text(workspace.lockfile) or "").get("package", [])
        return [
            (str(package.get("name")), package["source"])
            for package in packages
            if isinstance(package.get("source"), str)
        ]
    except (ValueError, TypeError, AttributeError, RecursionError):
        return []  # `check_cargo_lock` tells of it.


def _listed(text: str) -> Iterator[Locked]:
    document = tomli.loads(text)
    # Before lock files had a version, the root package stood in a table of its own.
    packages: list[Mapping[str, object]] = [
        *document.get("package", []),
        *([document["root"]] if "root" in document else []),
    ]
    if not all(map(_is_entry, packages)) or not isinstance(document.get("metadata", {}), dict):
        raise TypeError
    if is_too_deep(document):
        raise ValueError("it is nested too deeply")
    for package in packages:
        yield Locked(
            name=str(package["name"]),
            version=str(package["version"]),
            is_local="source" not in package,
            dependencies=_dependencies(package),
        )


def _is_entry(package: Mapping[str, object]) -> bool:
    """Whether an entry has the form that everybody here relies on."""
    listed = package.get("dependencies", [])
    texts = [package["name"], package["version"], package.get("source", "")]
    return isinstance(listed, list) and all(isinstance(each, str) for each in (*texts, *listed))


def _dependencies(package: Mapping[str, object]) -> tuple[str, ...]:
    listed = package.get("dependencies", [])
    return tuple(map(str, listed)) if isinstance(listed, list) else ()


def _check(package: Package, entries: Mapping[tuple[str, str], set[str]], path: str) -> None:
    found = entries.get((package.name, package.version))
    if found is None:
        raise LockError(
            f"{path} is out of date: it does not list `{package.name}` {package.version}, as {package.manifest} does",
            hint=_HINT,
        )
    wanted = set(package.requires)
    if found != wanted:
        odd = sorted(wanted - found) or sorted(found - wanted)
        relation = "depends on" if wanted - found else "no longer depends on"
        raise LockError(
            f"{path} is out of date: `{package.name}` {relation} `{odd[0]}` ({package.manifest})", hint=_HINT
        )
