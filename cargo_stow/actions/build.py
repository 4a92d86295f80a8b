"""`stow_build`: crates become images in the engine, unless they already are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cargo_stow.actions.layout import give_out
from cargo_stow.actions.naming import name_images
from cargo_stow.cargo_lock import check_cargo_lock
from cargo_stow.errors import LockError
from cargo_stow.inputs import Inputs, hash_inputs
from cargo_stow.pinning import find_lock, pins, settle
from cargo_stow.record import Built, check_place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cargo_stow.backends.protocol import BuildOrder, Image
    from cargo_stow.lock import Lock
    from cargo_stow.project import Project
    from cargo_stow.session import Session


def build(session: Session, projects: Sequence[Project], *, locked: bool, among: Sequence[Project] = ()) -> list[Image]:
    """Build, name and remember the images of projects of one workspace; returns the existing ones of unchanged ones.

    All that are stale are built together. `among` are all images that were asked for, of which these may be a part:
    they share their layer of dependencies. Raises the errors of each step. Until the images are complete nothing that
    existed before has changed.
    """
    among = among or projects
    with session.locked(projects[0]):
        found = [find_current(session, project) for project in projects]
        session.caches.check(offline=session.offline)
        if session.caches.are_kept:
            session.backend().check_export()
        stale = [project for project, image in zip(projects, found, strict=True) if image is None]
        for project in (project for project in projects if project not in stale):
            _keep_cache(session, project, among)
            session.report.status("Fresh", f"{project.target} (unchanged since it was built)")
        built = iter(_build(session, stale, among, locked=locked) if stale else [])
        return give_out(session, projects, [image or next(built) for image in found])


def _build(session: Session, projects: list[Project], among: Sequence[Project], *, locked: bool) -> list[Image]:
    lock = settle_sources(session, projects, locked=locked)
    hashes = [hash_inputs(session.inputs(project), lock) for project in projects]
    orders, images = make_images(session, projects, lock, among)
    with name_images(session, projects, images) as named:
        for project, image, inputs in zip(projects, named, hashes, strict=True):
            _remember(session, project, lock, Built(inputs=inputs, id=image.id, tag=_tags(project)))
        give_out(session, projects, named)
    for project, order in zip(projects, orders, strict=True):
        _keep_cache(session, project, among, order)
        session.report.status("Built", ", ".join(map(str, project.targets)))
    return named


def settle_sources(session: Session, projects: Sequence[Project], *, locked: bool) -> Lock:
    """Check Cargo.lock, and complete Stow.lock; returns the latter, which all projects of a workspace share.

    Raises LockError, and what resolving an image does.
    """
    check_sources(session, projects[0], locked=locked)  # Cargo.lock is the workspace's
    locks = [
        settle(project, session.backend, session.report, locked=locked, offline=session.offline) for project in projects
    ]
    return locks[-1]


def find_current(session: Session, project: Project) -> Image | None:
    """Return the image of the last build if its inputs are unchanged and it still is where it was put.

    Hashes of files are written, whether or not the lock is held.
    """
    check_place(project.directory)
    built = session.record(project).find(_key(session, project))
    if built is None or built.tag != _tags(project):
        return None
    lock = find_lock(project)
    if lock is None or hash_inputs(session.inputs(project), lock) != built.inputs:
        return None
    images = [session.backend().find(target) for target in project.targets]
    return images[0] if all(image is not None and image.id == built.id for image in images) else None


def make_images(
    session: Session, projects: Sequence[Project], lock: Lock, among: Sequence[Project]
) -> tuple[list[BuildOrder], list[Image]]:
    """Run the builds; returns what was ordered, and the images, which have no names yet."""
    from cargo_stow.actions.order import make_order  # noqa: PLC0415 - a no-op plans nothing

    for project in projects:
        for pin in pins(project, lock):
            session.backend().check(pin)
        what = ", ".join((*project.settings.bins, project.settings.profile))
        for_which = f" for {project.platform}" if project.is_one_of_several else ""
        session.report.status("Building", f"{project.package.name} ({what}) on {project.base}{for_which}")
    try:
        orders = [make_order(session, project, lock, among) for project in projects]
        return orders, session.backend().build(orders)
    finally:
        for project in projects:
            session.inputs(project).settle()


def check_sources(session: Session, project: Project, *, locked: bool) -> None:
    """Raise LockError for a Cargo.lock that does not fit, or that `locked` misses. Asks nobody, writes nothing."""
    if project.settings.has_lockfile:
        check_cargo_lock(project.workspace)
    elif locked:
        raise LockError(
            f"{project.workspace.lockfile} does not exist, and --locked forbids to choose dependencies without it",
            hint="run `cargo generate-lockfile` and commit Cargo.lock",
        )
    else:
        session.report.warn(
            f"{project.workspace.lockfile} does not exist, so each build may choose other versions of its dependencies;"
            " run `cargo generate-lockfile` and commit it"
        )


def _keep_cache(session: Session, project: Project, among: Sequence[Project], order: BuildOrder | None = None) -> None:
    """Keep what was built by an order; without one, of an image that was up to date."""
    if not session.caches.are_kept:
        return
    from cargo_stow.actions.cache import keep_cache  # noqa: PLC0415 - a build without caches does without them
    from cargo_stow.actions.order import make_order  # noqa: PLC0415

    if order is None:
        lock = find_lock(project)
        if lock is None:
            return
        order = make_order(session, project, lock, among)
    keep_cache(session, project, order)


def _remember(session: Session, project: Project, lock: Lock, built: Built) -> None:
    """Remember what the image was built from, unless a file changed while it was built: then nobody can say.

    One that changed and has its content again changed too.
    """
    if hash_inputs(Inputs(project), lock) != built.inputs or not session.inputs(project).are_untouched():
        session.report.warn("a source changed during the build; the next build starts from what is there then")
        return
    session.record(project).add(_key(session, project), built)


def _tags(project: Project) -> str:
    return " ".join(map(str, project.targets))


def _key(session: Session, project: Project) -> str:
    return f"{project.name} in {session.backend().where()}"
