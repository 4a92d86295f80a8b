"""`cargo stow push`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cargo_stow.commands.doing import do

if TYPE_CHECKING:
    from cargo_stow.tasks import Work


def push(work: Work) -> None:
    """Run `stow_push`, and `stow_build` before it; only the pushed reference is the result."""
    do(work, "stow_push")
    work.session.report.result(work.result or "")
