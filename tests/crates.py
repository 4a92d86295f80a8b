"""Workspaces, settings and plans as values, for tests of what is pure: nothing here is on a disk."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from cargo_stow.manifest import closure
from cargo_stow.model import Package, Target, Workspace
from cargo_stow.planner import Member, make_group, make_plan
from cargo_stow.platforms import Platform
from cargo_stow.reference import parse_reference
from cargo_stow.settings import make_settings, sources

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cargo_stow.manifest import ToolchainFile
    from cargo_stow.model import Git, PackageManager
    from cargo_stow.plan import Plan
    from cargo_stow.reference import ImageRef
    from cargo_stow.settings import Settings

ROOT = Path("/my crates")
AMD64 = Platform(os="linux", architecture="amd64")
BASE = parse_reference("debian:bookworm-slim@sha256:" + "b" * 64)
TOOLCHAIN = parse_reference("rust:1.95-slim@sha256:" + "c" * 64)


def make_package(
    name: str = "greeter",
    directory: Path = ROOT,
    *,
    bins: tuple[str, ...] | None = None,
    container: Mapping[str, object] | None = None,
    default_run: str | None = None,
    needs: tuple[Path, ...] = (),
    knows: tuple[Path, ...] = (),
    requires: tuple[str, ...] = (),
    version: str = "0.1.0",
    library: bool = False,
) -> Package:
    names = (name,) if bins is None else bins
    targets = [Target(name=name, kind="lib", path=PurePosixPath("src/lib.rs"))] if library else []
    targets += [Target(name=each, kind="bin", path=PurePosixPath(f"src/bin/{each}.rs")) for each in names]
    return Package(
        name=name,
        version=version,
        directory=directory,
        targets=tuple(targets),
        needs=needs,
        knows=knows,
        requires=requires,
        default_run=default_run,
        container={"base_image": "debian:bookworm-slim"} if container is None else container,
    )


def make_workspace(
    *members: Package,
    root: Path = ROOT,
    container: Mapping[str, object] | None = None,
    outside: tuple[Package, ...] = (),
    target: Path | None = None,
) -> Workspace:
    return Workspace(
        root=root,
        target_directory=target or root / "target",
        members=members or (make_package(),),
        outside=outside,
        container=container or {},
    )


def settings_of(
    container: Mapping[str, object] | None = None,
    *,
    package: Package | None = None,
    workspace: Mapping[str, object] | None = None,
    flags: Mapping[str, object] | None = None,
    environment: Mapping[str, str] | None = None,
    toolchain_file: ToolchainFile | None = None,
    locked: bool = True,
    git: Git | None = None,
) -> Settings:
    package = package or make_package(container=container)
    shared = make_workspace(package, container=workspace)
    return make_settings(
        package=package,
        given=tuple(sources(shared, package, dict(flags or {}), environment or {})),
        toolchain_file=toolchain_file,
        has_lockfile=locked,
        git=git,
    )


def plan_of(
    workspace: Workspace,
    *,
    flags: Mapping[str, object] | None = None,
    environment: Mapping[str, str] | None = None,
    git: Git | None = None,
    base: ImageRef = BASE,
    package_manager: PackageManager = "apt",
    platform: Platform = AMD64,
    toolchain: ImageRef | None = TOOLCHAIN,
    toolchain_file: ToolchainFile | None = None,
    files: tuple[Path, ...] = (),
    configuration: tuple[Path, ...] = (),
    generated: PurePosixPath | None = None,
    vendored: tuple[Path, ...] = (),
    target: str | None = None,
    locked: bool = True,
    history: Path | None = None,
) -> Plan:
    """The plan of the first member."""
    package = workspace.members[0]
    given = tuple(sources(workspace, package, dict(flags or {}), environment or {}))
    settings = make_settings(package=package, given=given, toolchain_file=toolchain_file, has_lockfile=locked, git=git)
    needed = replace(
        closure(workspace, package),
        files=files,
        configuration=configuration,
        vendored=vendored,
        target=target,
        history=history,
    )
    return make_plan(
        workspace=workspace,
        closure=needed,
        group=make_group([Member(closure=needed, settings=settings)], workspace.root),
        settings=settings,
        base=base,
        package_manager=package_manager,
        toolchain=toolchain,
        platform=platform,
        fetched=(platform,),
        skeleton=(
            (PurePosixPath("Cargo.toml"), '[package]\nname = "stub"\n'),
            (PurePosixPath("src/main.rs"), "fn main() {}\n"),
        ),
        program=((PurePosixPath("stow.rs"), "fn main() {}\n"),),
        generated=generated,
    )
