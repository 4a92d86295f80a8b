"""Images that share one layer of dependencies: what is compiled for it, and which images can. Pure."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from cargo_stow.planner.cargo import build
from cargo_stow.planner.sources import relative

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from cargo_stow.model import Closure
    from cargo_stow.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One image of a group; `is_homonym` says whether another package has the name of its own."""

    closure: Closure
    settings: Settings
    is_homonym: bool = False

    @property
    def command(self) -> tuple[str, ...]:
        """What compiles its executables, without `--locked`."""
        package = self.closure.sources[0]
        directory = relative(package.directory, self.closure.root) if self.is_homonym else None
        return build(package, self.settings, directory)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """What compiles the dependencies of several images, or of one.

    `closure` holds what any of them needs, `settings` what all say of how it is compiled, `directory` is where cargo
    runs, relative to its root.
    """

    closure: Closure
    settings: Settings
    directory: PurePosixPath
    commands: tuple[tuple[str, ...], ...]


def kinship(member: Member) -> Hashable:
    """Return what two images must have in common to share a layer of dependencies, but for base and platform."""
    closure, settings = member.closure, member.settings
    return (
        (closure.root, closure.roots, closure.patched, closure.configuration, closure.vendored, closure.target),
        (settings.profile, settings.toolchain, settings.build_deps, settings.has_lockfile),
        (settings.build_env, settings.secrets),
    )


def make_group(members: Sequence[Member], root: Path) -> Group:
    """Bring images together that have their kinship in common; `root` is that of the workspace.

    cargo compiles for each in turn, and for each as it would alone: features that only another one wants have no part
    in it.
    """
    first = members[0].closure
    together = Path(os.path.commonpath([each.closure.sources[0].directory for each in members]))
    directory = together if len(members) == 1 or together.is_relative_to(root) else root
    return Group(
        closure=_union([each.closure for each in members]),
        settings=members[0].settings,
        directory=relative(directory, first.root),
        commands=tuple(dict.fromkeys(each.command for each in members)),
    )


def _union(closures: Sequence[Closure]) -> Closure:
    if len(closures) == 1:
        return closures[0]
    sources = {package.directory: package for each in closures for package in each.sources}
    manifests = {package.directory: package for each in closures for package in each.manifests}
    return replace(
        closures[0],
        sources=tuple(sources.values()),
        manifests=tuple(manifests[directory] for directory in sorted(manifests.keys() - sources.keys())),
        files=tuple(sorted({file for each in closures for file in each.files})),
        linked=tuple(sorted({directory for each in closures for directory in each.linked})),
    )
