"""`cargo stow run`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cargo_stow.commands.doing import do

if TYPE_CHECKING:
    from cargo_stow.work import Work


def run(work: Work) -> int:
    """Run `stow_run`; returns the program's exit code. It leaves no state, so it waits for no other cargo-stow."""
    do(work, "stow_run", alone=True)
    return work.exit_code
