"""`stow_build`: a crate becomes an image in the engine, unless it already is one."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from cargo_stow.backends.protocol import BuildOrder
from cargo_stow.cargo_lock import check_cargo_lock
from cargo_stow.errors import LockError, StowError
from cargo_stow.inputs import hash_inputs
from cargo_stow.pinning import find_lock, pins, plan_of, settle
from cargo_stow.record import Built

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cargo_stow.backends.protocol import Image
    from cargo_stow.lock import Lock
    from cargo_stow.plan import Plan
    from cargo_stow.project import Project
    from cargo_stow.session import Session


def build(session: Session, project: Project, *, locked: bool) -> Image:
    """Build, name and remember the image of a project; returns the existing one when nothing changed.

    Raises the errors of each step. Until the image is complete nothing that existed before has changed.
    """
    with session.locked(project):
        current = find_current(session, project)
        if current is not None:
            session.report.status("Fresh", f"{project.target} (unchanged since it was built)")
            return current
        check_sources(session, project, locked=locked)
        lock = settle(project, session.backend, session.report, locked=locked)
        plan = plan_of(project, lock)
        inputs = hash_inputs(project, lock, plan)
        image = make_image(session, project, lock, plan)
        with _restored_on_failure(session, project):
            image = session.backend().tag(image, project.target)
            built = Built(inputs=inputs, id=image.id, tag=str(project.target))
            _remember(session, project, lock, plan, built)
    session.report.status("Built", f"{project.target}")
    return image


def find_current(session: Session, project: Project) -> Image | None:
    """Return the image of the last build if its inputs are unchanged and it still is where it was put."""
    built = session.record(project).find(_key(session, project))
    if built is None or built.tag != str(project.target):
        return None
    lock = find_lock(project)
    if lock is None or hash_inputs(project, lock, plan_of(project, lock)) != built.inputs:
        return None
    image = session.backend().find(project.target)
    return image if image is not None and image.id == built.id else None


def make_image(session: Session, project: Project, lock: Lock, plan: Plan) -> Image:
    """Run the build; the image has no name yet."""
    for pin in pins(project, lock):
        session.backend().check(pin)
    session.report.status("Building", f"{plan.package} ({plan.bin}, {project.settings.profile}) on {project.base}")
    order = BuildOrder(
        plan=plan,
        root=project.closure.root,
        directory=project.directory,
        secrets=session.secrets(),
        quiet=session.report.quiet,
    )
    return session.backend().build(order)


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


@contextlib.contextmanager
def _restored_on_failure(session: Session, project: Project) -> Iterator[None]:
    """Give the tag back to the image that had it, when the new one cannot be named and remembered to the end."""
    before = session.backend().find(project.target)
    try:
        yield
    except BaseException:
        with contextlib.suppress(StowError):  # The first failure is the one to tell of.
            if before is None:
                session.backend().untag(project.target)
            else:
                session.backend().tag(before, project.target)
        raise


def _remember(session: Session, project: Project, lock: Lock, plan: Plan, built: Built) -> None:
    """Remember what the image was built from, unless a file changed while it was built: then nobody can say."""
    if hash_inputs(project, lock, plan) != built.inputs:
        session.report.warn("a source changed during the build; the next build starts from what is there then")
        return
    session.record(project).add(_key(session, project), built)


def _key(session: Session, project: Project) -> str:
    return f"{project.name} in {session.backend().where()}"
