"""Does Cargo.lock fit the manifests? Said before anything is built, in one clear error.

Only what can be said without a registry: cargo itself has the last word, in the build, with `--locked`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import tomli

from cargo_stow.errors import LockError
from cargo_stow.files import read_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cargo_stow.model import Package, Workspace

_HINT = "run `cargo update --workspace` and commit Cargo.lock"


def check_cargo_lock(workspace: Workspace) -> None:
    """Raise LockError when a member is missing from Cargo.lock, has another version there, or other dependencies."""
    path = workspace.lockfile
    try:
        entries = _entries(read_text(path) or "")
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
        why = str(error) if isinstance(error, ValueError) else "it is not in the form that cargo writes"
        raise LockError(
            f"{path} cannot be read: {why}", hint="restore it from version control, or run `cargo generate-lockfile`"
        ) from error
    for package in workspace.members:
        _check(package, entries, str(path))


def _entries(text: str) -> dict[tuple[str, str], set[str]]:
    """The names of the dependencies of each package that comes from no registry, by name and version."""
    document = tomli.loads(text)
    # Before lock files had a version, the root package stood in a table of its own.
    packages: list[Mapping[str, object]] = [
        *document.get("package", []),
        *([document["root"]] if "root" in document else []),
    ]
    return {
        (str(package["name"]), str(package["version"])): _dependencies(package)
        for package in packages
        if "source" not in package
    }


def _dependencies(package: Mapping[str, object]) -> set[str]:
    listed = package.get("dependencies", [])
    return {str(text).split(" ")[0] for text in listed} if isinstance(listed, list) else set()


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
