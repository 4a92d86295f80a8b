"""What was measured, with what: kept as JSON after every measurement, and read again by what shows it."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.failure import BenchmarkError
from benchmarks.measure import Measurement
from benchmarks.rivals import BUILDX, RIVALS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

FILE = "measurements.json"


@dataclass(slots=True, kw_only=True)
class Results:
    """`facts` are what the figures depend on: machine, engine, versions."""

    facts: dict[str, str]
    measurements: list[Measurement] = field(default_factory=list)

    def of(self, source: str, step: str, rival: str) -> list[Measurement]:
        return [each for each in self.measurements if (each.input, each.step, each.rival) == (source, step, rival)]

    def seconds(self, source: str, step: str, rival: str) -> float | None:
        """The median; None where nothing was measured."""
        found = [each.seconds for each in self.of(source, step, rival)]
        return median(found) if found else None

    def inputs(self) -> list[str]:
        return _unique(each.input for each in self.measurements)

    def steps(self, source: str) -> list[str]:
        return _unique(each.step for each in self.measurements if each.input == source)

    def rivals(self) -> list[str]:
        measured = {each.rival for each in self.measurements}
        return [name for name in (*RIVALS, BUILDX) if name in measured]

    def downloads(self, step: str) -> dict[str, list[Measurement]]:
        """Rival → the measurements of a step in which it downloaded anything."""
        found: dict[str, list[Measurement]] = defaultdict(list)
        for each in self.measurements:
            if each.step == step and each.downloaded:
                found[each.rival].append(each)
        return found


def save_results(results: Results, directory: Path) -> None:
    text = json.dumps({"facts": results.facts, "measurements": list(map(asdict, results.measurements))}, indent=1)
    (directory / FILE).write_text(text + "\n")


def load_results(directory: Path) -> Results:
    """Read what an earlier run measured. Raises BenchmarkError where there is nothing of it."""
    try:
        kept = json.loads((directory / FILE).read_text())
    except OSError as error:
        raise BenchmarkError(f"cannot read {directory / FILE}: {error.strerror}", hint="measure first") from error
    return Results(facts=kept["facts"], measurements=[Measurement(**each) for each in kept["measurements"]])


def _unique(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
