"""`plan`: what a build would do, told without an engine, a registry or a write."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cargo_stow.actions.build import check_sources
from cargo_stow.context import list_files
from cargo_stow.lock import Pin, load_lock
from cargo_stow.manifest.paths import is_directory, is_link
from cargo_stow.outline import make_outline
from cargo_stow.plan import Write
from cargo_stow.planner import make_context
from cargo_stow.planning import plan_of
from cargo_stow.propose import system_of
from cargo_stow.settings.shown import settings_shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from cargo_stow.lock import Lock
    from cargo_stow.outline import StageOutline
    from cargo_stow.plan import Plan
    from cargo_stow.project import Project
    from cargo_stow.reference import ImageRef
    from cargo_stow.session import Session
    from cargo_stow.settings.shown import Shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One image that would be built. `base` and `toolchain` are pinned if they have a value; the latter may be lent by
    no image. What package manager a base has that is not pinned is told from its name.

    `files` and `size`, in bytes, are those of the context: what would be sent, generated files among it.
    """

    project: Project
    base: Pin
    toolchain: Pin | None
    stages: tuple[StageOutline, ...]
    files: int
    size: int
    settings: tuple[Shown, ...]


def plan(session: Session, projects: Sequence[Project], *, locked: bool) -> list[Planned]:
    """Lay out the builds of projects of one workspace. Raises LockError for locks that do not fit, and UsageError."""
    for project in projects:
        check_sources(session, project, locked=locked)
    lock = load_lock(projects[0].lock_file)
    return [_planned(project, lock, projects) for project in projects]


def _planned(project: Project, lock: Lock, among: Sequence[Project]) -> Planned:
    base = _pin(project, lock, project.base)
    manager = base.package_manager or system_of(project.base).manager
    lent = project.toolchain_image(manager)
    toolchain = _pin(project, lock, lent) if lent else None
    pins = [replace(base, package_manager=manager), *([toolchain] if toolchain else [])]
    laid_out = plan_of(project, lock.having(pins), among)
    sizes = [*_sent(project), *_generated(laid_out)]
    return Planned(
        project=project,
        base=base,
        toolchain=toolchain,
        stages=make_outline(laid_out),
        files=len(sizes),
        size=sum(sizes),
        settings=tuple(settings_shown(project.settings)),
    )


def _pin(project: Project, lock: Lock, image: ImageRef) -> Pin:
    return lock.find(image, project.platform) or Pin(reference=image, platform=project.platform)


def _sent(project: Project) -> Iterator[int]:
    """The sizes of what is on the disk. Generated files are not: those of the last build are none of this one's."""
    context = make_context(project.workspace, project.closure)
    for path in list_files(project.closure.root, context):
        if is_link(path) or not is_directory(path):
            yield _size(path)


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except FileNotFoundError:  # gone since it was listed
        return 0


def _generated(laid_out: Plan) -> Iterator[int]:
    if laid_out.generated is not None:
        steps = (step for stage in laid_out.stages for step in stage.steps if isinstance(step, Write))
        yield from (len(text.encode("utf-8", "surrogateescape")) for step in steps for _, text in step.files)
