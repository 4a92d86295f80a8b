"""From what was asked to what is to be built: manifest, settings and lock come together in one value.

Reads Cargo's files and Stow.lock; asks a backend only for what Stow.lock does not say yet.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from cargo_stow import __version__
from cargo_stow.context import hash_files, list_files
from cargo_stow.errors import LockError, UsageError
from cargo_stow.files import write_text
from cargo_stow.lock import NAME, load_lock
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
from cargo_stow.model import Platform
from cargo_stow.planner import make_context, make_plan
from cargo_stow.reference import ImageRef, parse_reference
from cargo_stow.settings import Flags, make_settings
from cargo_stow.toolchain import toolchain_reference

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cargo_stow.backends.protocol import Backend
    from cargo_stow.lock import Lock, Pin
    from cargo_stow.model import Closure, Package, Workspace
    from cargo_stow.plan import Plan
    from cargo_stow.process import Runner
    from cargo_stow.settings import Settings

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "i686": "386"}


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
        tag = self.package.version.replace("+", "_")
        return ImageRef(name=_repository(self.package.name), tag=tag)


def _repository(package: str) -> str:
    """A package's name as the last component of an image's, which may have no `___` and must begin with a letter."""
    name = package.lower().strip("-_.")
    try:
        return parse_reference(name).name
    except ValueError:
        return re.sub(r"[^a-z0-9]+", "-", name) or "crate"


def load_project(request: Request, environment: Mapping[str, str], runner: Runner) -> Project:
    """Read and check everything that decides one image. Raises UsageError and FileError."""
    start = request.manifest_path or _from_variable(environment)
    manifest = check_manifest_path(start) if start else find_manifest(Path.cwd())
    workspace = load_workspace(manifest, runner, environment=environment)
    package = _select(workspace, request.package or environment.get("CARGO_STOW_PACKAGE"), manifest)
    return make_project(workspace, package, request, environment)


def make_project(workspace: Workspace, package: Package, request: Request, environment: Mapping[str, str]) -> Project:
    """Bring one package of a workspace together with its settings."""
    needed = closure(workspace, package)
    needed = replace(
        needed,
        files=config_files(needed),
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
        locked=workspace.lockfile.is_file(),
    )
    return Project(
        workspace=workspace,
        closure=needed,
        settings=settings,
        base=settings.base_image.tagged,
        toolchain=toolchain_reference(settings.toolchain, settings.origins["toolchain"]),
        platform=host_platform(),
        toolchain_file=channel.file if channel else None,
    )


def _from_variable(environment: Mapping[str, str]) -> Path | None:
    text = environment.get("CARGO_STOW_MANIFEST_PATH")
    return Path(text) if text else None


def host_platform() -> Platform:
    """The platform of Linux containers on this machine."""
    machine = platform.machine().lower()
    variant = "v7" if machine == "armv7l" else ""
    return Platform(os="linux", architecture=_ARCHITECTURES.get(machine, machine), variant=variant)


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


def settle(project: Project, backend: Callable[[], Backend], *, locked: bool, resolving: Callable[[str], None]) -> Lock:
    """Return the lock with everything this project needs, and write it when something was missing.

    Raises LockError when something is missing and `locked` forbids to add it.
    """
    lock = load_lock(project.lock_file)
    missing = [ref for ref in (project.base, project.toolchain) if lock.find(ref, project.platform) is None]
    if not missing:
        return lock
    if locked:
        raise LockError(
            f"{project.lock_file} has no entry for {missing[0]} on {project.platform}, and --locked forbids to add one",
            hint="run `cargo stow build` once without --locked, and commit Stow.lock",
        )
    lock = lock.having(resolve(project, backend(), missing, resolving))
    write_text(project.lock_file, lock.text())
    return lock


def resolve(
    project: Project, backend: Backend, references: list[ImageRef], resolving: Callable[[str], None]
) -> list[Pin]:
    """Ask what references mean now, saying so, since a registry may take its time."""
    pins = []
    for reference in references:
        resolving(str(reference))
        pins.append(backend.resolve(reference, project.platform))
    return pins


def pins(project: Project, lock: Lock) -> tuple[Pin, Pin]:
    """The pins of base and toolchain. Raises LockError when the lock does not have them."""
    found = [lock.find(reference, project.platform) for reference in (project.base, project.toolchain)]
    if found[0] is None or found[1] is None:
        missing = project.base if found[0] is None else project.toolchain
        raise LockError(
            f"{project.lock_file} has no entry for {missing} on {project.platform}",
            hint="run `cargo stow update`, and commit Stow.lock",
        )
    return found[0], found[1]


def plan_of(project: Project, lock: Lock) -> Plan:
    """Lay out the build of a project on the images that the lock names."""
    base, toolchain = pins(project, lock)
    return make_plan(
        workspace=project.workspace,
        closure=project.closure,
        settings=project.settings,
        base=base.source,
        toolchain=toolchain.source,
        platform=project.platform,
    )


def input_files(project: Project) -> list[Path]:
    """Return every file that decides the image, as doit's file dependencies: no directory, no dangling link."""
    cargo = [project.package.manifest, project.workspace.root / "Cargo.toml", project.workspace.lockfile]
    others = [project.lock_file, *([project.toolchain_file] if project.toolchain_file else [])]
    context = make_context(project.workspace, project.closure)
    listed = {*list_files(project.closure.root, context), *cargo, *others}
    return sorted(path for path in listed if path.is_file())


def hash_inputs(project: Project, lock: Lock, plan: Plan) -> str:
    """Return a hash of all that decides the image: the plan, the pins and the contents of the context.

    An image pinned by ID is a tag in the plan, so the pins count too; so does our own version, which writes the steps.
    """
    decided = f"{__version__}\n{plan!r}\n{pins(project, lock)!r}"
    files = hash_files(project.closure.root, list_files(project.closure.root, plan.context))
    return hashlib.sha256(os.fsencode(f"{decided}\n{files}")).hexdigest()
