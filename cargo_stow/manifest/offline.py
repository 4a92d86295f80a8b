"""Reads packages from their manifests alone, for a machine without cargo.

Owns what cargo checks of a name and a version. Resolves nothing: no registry, no features.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from cargo_stow.errors import UsageError
from cargo_stow.manifest.config import target_directory
from cargo_stow.manifest.dependencies import dependencies_of
from cargo_stow.manifest.discovery import find_targets
from cargo_stow.manifest.members import find_members
from cargo_stow.manifest.paths import by_links, resolved
from cargo_stow.manifest.reader import Members
from cargo_stow.manifest.roots import Manifests, container_of, inherited, package_table
from cargo_stow.manifest.targets import Crate
from cargo_stow.model import Package

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from cargo_stow.manifest.config import Config
    from cargo_stow.manifest.toml import Table

_NUMBER = r"(?:0|[1-9][0-9]*)"
_WORD = r"(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
_BUILD = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
_VERSION = re.compile(rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-{_WORD}(?:\.{_WORD})*)?(?:\+{_BUILD})?")


class OfflineReader:
    """The reader that needs no cargo. It also reads the packages outside the workspace where cargo reads the rest."""

    def __init__(self, config: Config, environment: Mapping[str, str], cargo_home: Path | None) -> None:
        self._manifests = Manifests(cargo_home)
        self._config = config
        self._environment = environment

    def members(self, directory: Path) -> Members:
        """Read the workspace that the manifest of a directory belongs to."""
        root, directories = find_members(self._manifests, directory)
        packages = tuple(self._package(path) for path in directories)
        _check_names(packages)
        target = target_directory(root, self._config, self._environment)
        return Members(root=root, packages=packages, target_directory=target)

    def package(self, directory: Path) -> Package:
        """Read one package that is no member. Without its dev-dependencies: cargo does not read theirs."""
        root = self._manifests.root_of(directory)
        return replace(self._package(directory, with_dev=False), root=resolved(root) if root else None)

    def _package(self, directory: Path, *, with_dev: bool = True) -> Package:
        table = self._manifests.load(directory)
        package = package_table(table)
        if package is None:
            raise UsageError(f"{table.file} has no [package] section", hint="correct the `path` that leads there")
        workspace = self._manifests.workspace_of(directory)
        crate = self._crate(directory, table, package)
        declared = [each for each in dependencies_of(self._manifests, directory) if with_dev or not each.is_dev]
        return Package(
            name=crate.name,
            version=_version(package, workspace),
            directory=resolved(directory),
            targets=find_targets(crate),
            needs=_all_resolved(each.path for each in declared if not each.is_dev),
            knows=_all_resolved(each.path for each in declared if each.is_dev),
            by_links=by_links(directory, [each.path for each in declared if each.path]),
            requires=tuple(sorted({each.package for each in declared})),
            default_run=package.text("default-run"),
            container=container_of(package),
            description=inherited(package, workspace, "description"),
            license=inherited(package, workspace, "license"),
            repository=inherited(package, workspace, "repository"),
        )

    def _crate(self, directory: Path, table: Table, package: Table) -> Crate:
        edition = inherited(package, self._manifests.workspace_of(directory), "edition") or "2015"
        return Crate(directory=directory, table=table, package=package, name=_name(package), edition=edition)


def _name(package: Table) -> str:
    """Source: cargo's `restricted_names::validate_package_name`."""
    name = package.text("name") or ""
    if not name.replace("-", "_").isidentifier() or name.startswith("-"):
        raise package.wrong("name", "a package name: letters, digits, `-` and `_`, not a digit first")
    return name


def _version(package: Table, workspace: Table | None) -> str:
    if "version" not in package:
        return "0.0.0"
    version = inherited(package, workspace, "version") or ""
    if not _VERSION.fullmatch(version):
        raise package.wrong("version", "a version, as 1.0.0")
    return version


def _check_names(packages: Iterable[Package]) -> None:
    seen: dict[str, Package] = {}
    for package in packages:
        other = seen.setdefault(package.name, package)
        if other is not package:
            raise UsageError(
                f"two packages are called {package.name!r}: {other.manifest} and {package.manifest}",
                hint="rename one of them",
            )


def _all_resolved(directories: Iterable[Path | None]) -> tuple[Path, ...]:
    return tuple(sorted({resolved(path) for path in directories if path is not None}))
