"""From a project and its pins to a Plan: reads from disk what the plan is made of, and nothing else does."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from cargo_stow.access import needs_git
from cargo_stow.cargo_lock import load_foreign_names, load_sources
from cargo_stow.files import read_text
from cargo_stow.manifest import load_manifest
from cargo_stow.manifest.paths import with_real_paths
from cargo_stow.pinning import pins
from cargo_stow.plan import make_plan_name
from cargo_stow.planner import Member, kinship, make_group, make_plan
from cargo_stow.settings import committable

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from cargo_stow.lock import Lock
    from cargo_stow.model import Closure
    from cargo_stow.plan import Plan
    from cargo_stow.project import Project

_TEMPLATES = Path(__file__).with_name("templates")
_PROGRAM = tuple(
    f"{part}.rs" for part in ("stow", "assets", "link", "loader", "notes", "owner", "pattern", "shrink", "tree")
)


def plan_of(project: Project, lock: Lock, among: Sequence[Project] = (), *, alone: bool = False) -> Plan:
    """Lay out the build of a project on the images that the lock names.

    Of the projects `among` which it is, those that can share a layer of dependencies with it do. With `alone`, nothing
    but the context is needed to build it, as a committed Dockerfile wants it, and nothing is said of the commit, of
    which it is a part. Else what is generated is expected below the target directory, if that lies in the context: then
    no step has to mask the lock.
    """
    project = replace(project, settings=committable(project.settings)) if alone else project
    found = pins(project, lock)
    names = project.workspace.homonyms | load_foreign_names(project.workspace)
    own = _member(project, names)
    kin = [project] if alone else _kin(project, own, among)
    generated = None if alone else generated_directory(kin)
    group = make_group([_member(each, names) for each in kin], project.workspace.root)
    return make_plan(
        workspace=project.workspace,
        closure=project.closure,
        settings=project.settings,
        base=found.base.source,
        package_manager=found.package_manager,
        toolchain=found.toolchain.source if found.toolchain else None,
        platform=project.platform,
        fetched=project.platforms if alone else (project.platform,),
        group=group,
        skeleton=_skeleton(kin, group.closure, with_lock=generated is not None),
        program=tuple((PurePosixPath(name), read_text(_TEMPLATES / name) or "") for name in _PROGRAM),
        generated=generated,
        is_homonym=own.is_homonym,
        git=not project.settings.has_lockfile or needs_git(load_sources(project.workspace)),
    )


def _kin(project: Project, own: Member, among: Sequence[Project]) -> list[Project]:
    """The projects that share a layer with one, in one order whichever of them is asked for; itself if none does."""
    shared = (project.base, project.platform, kinship(own))
    found = [each for each in among if (each.base, each.platform, kinship(_member(each))) == shared]
    return found if project in found else [project]


def _member(project: Project, homonyms: Collection[str] = ()) -> Member:
    """A project as one of a group; `homonyms` are the names that several packages have, which only commands go by."""
    return Member(closure=project.closure, settings=project.settings, is_homonym=project.package.name in homonyms)


def _skeleton(kin: Sequence[Project], closure: Closure, *, with_lock: bool) -> tuple[tuple[PurePosixPath, str], ...]:
    from cargo_stow.skeleton import make_skeleton  # noqa: PLC0415 - a no-op plans nothing

    workspace = kin[0].workspace
    directories = {*closure.roots, *(package.directory for package in (*closure.sources, *closure.manifests))}
    executables: dict[Path, tuple[str, ...]] = {}
    for each in kin:  # Of one package there may be several images.
        known = executables.get(each.package.directory, ())
        executables[each.package.directory] = (*known, *each.settings.bins)
    return make_skeleton(
        workspace=workspace,
        closure=closure,
        executables=executables,
        profile=kin[0].settings.profile,
        # Of links the skeleton has none.
        manifests={each: with_real_paths(load_manifest(each), each) for each in directories},
        lock=read_text(workspace.lockfile) if with_lock else None,
    )


def generated_directory(kin: Sequence[Project]) -> PurePosixPath | None:
    """Where the generated files of a build are in the context; None where the target directory lies outside of it."""
    names = [make_plan_name(each.package.name, each.settings.bins) for each in kin]
    name = names[0] if len(names) == 1 else f"group.{hashlib.sha256(' '.join(names).encode()).hexdigest()[:16]}"
    path = kin[0].directory / "generated" / f"{name}.{kin[0].platform.name}"
    root = kin[0].closure.root
    inside = path.is_relative_to(root) and path.relative_to(root).as_posix().isprintable()
    return PurePosixPath(path.relative_to(root)) if inside else None
