"""The one error of the bed: what failed, and what to type next."""

from __future__ import annotations


class BedError(Exception):
    """A step of the bed could not be done; `hint` is the next thing to type or to change."""

    def __init__(self, problem: str, *, hint: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.hint = hint
