"""The one error of the benchmark: what failed, and what to type next."""

from __future__ import annotations


class BenchmarkError(Exception):
    """A measurement could not be made, or is none because the program it built is wrong."""

    def __init__(self, problem: str, *, hint: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.hint = hint
