"""From what was asked to what is to be built: one package, its closure and its settings come together in one value.

Reads Cargo's files through `manifest`; asks no engine and no registry.
"""

from __future__ import annotations

import platform
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from cargo_stow.errors import UsageError
from cargo_stow.lock import NAME
from cargo_stow.manifest import (
    check_manifest_path,
    closure,
    config_files,
    find_manifest,
    load_toolchain,
    load_workspace,
    source_directories,
    target_triple,
)
from cargo_stow.model import make_machine_platform
from cargo_stow.reference import ImageRef, parse_reference
from cargo_stow.settings import Flags, make_settings
from cargo_stow.toolchain import toolchain_reference

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cargo_stow.model import Closure, Package, Platform, Workspace
    from cargo_stow.process import Runner
    from cargo_stow.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a user asked for, by flags; None and empty are what was not said. `manifest_path` is relative to the cwd."""

    manifest_path: Path | None = None
    package: str | None = None
    flags: Flags = field(default_factory=dict)
    locked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """One image's crate and settings, before any image name is resolved."""

    workspace: Workspace
    closure: Closure
    settings: Settings
    base: ImageRef
    toolchain: ImageRef
    platform: Platform
    toolchain_file: Path | None

    @property
    def package(self) -> Package:
        return self.closure.sources[0]

    @property
    def directory(self) -> Path:
        """Where generated files and the record live."""
        return self.workspace.target_directory / "stow"

    @property
    def images(self) -> tuple[ImageRef, ImageRef]:
        """The images that the build stands on: base and toolchain."""
        return self.base, self.toolchain

    @property
    def lock_file(self) -> Path:
        return self.workspace.root / NAME

    @property
    def name(self) -> str:
        """What tells this image from the others of the same target directory."""
        return f"{self.package.name}/{self.settings.bin}/{self.settings.profile}"

    @property
    def target(self) -> ImageRef:
        """The image's reference; without `target_image`, the package's name and version."""
        if self.settings.target_image:
            return self.settings.target_image.tagged
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


def load_project(request: Request, environment: Mapping[str, str], runner: Runner) -> Project:
    """Read and check everything that decides one image. Raises UsageError and FileError."""
    workspace, manifest = _load(request, environment, runner)
    package = _select(workspace, request.package or environment.get("CARGO_STOW_PACKAGE"), manifest)
    return make_project(workspace, package, request, environment)


def load_images(request: Request, environment: Mapping[str, str], runner: Runner) -> list[Project]:
    """Read and check every package of the workspace that has a container section."""
    workspace, manifest = _load(request, environment, runner)
    packages = [package for package in workspace.members if package.container is not None]
    packages = packages or [_select(workspace, None, manifest)]
    return [make_project(workspace, package, request, environment) for package in packages]


def _load(request: Request, environment: Mapping[str, str], runner: Runner) -> tuple[Workspace, Path]:
    start = request.manifest_path or _from_variable(environment)
    manifest = check_manifest_path(start) if start else find_manifest(Path.cwd())
    return load_workspace(manifest, runner, environment=environment), manifest


def make_project(workspace: Workspace, package: Package, request: Request, environment: Mapping[str, str]) -> Project:
    """Bring one package of a workspace together with its settings."""
    needed = closure(workspace, package)
    needed = replace(
        needed,
        files=(*needed.files, *config_files(needed)),
        vendored=source_directories(needed),
        target=target_triple(needed),
    )
    channel = load_toolchain(package.directory)
    settings = make_settings(
        workspace=workspace,
        package=package,
        flags=request.flags,
        environment=environment,
        channel=(channel.channel, channel.file) if channel and channel.channel else None,
        has_lockfile=workspace.lockfile.is_file(),
    )
    project = Project(
        workspace=workspace,
        closure=needed,
        settings=settings,
        base=settings.base_image.tagged,
        toolchain=toolchain_reference(settings.toolchain, settings.origins["toolchain"]),
        platform=host_platform(),
        toolchain_file=channel.file if channel else None,
    )
    _check_target(project)
    return project


def _check_target(project: Project) -> None:
    """An image that takes the name of what it is built from would be built on itself the next time."""
    names = {(image.registry, image.repository, image.tag) for image in project.images}
    target = project.target
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


def _select(workspace: Workspace, wanted: str | None, manifest: Path) -> Package:
    """The package asked for; else the one the manifest describes; else the only member with a container section."""
    names = {package.name: package for package in workspace.members}
    if wanted is not None and wanted not in names:
        raise UsageError(
            f"the workspace of {manifest} has no package `{wanted}`", hint=f"it has: {', '.join(sorted(names))}"
        )
    chosen = wanted or workspace.selected
    if chosen is not None:
        return names[chosen]
    images = [package for package in workspace.members if package.container is not None]
    if len(images) == 1:
        return images[0]
    if images:
        listing = ", ".join(package.name for package in images)
        raise UsageError(
            f"several packages of {manifest} have a container section: {listing}",
            hint=f"choose one: --package {images[0].name}",
        )
    raise UsageError(
        f"no package of {manifest} has a [package.metadata.container] section",
        hint='add one to the package that is to become an image, at least `base_image = "debian:bookworm-slim"`',
    )
