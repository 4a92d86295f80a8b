"""`update`: ask anew what the names in Stow.lock mean, and say what moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cargo_stow.errors import LockError
from cargo_stow.files import write_text
from cargo_stow.lock import Lock, load_lock
from cargo_stow.pinning import resolve

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cargo_stow.lock import Pin
    from cargo_stow.project import Project
    from cargo_stow.session import Session


def update(session: Session, projects: Sequence[Project], *, whole: bool, locked: bool) -> None:
    """Resolve the bases and toolchains of projects of one workspace again; says from what to what each moved.

    `whole` says that these are all the images of the workspace: what none of them names is dropped from the lock. With
    `locked`, as with cargo's own `update --locked`, raises LockError where it would write.
    """
    path = projects[0].lock_file
    with session.locked(projects[0]):
        old = load_lock(path)
        wanted = dict.fromkeys((image, project.platform) for project in projects for image in project.images)
        fresh = resolve(session.backend(), old, wanted, session.report)
        for pin in fresh:
            _tell(session, old.find(pin.reference, pin.platform), pin)
        new = (Lock() if whole else old).having(fresh)
        if new == old:
            return
        if locked:
            raise LockError(
                f"{path} is not what its names mean now, and --locked forbids to move it",
                hint="run `cargo stow update` without --locked",
            )
        write_text(path, new.text())
    session.report.status("Wrote", str(path))


def _tell(session: Session, before: Pin | None, after: Pin) -> None:
    if before is None:
        session.report.status("Adding", f"{after.reference} at {after.value}")
    elif before.value == after.value:
        session.report.status("Unchanged", f"{after.reference} at {after.value}")
    else:
        session.report.status("Updating", f"{after.reference} from {before.value} to {after.value}")
