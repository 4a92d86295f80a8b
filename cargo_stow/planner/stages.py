"""The plan as a whole: its stages in order, the compile of the real sources, and the image."""

from __future__ import annotations

import posixpath
import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from cargo_stow.plan import CacheMount, ContextMount, Plan, Stage
from cargo_stow.planner.assets import CONTEXT, assets_stage, unread_options
from cargo_stow.planner.cargo import BUILD, TARGET, run_cargo
from cargo_stow.planner.config import make_config
from cargo_stow.planner.dependencies import STOW, TOOLS, dependencies_stage, lent, lock_stage, tools_stage
from cargo_stow.planner.group import Member
from cargo_stow.planner.linkage import furnished_stage, image_mount, link, packages_stage
from cargo_stow.planner.minimal import image_stages
from cargo_stow.planner.packages import builder_packages, check_packages, install, store_key
from cargo_stow.planner.rust import lent_rust, rust_stages, toolchain_stage
from cargo_stow.planner.sources import make_context, relative

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cargo_stow.model import Closure, Package, PackageManager, Target, Workspace
    from cargo_stow.planner.dependencies import Files
    from cargo_stow.planner.group import Group
    from cargo_stow.planner.rust import Rust
    from cargo_stow.platforms import Platform
    from cargo_stow.reference import ImageRef
    from cargo_stow.settings import Settings

_OUT = PurePosixPath("/out")


def make_plan(
    *,
    workspace: Workspace,
    closure: Closure,
    settings: Settings,
    base: ImageRef,
    package_manager: PackageManager,
    toolchain: ImageRef | None,
    platform: Platform,
    fetched: tuple[Platform, ...],
    group: Group,
    skeleton: Files,
    program: Files,
    generated: PurePosixPath | None,
    is_homonym: bool = False,
    git: bool = False,
) -> Plan:
    """Lay out the stages for one image of one package.

    `base` and `toolchain` are the references to build from, as the lock pins them; no `toolchain` where the builder has
    one itself. `package_manager` is the base's. `fetched` are the platforms to fetch dependencies for. `group` are the
    images, this one among them, that share their dependencies. `skeleton` are the files of `skeleton.make_skeleton`,
    and `program` those of the program in stage `tools`. `generated` is as in Plan; where it is None, a lock is not
    expected in the skeleton. `is_homonym` says whether another package has that name, and `git` whether a source may be
    a git repository. The context's root is `closure.root`.
    """
    package = closure.sources[0]
    command = Member(closure=closure, settings=settings, is_homonym=is_homonym).command
    masks_lock = generated is None and settings.has_lockfile
    check_packages(package_manager, settings)
    packages = builder_packages(package_manager, settings)
    rust = lent_rust(settings.toolchain, package_manager)
    key = store_key(base, fetched)
    stages = (
        Stage(name="base", parent=base, comment="the one base image: what is compiled on it runs on it"),
        *([toolchain_stage(toolchain)] if toolchain else []),
        Stage(name="builder", parent="base", steps=(install("builder", key, package_manager, packages),)),
        *rust_stages(settings.toolchain, package_manager),
        tools_stage(program, rust),
        *([lock_stage(workspace, closure)] if masks_lock else []),
        dependencies_stage(workspace, group, fetched, skeleton=skeleton, rust=rust, has_lock=masks_lock, git=git),
        *packages_stage(key, package_manager, settings),
        *([assets_stage(closure, settings)] if settings.assets else []),
        *furnished_stage(settings),
        _build_stage(workspace, closure, settings, command, generated, rust=rust, git=git),
        *image_stages(key, package_manager, settings, _OUT),
    )
    return Plan(
        package=package.name,
        bins=settings.bins,
        platform=platform,
        stages=stages,
        config=make_config(settings, base),
        context=make_context(workspace, closure, generated),
        generated=generated,
    )


def _build_stage(
    workspace: Workspace,
    closure: Closure,
    settings: Settings,
    command: tuple[str, ...],
    generated: PurePosixPath | None,
    *,
    rust: Rust,
    git: bool,
) -> Stage:
    package = closure.sources[0]
    output = TARGET / (closure.target or "") / settings.profile_directory
    seeded = CacheMount(id=f"cargo-stow-build-{_id(package)}", target=str(BUILD), stage="deps")
    compiling = run_cargo(
        rust,
        relative(package.directory, closure.root),
        # Where a part is mounted beside the whole, Docker 20.10 goes by the content of the part alone: so no part here.
        (ContextMount(target=str(CONTEXT)), seeded, TOOLS, image_mount(settings)),
        (
            (STOW, "sync", str(CONTEXT), str(BUILD), *_sync_options(workspace, closure, settings, generated)),
            (*command, *(["--locked"] if settings.has_lockfile else [])),
            *(("install", "-D", "-m", "0755", str(output / each), str(_OUT / each)) for each in settings.bins),
            *link(settings, tuple(str(_OUT / each) for each in settings.bins)),
        ),
        settings,
        git=git,
    )
    return Stage(
        name="build",
        parent="builder",
        steps=(compiling,),
        comment="begins with the layer of dependencies, and keeps what it compiled for the next time",
    )


def _id(package: Package) -> str:
    """A package's name as an ID: cargo lets a name be nearly anything."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", package.name)


def _sync_options(
    workspace: Workspace, closure: Closure, settings: Settings, generated: PurePosixPath | None
) -> Iterator[str]:
    """Tell which files are the roots of what is compiled, and where cargo wants to see files that were not sent."""
    for mount in lent(closure):
        yield from ("--lend", mount.source)
    if generated:
        yield from ("--skip", str(generated))
    for package in closure.manifests:
        for target in package.targets:
            yield from ("--stub", _file(relative(package.directory, closure.root), target))
    for path in (*(directory / "Cargo.toml" for directory in closure.roots), workspace.lockfile):
        yield from ("--shared", str(relative(path, closure.root)))
    yield from unread_options(closure, settings)
    for package in closure.sources:
        yield from _package_options(package, closure, settings.bins)


def _package_options(package: Package, closure: Closure, executables: tuple[str, ...]) -> Iterator[str]:
    directory = relative(package.directory, closure.root)
    yield from ("--package", package.name, "" if str(directory) == "." else str(directory))
    own = executables if package == closure.sources[0] else ()
    for target in package.targets:
        if target.kind == "lib" or (target.kind == "bin" and target.name in own):
            yield _file(directory, target)
    for target in package.targets:
        if target.kind == "custom-build":
            yield from ("--script", _file(directory, target))
    if package.directory in closure.patched:
        yield "--patched"


def _file(directory: PurePosixPath, target: Target) -> str:
    """Where a target is in the context; it may lie outside its package."""
    return posixpath.normpath(directory / target.path)
