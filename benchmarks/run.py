"""All rounds of all inputs, kept as they come, so that an interrupted run is worth what it measured."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from benchmarks.contest import make_contest, run_round
from benchmarks.engines import reach
from benchmarks.fresh import run_fresh
from benchmarks.inputs.catalog import INPUTS
from benchmarks.prepared import chef_version, tool_version
from benchmarks.results import Results, save_results
from benchmarks.rivals import find_stow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from benchmarks.contest import Contest
    from benchmarks.measure import Measurement

    Round = Callable[[Contest, int], Iterator[Measurement]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be measured: names of inputs, rivals and steps, how often, on which engine; `out` is a directory."""

    inputs: Sequence[str]
    rivals: Sequence[str]
    steps: Sequence[str]
    rounds: int
    engine: str
    fresh: bool
    out: Path


def measure(order: Order) -> Results:
    """Measure what was ordered; results are in the order's directory even if this ends early."""
    order.out.mkdir(parents=True, exist_ok=True)
    results = Results(facts={"date": datetime.now(timezone.utc).date().isoformat(), "rounds": str(order.rounds)})
    try:
        if order.steps:
            _run(order, order.engine, lambda contest, number: run_round(contest, number, order.steps), results)
        if order.fresh:
            _run(order, "newer", run_fresh, results)
    finally:
        shutil.rmtree(order.out / "scratch", ignore_errors=True)
    return results


def _run(order: Order, engine: str, play: Round, results: Results) -> None:
    """Let every input have its turn in every round, so that what changes on the machine meanwhile changes for all."""
    with reach(engine) as bench:
        try:
            contests = [make_contest(bench, INPUTS[name], order.rivals, order.out) for name in order.inputs]
            _describe(results, contests)
            for number in range(1, order.rounds + 1):
                for contest in contests:
                    for measurement in play(contest, number):
                        results.measurements.append(measurement)
                        save_results(results, order.out)
        finally:
            bench.clean()


def _describe(results: Results, contests: Sequence[Contest]) -> None:
    first = contests[0]
    results.facts |= {f"{first.bench.engine.name} engine": first.bench.describe()}
    results.facts |= {"buildx": tool_version("docker", "buildx", "version")}
    results.facts |= {"cargo": tool_version("cargo", "--version")}
    if "stow" in first.rivals:
        results.facts |= {"cargo-stow": tool_version(find_stow(), "--version")}
    if first.images.chef:
        results.facts |= {"cargo-chef": chef_version(first.bench, first.images)}
