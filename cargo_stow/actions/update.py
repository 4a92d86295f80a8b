"""`update`: ask anew what the names in Stow.lock mean, and say what moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cargo_stow.errors import LockError
from cargo_stow.files import write_text
from cargo_stow.lock import load_lock
from cargo_stow.project import resolve

if TYPE_CHECKING:
    from cargo_stow.lock import Pin
    from cargo_stow.project import Project
    from cargo_stow.session import Session


def update(session: Session, project: Project, *, locked: bool) -> None:
    """Resolve the base and the toolchain again and write Stow.lock; says from what to what each moved.

    With `locked`, as with cargo's own `update --locked`, raises LockError where it would write.
    """
    with session.locked(project):
        old = load_lock(project.lock_file)
        fresh = resolve(project, session.backend(), [project.base, project.toolchain], session.resolving)
        for pin in fresh:
            _tell(session, old.find(pin.reference, pin.platform), pin)
        new = old.having(fresh)
        if new == old:
            return
        if locked:
            raise LockError(
                f"{project.lock_file} is not what its names mean now, and --locked forbids to move it",
                hint="run `cargo stow update` without --locked",
            )
        write_text(project.lock_file, new.text())
    session.report.status("Wrote", str(project.lock_file))


def _tell(session: Session, before: Pin | None, after: Pin) -> None:
    if before is None:
        session.report.status("Adding", f"{after.reference} at {after.value}")
    elif before.value == after.value:
        session.report.status("Unchanged", f"{after.reference} at {after.value}")
    else:
        session.report.status("Updating", f"{after.reference} from {before.value} to {after.value}")
