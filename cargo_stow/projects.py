"""From what was asked for to Projects: Cargo's files are read, packages chosen, settings merged and checked.

Asks no engine and no registry.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING

from cargo_stow.complete import complete_closure
from cargo_stow.context import list_files
from cargo_stow.errors import UsageError
from cargo_stow.git import Repository
from cargo_stow.includes import find_repository, is_repository
from cargo_stow.manifest import check_manifest_path, find_manifest, load_toolchain, load_workspace
from cargo_stow.manifest.paths import is_file
from cargo_stow.named import check_assets
from cargo_stow.planner import OWN_FILES, make_context
from cargo_stow.project import Project, host_platform
from cargo_stow.reference import LONGEST_TAG
from cargo_stow.selection import select
from cargo_stow.settings import make_settings, sources, used_placeholders
from cargo_stow.toolchain import possible_references

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping

    from cargo_stow.model import Closure, Git, Package, Workspace
    from cargo_stow.process import Runner
    from cargo_stow.project import Request
    from cargo_stow.settings import Settings
    from cargo_stow.settings.sources import Source


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


def one_of_each(projects: Iterable[Project]) -> tuple[Project, ...]:
    """Return each image for one of its platforms: that of this machine, if it is among them."""
    found: dict[Hashable, Project] = {}
    for project in projects:
        if project.identity not in found or project.platform == host_platform():
            found[project.identity] = project
    return tuple(found.values())


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
    named = [(str(name), project) for project in projects for name in (*project.names, *project.targets)]
    for name, project in named:
        other = owners.setdefault(name, project)
        if other.identity != project.identity:
            raise UsageError(
                f"the images of `{other.settings.bins[0]}` ({other.package.manifest}) and of"
                f" `{project.settings.bins[0]}` ({project.package.manifest}) would both be called {name}",
                hint="tell them apart in `target_image`: the placeholders {package} and {bin} stand for those names",
            )


def make_projects(
    workspace: Workspace, package: Package, request: Request, environment: Mapping[str, str], runner: Runner
) -> Iterator[Project]:
    """Bring one package of a workspace together with its settings: one image, or one for each executable.

    Each is there once for each of its platforms.
    """
    given = tuple(sources(workspace, package, request.flags, environment))
    needed = complete_closure(workspace, package, environment, given)
    toolchain_file = load_toolchain(package.directory)
    make = functools.partial(
        make_settings,
        package=package,
        given=given,
        toolchain_file=toolchain_file,
        has_lockfile=is_file(workspace.lockfile),
        git=_find_git(workspace, needed, given, runner, environment),
    )
    whole = make()
    for settings in (make(executable=each) for each in whole.bins) if whole.is_split else (whole,):
        project = _make_project(workspace, needed, settings, toolchain_file.file if toolchain_file else None)
        yield from project.on_each_platform()


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
        platform=host_platform(),
        toolchain_file=toolchain_file,
    )
    _check_target(project)
    _check_tag(project)
    _check_assets(project)
    return project


def _check_assets(project: Project) -> None:
    assets = project.settings.assets
    if assets:
        sent = list_files(project.closure.root, make_context(project.workspace, project.closure))
        check_assets(project.package.directory, assets, sent, project.settings.origins["assets"])


def _check_target(project: Project) -> None:
    """An image that takes the name of what it is built from would be built on itself the next time."""
    images = {project.base, *possible_references(project.settings.toolchain)}
    names = {(image.registry, image.repository, image.tag) for image in images}
    for target in (target for each in project.on_each_platform() for target in (*each.names, *each.targets)):
        if (target.registry, target.repository, target.tag) in names:
            raise UsageError(
                f"{project.package.manifest}: the image would take the name of one that it is built from, {target}",
                hint="set another `target_image` in [package.metadata.container]",
            )


def _check_tag(project: Project) -> None:
    """A tag that is as long as it can be has no place for the name of a platform."""
    for tag in (target.tag or "" for each in project.on_each_platform() for target in each.targets):
        if len(tag) > LONGEST_TAG:
            raise UsageError(
                f"{project.package.manifest}: with the name of its platform, the tag {tag} is longer than"
                f" {LONGEST_TAG} characters",
                hint="set a shorter one in `target_image` in [package.metadata.container]",
            )


def _from_variable(environment: Mapping[str, str]) -> Path | None:
    text = environment.get("CARGO_STOW_MANIFEST_PATH")
    return Path(text) if text else None
