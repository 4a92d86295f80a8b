"""`cargo stow update`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cargo_stow.actions.update import update as action

if TYPE_CHECKING:
    from cargo_stow.work import Work


def update(work: Work) -> None:
    """Move Stow.lock for the packages that were asked for, or for every image of the workspace."""
    request, session = work.request, work.session
    whole = not request.selection.completed(session.environment).packages
    if whole:
        # Not without the root's own package, which need not have a section.
        work.request = replace(request, selection=replace(request.selection, workspace=True))
    action(session, work.projects(), whole=whole and not request.selection.exclude, locked=request.locked)
