"""What is done to a crate before it is built again. Changes go through `Crate`, and nothing is built here."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.crate import Crate
    from benchmarks.inputs.input import Input

COLD = "cold"
NOOP = "noop"
FRESH = "fresh"
"""Is not in `STEPS`: it needs an engine whose build cache may be emptied; see fresh.py."""


def _nothing(_: Crate) -> None:
    """Leave it as it is: a copy that was never built is cold, and one that was is unchanged."""


STEPS: dict[str, Callable[[Crate], None]] = {
    COLD: _nothing,
    NOOP: _nothing,
    "edit-bin": lambda crate: crate.edit("bin"),
    "edit-leaf": lambda crate: crate.edit("leaf"),
    "edit-deepest": lambda crate: crate.edit("deepest"),
    "bump": lambda crate: crate.bump(),
    "new-dep": lambda crate: crate.add_dependency(),
}
"""In the order in which each is done, once a round; every step begins with what the one before it left in caches."""

_PARTS = {"edit-leaf": "leaf", "edit-deepest": "deepest"}
_KEEPS_NOTHING = "plain"


def applies(step: str, source: Input) -> bool:
    """Say whether an input has what a step changes: a single crate has no libraries."""
    return step not in _PARTS or _PARTS[step] in source.markers


def is_measured(step: str, rival: str) -> bool:
    """Say whether a step tells anything new of a rival: to one that keeps nothing, every change is `edit-bin`."""
    return rival != _KEEPS_NOTHING or step in {COLD, NOOP, "edit-bin"}
