"""`cargo stow update`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cargo_stow.actions.update import update as action
from cargo_stow.project import load_images

if TYPE_CHECKING:
    from cargo_stow.work import Work


def update(work: Work) -> None:
    """Move Stow.lock for the package that was asked for, or for every image of the workspace."""
    request, session = work.request, work.session
    if request.package or session.environment.get("CARGO_STOW_PACKAGE"):
        action(session, [work.project()], whole=False, locked=request.locked)
    else:
        images = load_images(request, session.environment, session.runner)
        action(session, images, whole=True, locked=request.locked)
