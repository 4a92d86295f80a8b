"""From what was asked to what is to be built: one package, its closure and its settings come together in one value.

Reads Cargo's files through `manifest`; asks no engine and no registry.
"""

from __future__ import annotations

import functools
import os
import platform
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from cargo_stow.context import list_files
from cargo_stow.errors import UsageError
from cargo_stow.git import Repository
from cargo_stow.includes import find_included, find_repository, is_repository
from cargo_stow.links import find_linked, trace
from cargo_stow.lock import NAME
from cargo_stow.manifest import (
    check_manifest_path,
    closure,
    config_files,
    config_root,
    find_manifest,
    load_toolchain,
    load_workspace,
    source_directories,
    target_triple,
)
from cargo_stow.model import make_machine_platform, parse_platform
from cargo_stow.named import check_assets, find_named
from cargo_stow.planner import OWN_FILES, make_context
from cargo_stow.reference import ImageRef, parse_reference
from cargo_stow.selection import Selection, select
from cargo_stow.settings import Flags, find_value, make_settings, sources, used_placeholders
from cargo_stow.toolchain import possible_references, toolchain_reference

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cargo_stow.model import Closure, Git, Package, PackageManager, Platform, Workspace
    from cargo_stow.process import Runner
    from cargo_stow.settings import Settings
    from cargo_stow.settings.sources import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a user asked for, by flags; None and empty are what was not said. `manifest_path` is relative to the cwd."""

    manifest_path: Path | None = None
    selection: Selection = field(default_factory=Selection)
    flags: Flags = field(default_factory=dict)
    locked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """One image's crate and settings, before any image name is resolved."""

    workspace: Workspace
    closure: Closure
    settings: Settings
    base: ImageRef
    platform: Platform
    toolchain_file: Path | None

    @property
    def package(self) -> Package:
        return self.closure.sources[0]

    @property
    def directory(self) -> Path:
        """Where generated files and the record live."""
        return self.workspace.target_directory / "stow"

    def toolchain_image(self, manager: PackageManager) -> ImageRef | None:
        """The image that lends the toolchain to a build on a base with that package manager; None where none does.

        Raises UsageError where the toolchain cannot be had on such a base.
        """
        return toolchain_reference(self.settings.toolchain, manager, self.settings.origins["toolchain"])

    @property
    def lock_file(self) -> Path:
        return self.workspace.root / NAME

    @property
    def name(self) -> str:
        """What tells this image from the others of the same target directory."""
        return f"{self.package.name}/{'+'.join(self.settings.bins)}/{self.settings.profile}/{self.platform}"

    @property
    def image(self) -> str:
        """What people call this image among those of a workspace: its package, and its executable if each has one."""
        return f"{self.package.name}.{self.settings.bins[0]}" if self.settings.is_split else self.package.name

    @property
    def target(self) -> ImageRef:
        """The first of the image's references."""
        return self.targets[0]

    @property
    def targets(self) -> tuple[ImageRef, ...]:
        """The image's references: that of `target_image`, and its name with each further tag.

        Without `target_image`, the package's name and version; without any tag, `latest`.
        """
        first, tags = self.settings.target_image or self._default_target, self.settings.tags
        named = [replace(first, tag=tag) for tag in tags]
        return tuple(dict.fromkeys([first, *named] if first.tag else named or [first.tagged]))

    @property
    def _default_target(self) -> ImageRef:
        text = f"{_repository(self.package.name)}:{self.package.version.replace('+', '_')}"
        try:
            return parse_reference(text)
        except ValueError as error:
            raise UsageError(
                f"the name and version of {self.package.manifest} make no image reference, {text!r}: {error}",
                hint="set `target_image` in [package.metadata.container]",
            ) from error


def _repository(package: str) -> str:
    """A package's name as the last component of an image's, which may have no `___` and must begin with a letter."""
    name = package.lower().strip("-_.")
    try:
        return parse_reference(name).name
    except ValueError:
        return re.sub(r"[^a-z0-9]+", "-", name) or "crate"


def load_projects(
    request: Request, environment: Mapping[str, str], runner: Runner, *, cargo: bool = True
) -> tuple[Project, ...]:
    """Read and check everything that decides the images that were asked for, without asking `cargo` if so told.

    Raises UsageError and FileError.
    """
    workspace, manifest = load_workspace_of(request, environment, runner, cargo=cargo)
    packages = select(workspace, manifest, request.selection.completed(environment))
    found = [each for package in packages for each in make_projects(workspace, package, request, environment, runner)]
    _check_names(found)
    return tuple(found)


def load_workspace_of(
    request: Request, environment: Mapping[str, str], runner: Runner, *, cargo: bool = True
) -> tuple[Workspace, Path]:
    """Read the workspace of the manifest that was asked for, and return that manifest's path too."""
    start = request.manifest_path or _from_variable(environment)
    manifest = check_manifest_path(start) if start else find_manifest(Path.cwd())
    return load_workspace(manifest, runner, cargo=cargo, environment=environment), manifest


def _check_names(projects: Iterable[Project]) -> None:
    """Two images of one name would take it from each other."""
    owners: dict[str, Project] = {}
    named = [(str(target), project) for project in projects for target in project.targets]
    for name, project in named:
        other = owners.setdefault(name, project)
        if other is not project:
            raise UsageError(
                f"the images of `{other.settings.bins[0]}` ({other.package.manifest}) and of"
                f" `{project.settings.bins[0]}` ({project.package.manifest}) would both be called {name}",
                hint="tell them apart in `target_image`: the placeholders {package} and {bin} stand for those names",
            )


def make_projects(
    workspace: Workspace, package: Package, request: Request, environment: Mapping[str, str], runner: Runner
) -> Iterator[Project]:
    """Bring one package of a workspace together with its settings: one image, or one for each executable."""
    given = tuple(sources(workspace, package, request.flags, environment))
    needed = _complete(workspace, package, environment, given)
    toolchain_file = load_toolchain(package.directory)
    make = functools.partial(
        make_settings,
        package=package,
        given=given,
        toolchain_file=toolchain_file,
        has_lockfile=workspace.lockfile.is_file(),
        git=_find_git(workspace, needed, given, runner, environment),
    )
    whole = make()
    for settings in (make(executable=each) for each in whole.bins) if whole.is_split else (whole,):
        yield _make_project(workspace, needed, settings, toolchain_file.file if toolchain_file else None)


def _complete(
    workspace: Workspace, package: Package, environment: Mapping[str, str], given: tuple[Source, ...]
) -> Closure:
    """The closure of a package, with the files that its settings, configuration, links and sources lead to."""
    needed = closure(workspace, package)
    limit = find_repository(needed.root)
    needed = replace(needed, root=config_root(needed, environment, limit))
    needed = replace(
        needed,
        configuration=config_files(needed, environment),
        vendored=source_directories(needed, environment),
        target=target_triple(needed, environment),
    )
    needed = _with_named(workspace, needed, given, limit)
    needed, sent = _with_linked(workspace, needed, limit)
    return _with_included(needed, sent, limit)


def _find_git(
    workspace: Workspace, closure: Closure, given: tuple[Source, ...], runner: Runner, environment: Mapping[str, str]
) -> Git | None:
    """What git knows of what is built in the workspace's repository, and not of path crates in another one.

    Our own files, which a build may write, make no commit another one.
    """
    root = find_repository(workspace.root)
    if not is_repository(root):
        return None
    directories = [package.directory for package in closure.sources]
    built = [path for path in (*directories, *closure.files, workspace.lockfile) if path.is_relative_to(root)]
    own = [directory / name for directory in {workspace.root, *directories} for name in OWN_FILES]
    without = [path for path in own if path.is_relative_to(root)]
    repository = Repository(workspace.root, runner, environment, paths=built, without=without)
    package = closure.sources[0]
    return repository.load(with_tag="git.tag" in used_placeholders(given), with_remote=not package.repository)


def _make_project(workspace: Workspace, closure: Closure, settings: Settings, toolchain_file: Path | None) -> Project:
    project = Project(
        workspace=workspace,
        closure=closure,
        settings=settings,
        base=settings.base_image.tagged,
        platform=parse_platform(settings.platforms[0]) if settings.platforms else host_platform(),
        toolchain_file=toolchain_file,
    )
    _check_target(project)
    _check_assets(project)
    return project


def _with_linked(workspace: Workspace, found: Closure, limit: Path) -> tuple[Closure, list[Path]]:
    """Add what symbolic links lead to, as far as it is below `limit`; those too on which dependencies are.

    Returns what is sent then, too.
    """
    by_links = (path for package in (*found.sources, *found.manifests) for path in package.by_links)
    new = {path for each in by_links for path in trace(each, limit) if path.is_symlink()}
    while True:
        sent = list_files(found.root, make_context(workspace, found))
        new |= find_linked(sent, limit)
        new = {path for path in new if not path.is_relative_to(workspace.target_directory)}
        new -= {*found.files, *found.linked}
        if not new:
            return found, sent
        directories = {path for path in new if path.is_dir() and not path.is_symlink()}
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
    directories = {each for each in named.directories if not _is_within(each, found)}
    above = [*(path.parent for path in files), *directories, *([named.history.parent] if named.history else [])]
    return replace(
        found,
        root=Path(os.path.commonpath([found.root, *above])),
        files=tuple(sorted({*found.files, *files})),
        linked=tuple(sorted({*found.linked, *directories})),
        history=named.history,
    )


def _is_within(directory: Path, found: Closure) -> bool:
    return any(directory.is_relative_to(package.directory) for package in found.sources)


def _with_included(found: Closure, sent: list[Path], limit: Path) -> Closure:
    """Add what sources among `sent` read that is not among it, as far as it is below `limit`."""
    included = find_included(sent, [package.directory for package in found.sources], limit)
    if not included:
        return found
    root = Path(os.path.commonpath([found.root, *(path.parent for path in included)]))
    return replace(found, root=root, files=tuple(sorted({*found.files, *included})))


def _check_assets(project: Project) -> None:
    assets = project.settings.assets
    if assets:
        sent = list_files(project.closure.root, make_context(project.workspace, project.closure))
        check_assets(project.package.directory, assets, sent, project.settings.origins["assets"])


def _check_target(project: Project) -> None:
    """An image that takes the name of what it is built from would be built on itself the next time."""
    images = {project.base, *possible_references(project.settings.toolchain)}
    names = {(image.registry, image.repository, image.tag) for image in images}
    for target in project.targets:
        if (target.registry, target.repository, target.tag) in names:
            raise UsageError(
                f"{project.package.manifest}: the image would take the name of one that it is built from, {target}",
                hint="set another `target_image` in [package.metadata.container]",
            )


def _from_variable(environment: Mapping[str, str]) -> Path | None:
    text = environment.get("CARGO_STOW_MANIFEST_PATH")
    return Path(text) if text else None


def host_platform() -> Platform:
    """The platform of Linux containers on this machine."""
    return make_machine_platform("linux", platform.machine().lower())
