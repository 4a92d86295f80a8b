"""Which packages of a workspace become images, by cargo's own words for it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from cargo_stow.errors import UsageError
from cargo_stow.settings.kinds import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from cargo_stow.model import Package, Workspace

_VARIABLE = "CARGO_STOW_PACKAGE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What was asked for: `packages` by name or pattern, or the whole `workspace` but for what `exclude` names."""

    packages: tuple[str, ...] = ()
    workspace: bool = False
    exclude: tuple[str, ...] = ()

    def completed(self, environment: Mapping[str, str]) -> Selection:
        """The same, with what `CARGO_STOW_PACKAGE` says where no flag says anything."""
        if self.packages or self.workspace:
            return self
        return replace(self, packages=tuple(environment.get(_VARIABLE, "").replace(",", " ").split()))


def select(workspace: Workspace, manifest: Path, selection: Selection) -> list[Package]:
    """Return the packages that are to become images, in the workspace's order. Raises UsageError where there are none.

    Without a word, that is the package which the manifest describes; of a virtual one, all with a container section.
    """
    if selection.exclude and not selection.workspace:
        raise UsageError("--exclude says what to leave out of a workspace", hint="use it together with --workspace")
    if selection.packages and not selection.workspace:
        return _named(workspace.members, manifest, selection.packages)
    own = [package for package in workspace.members if package.name == workspace.selected]
    if own and not selection.workspace:
        return own
    left_out = _named(workspace.members, manifest, selection.exclude)
    images = [package for package in workspace.members if package.container is not None and package not in left_out]
    return images or _none(manifest, left_out)


def _none(manifest: Path, left_out: list[Package]) -> list[Package]:
    rest = " that is not excluded" if left_out else ""
    raise UsageError(
        f"no package of {manifest}{rest} has a [package.metadata.container] section",
        hint="write one into the package that is to become an image: `cargo stow init --package NAME`",
    )


def _named(members: Iterable[Package], manifest: Path, patterns: Iterable[str]) -> list[Package]:
    """The packages that names or patterns mean; cargo knows `*`, `?` and `[…]` too."""
    members = tuple(members)
    found: set[str] = set()
    for pattern in patterns:
        matching = {
            package.name for package in members if package.name == pattern or fnmatchcase(package.name, pattern)
        }
        if not matching:
            names = ", ".join(sorted(package.name for package in members))
            raise UsageError(f"the workspace of {manifest} has no package {quoted(pattern)}", hint=f"it has: {names}")
        found |= matching
    return [package for package in members if package.name in found]
