"""`update`: ask anew what the names in Stow.lock mean, and say what moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cargo_stow.errors import LockError
from cargo_stow.files import write_text
from cargo_stow.includes import find_repository
from cargo_stow.lock import Lock, load_lock
from cargo_stow.pinning import Asking

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
        fresh = _resolved(session, projects, old)
        for pin in fresh.pins:
            _tell(session, old.find(pin.reference, pin.platform), pin)
        new = fresh if whole else old.having(fresh.pins)
        if new == old:
            return
        if locked:
            raise LockError(
                f"{path} is not what its names mean now, and --locked forbids to move it",
                hint="run `cargo stow update` without --locked",
            )
        write_text(path, new.text(), within=find_repository(projects[0].workspace.root))
    session.report.status("Wrote", str(path))


def _resolved(session: Session, projects: Sequence[Project], old: Lock) -> Lock:
    """A lock of what all images mean now; each is asked for once."""
    asking = Asking(backend=session.backend(), report=session.report, known=old, offline=session.offline)
    fresh = Lock()
    for project in projects:
        fresh = asking.complete(fresh, project)
    return fresh


def _tell(session: Session, before: Pin | None, after: Pin) -> None:
    if before is None:
        session.report.status("Adding", f"{after.reference} at {after.value}")
    elif before.value == after.value:
        session.report.status("Unchanged", f"{after.reference} at {after.value}")
    else:
        session.report.status("Updating", f"{after.reference} from {before.value} to {after.value}")
