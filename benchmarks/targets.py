"""What cargo-stow's figures are to be, and whether they are. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.rivals import BUILDX

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.results import Results


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """What is compared, each by step and rival; `only` is the one input that counts, None for every input."""

    step: str
    rival: str
    limit: float
    ours: str = "stow"
    other: str | None = None
    only: str | None = None
    difference: bool = False

    @property
    def title(self) -> str:
        sign = "-" if self.difference else "/"
        if self.other is not None:
            return f"{self.step} {sign} {self.other}: {self.rival}"
        return f"{self.step}: {self.ours} {sign} {self.rival}"

    def value(self, results: Results, source: str) -> float | None:
        ours = results.seconds(source, self.step, self.ours)
        theirs = results.seconds(source, self.other or self.step, self.rival)
        if ours is None or theirs is None:
            return None
        return ours - theirs if self.difference else ours / theirs


TARGETS = (
    Figure(step="cold", rival="chef", limit=1.05),
    Figure(step="edit-bin", rival="chef", limit=0.06, only="eight"),
    Figure(step="edit-deepest", rival="chef", limit=0.35, only="eight"),
    Figure(step="edit-bin", rival="host", limit=0.8, difference=True),
    Figure(step="noop", rival=BUILDX, limit=0.5),
    Figure(step="noop", rival=BUILDX, limit=0.35),
    Figure(step="bump", rival="stow", other="edit-bin", limit=1.1),
    Figure(step="fresh", rival="chef", limit=1.0),
    Figure(step="cold", rival="stow", limit=1.0, ours="youki"),
    Figure(step="noop", rival="stow", limit=0.5, ours="youki"),
    Figure(step="edit-bin", rival="stow", limit=0.6, ours="youki"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    target: Figure
    input: str
    value: float | None

    @property
    def is_reached(self) -> bool:
        return self.value is not None and self.value <= self.target.limit

    @property
    def outcome(self) -> str:
        if self.value is None:
            return "not measured"
        return "reached" if self.is_reached else "missed"


def judge(results: Results) -> Iterator[Verdict]:
    """Yield a verdict for each target and each input that it is about."""
    for target in TARGETS:
        for source in [target.only] if target.only else results.inputs():
            yield Verdict(target=target, input=source, value=target.value(results, source))
