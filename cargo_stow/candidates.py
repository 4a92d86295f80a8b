"""What may be typed for an option, found in the manifest at hand. Asks no program: a shell waits for it at each key."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cargo_stow.manifest import check_manifest_path, find_manifest, load_manifest, load_workspace
from cargo_stow.process import SystemRunner
from cargo_stow.selection import Selection, select
from cargo_stow.settings import KEYS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cargo_stow.model import Package, Workspace

# The profiles that every crate has (Cargo Book, "Profiles").
_PROFILES = ("bench", "dev", "release", "test")


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """What the workspace of a manifest has; `packages` are those that were chosen, by name or pattern.

    Raises the errors of what cannot be read.
    """

    workspace: Workspace
    packages: tuple[Package, ...]

    def named(self, kind: str) -> list[str]:
        """Return the names of one kind, `package`, `bin`, `profile` or `features`, that could be typed."""
        found = {"package": self._packages, "bin": self._bins, "profile": self._profiles, "features": self._features}
        return sorted({name for name in found[kind]() if _is_typed(name)})

    def _packages(self) -> Iterable[str]:
        return (package.name for package in self.workspace.members)

    def _bins(self) -> Iterable[str]:
        return (name for package in self.packages for name in package.bins)

    def _profiles(self) -> Iterable[str]:
        return (*_PROFILES, *_table(load_manifest(self.workspace.root), "profile"))

    def _features(self) -> Iterator[str]:
        for package in self.packages:
            manifest = load_manifest(package.directory)
            yield from _table(manifest, "features")
            dependencies = _table(manifest, "dependencies").items()
            yield from (name for name, said in dependencies if isinstance(said, dict) and said.get("optional") is True)


def load_candidates(manifest: Path | None, packages: tuple[str, ...], environment: Mapping[str, str]) -> Candidates:
    """Read the workspace of a manifest, or of the current directory, from its files."""
    path = check_manifest_path(manifest) if manifest else find_manifest(Path.cwd())
    workspace = load_workspace(path, SystemRunner(), cargo=False, environment=environment)
    chosen = select(workspace, path, Selection(packages=packages).completed(environment))
    return Candidates(workspace=workspace, packages=tuple(chosen))


def _table(manifest: Mapping[str, object], name: str) -> Mapping[str, object]:
    found = manifest.get(name)
    return found if isinstance(found, dict) else {}


def _is_typed(name: str) -> bool:
    """What is no name to us would be refused; and in a shell, not each name is a word."""
    try:
        KEYS["bin"].kind.parse(name)
    except ValueError:
        return False
    return True
