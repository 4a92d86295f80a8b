"""`cargo stow push`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cargo_stow.actions.push import check_pushable
from cargo_stow.commands.doing import do

if TYPE_CHECKING:
    from cargo_stow.work import Work


def push(work: Work) -> None:
    """Run `stow_build`, then `stow_push`, which holds no lock: another build need not wait for the network."""
    for project in work.projects():
        check_pushable(work.session, project)
    do(work, "stow_build")
    do(work, "stow_push", alone=True)
    for reference in work.results:
        work.session.report.result(reference)
