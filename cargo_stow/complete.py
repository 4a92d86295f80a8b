"""What cargo must find on disk to build a package, with what its settings, configuration, links and sources lead to.

Reads the disk; asks no cargo and no git.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from cargo_stow.context import list_files
from cargo_stow.errors import UsageError
from cargo_stow.includes import find_included, find_repositories, find_repository
from cargo_stow.links import find_linked, trace
from cargo_stow.manifest import closure, config_files, config_root, source_directories, target_triple
from cargo_stow.manifest.paths import is_directory, is_link, is_within
from cargo_stow.named import find_named
from cargo_stow.planner import make_context
from cargo_stow.settings import find_value

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from cargo_stow.model import Closure, Package, Workspace
    from cargo_stow.settings.sources import Source


def complete_closure(
    workspace: Workspace, package: Package, environment: Mapping[str, str], given: tuple[Source, ...]
) -> Closure:
    """The closure of a package, with the files that its settings, configuration, links and sources lead to.

    All of these are in the repositories of the packages: where a path dependency is outside of the workspace's, the
    context's root is above both, and what else is below that is nobody's to send. Raises UsageError.
    """
    needed = closure(workspace, package)
    repositories = _repositories(workspace)
    _check_targets(needed, repositories)
    limit = find_repository(needed.root)
    needed = replace(needed, root=config_root(needed, environment, limit))
    needed = replace(
        needed,
        configuration=config_files(needed, environment, repositories),
        vendored=source_directories(needed, environment, repositories),
        target=target_triple(needed, environment),
    )
    needed = _with_named(workspace, needed, given, _own(repositories, package.directory))
    needed, sent = _with_linked(workspace, needed, limit, repositories)
    return _with_included(needed, sent, limit, repositories)


def _repositories(workspace: Workspace) -> frozenset[Path]:
    """The repositories of all packages: that of the workspace, and those that path dependencies lead to."""
    outside = (each for each in workspace.packages() if not each.directory.is_relative_to(workspace.root))
    return find_repositories([workspace.root, *(each.root or each.directory for each in outside)])


def _own(repositories: Collection[Path], directory: Path) -> Path:
    """The repository that a package lies in."""
    found = [each for each in repositories if directory.is_relative_to(each)]
    return max(found, key=lambda each: len(each.parts), default=directory)


def _check_targets(needed: Closure, repositories: Collection[Path]) -> None:
    """Hold that no target is a file of somebody else: `path` may lead anywhere, and a build could read it."""
    apart = next((file for file in needed.files if not is_within(file, repositories)), None)
    if apart:
        raise UsageError(
            f"a target of {needed.sources[0].manifest}, or of what it depends on, has the path {apart}, which lies"
            " outside of the repository, and is not sent to a build",
            hint="move that file into the repository, or take the target out of the manifest",
        )


def _with_linked(
    workspace: Workspace, found: Closure, limit: Path, repositories: Collection[Path]
) -> tuple[Closure, list[Path]]:
    """Add what symbolic links lead to, as far as it is in a repository; those too on which dependencies are.

    Returns what is sent then, too.
    """
    by_links = (path for package in (*found.sources, *found.manifests) for path in package.by_links)
    new = {path for each in by_links for path in trace(each, limit) if is_link(path)}
    while True:
        sent = list_files(found.root, make_context(workspace, found))
        new |= find_linked(sent, limit)
        new = {path for path in new if not path.is_relative_to(workspace.target_directory)}
        new = {path for path in new if is_within(path, repositories)}
        new -= {*found.files, *found.linked}
        if not new:
            return found, sent
        directories = {path for path in new if is_directory(path) and not is_link(path)}
        found = replace(
            found,
            root=Path(os.path.commonpath([found.root, *(path.parent for path in new)])),
            files=tuple(sorted({*found.files, *(new - directories)})),
            linked=tuple(sorted({*found.linked, *directories})),
        )


def _with_named(workspace: Workspace, found: Closure, given: tuple[Source, ...], limit: Path) -> Closure:
    """Add what the key `include` names, as far as it is not sent anyway."""
    patterns, origin = find_value("include", given)
    if not patterns:
        return found
    package = found.sources[0].directory
    named = find_named(package, cast("tuple[str, ...]", patterns), limit, origin, without=[workspace.target_directory])
    sent = set(list_files(found.root, make_context(workspace, found)))
    files = {file for file in named.files if file not in sent}
    packages = [each.directory for each in found.sources]
    directories = {each for each in named.directories if not is_within(each, packages)}
    above = [*(path.parent for path in files), *directories, *([named.history.parent] if named.history else [])]
    return replace(
        found,
        root=Path(os.path.commonpath([found.root, *above])),
        files=tuple(sorted({*found.files, *files})),
        linked=tuple(sorted({*found.linked, *directories})),
        history=named.history,
    )


def _with_included(found: Closure, sent: list[Path], limit: Path, repositories: Collection[Path]) -> Closure:
    """Add what sources among `sent` read that is not among it, as far as it is in a repository."""
    included = find_included(sent, [package.directory for package in found.sources], limit)
    included = {path for path in included if is_within(path, repositories)}
    if not included:
        return found
    root = Path(os.path.commonpath([found.root, *(path.parent for path in included)]))
    return replace(found, root=root, files=tuple(sorted({*found.files, *included})))
