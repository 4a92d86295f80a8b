"""The members of a workspace, from its manifests alone. Source: cargo's `Workspace::find_members`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cargo_stow.errors import UsageError
from cargo_stow.manifest.dependencies import dependencies_of
from cargo_stow.manifest.globs import expand
from cargo_stow.manifest.locate import MANIFEST
from cargo_stow.manifest.reader import check_present
from cargo_stow.manifest.roots import Manifests, is_excluded, package_table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cargo_stow.manifest.toml import Table


def find_members(manifests: Manifests, directory: Path) -> tuple[Path, list[Path]]:
    """Return the root and the member packages' directories of the workspace that a manifest belongs to.

    Raises UsageError where the manifest stands in a workspace that does not list it.
    """
    root = manifests.root_of(directory)
    workspace = manifests.load(root).table("workspace") if root is not None else None
    if root is None or workspace is None:
        return _alone(manifests, directory, root)
    found = list(_reached(manifests, root, workspace))
    if directory not in found:
        raise UsageError(
            f"{directory / MANIFEST} is inside the workspace of {root / MANIFEST}, which does not list it",
            hint="add it to `workspace.members` there (or to `workspace.exclude`), or give it an empty [workspace]",
        )
    _check_roots(manifests, root, found)
    return root, [path for path in found if package_table(manifests.load(path))]


def _alone(manifests: Manifests, directory: Path, pointed: Path | None) -> tuple[Path, list[Path]]:
    table = manifests.load(directory)
    if pointed is not None:
        raise UsageError(
            f"`package.workspace` in {table.file} leads to {pointed / MANIFEST}, which has no [workspace] section",
            hint=f"correct `package.workspace` in {table.file}",
        )
    return directory, [directory]


def _reached(manifests: Manifests, root: Path, workspace: Table) -> Iterator[Path]:
    """Yield the directories that `members` lists, then the root's own, with the path dependencies of each inside."""
    listed = [path for pattern in workspace.texts("members") or () for path in expand(root, pattern)]
    seen: set[Path] = set()
    waiting = [(path, f"`workspace.members` in {workspace.file}", True) for path in (*listed, root)]
    while waiting:
        path, dependent, is_listed = waiting.pop(0)
        if path in seen or is_excluded(workspace, root, path):
            continue
        check_present(path, dependent)
        if is_listed or path.is_relative_to(root) or manifests.root_of(path) == root:
            seen.add(path)
            yield path
            waiting += [(each, f"{path / MANIFEST}", False) for each in _path_dependencies(manifests, path)]


def _path_dependencies(manifests: Manifests, directory: Path) -> list[Path]:
    return [each.path for each in dependencies_of(manifests, directory) if each.path is not None]


def _check_roots(manifests: Manifests, root: Path, members: list[Path]) -> None:
    """Every member must agree that this is its workspace."""
    for directory in members:
        if manifests.root_of(directory) != root:
            raise UsageError(
                f"{directory / MANIFEST} is listed by the workspace of {root / MANIFEST}, but belongs to another",
                hint="take its [workspace] or `package.workspace` out, or take it out of `workspace.members`",
            )
