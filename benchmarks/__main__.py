"""`python -m benchmarks`: measure, and write tables, a chart and every single figure to a directory."""

from __future__ import annotations

import argparse
import sys
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.chart import render_chart
from benchmarks.engines import ENGINES
from benchmarks.failure import BenchmarkError
from benchmarks.inputs.catalog import INPUTS
from benchmarks.results import load_results
from benchmarks.rivals import RIVALS
from benchmarks.run import Order, measure
from benchmarks.steps import STEPS
from benchmarks.table import as_markdown, as_text, make_tables
from integration.bed.failure import BedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from benchmarks.results import Results

_OUT = Path("build") / "benchmarks"


def main(arguments: Sequence[str]) -> int:
    """Run the benchmark; return the exit code: 0, or 1 where a figure could not be had."""
    options = _parser().parse_args(arguments)
    try:
        results = load_results(options.out) if options.show else measure(_order(options))
        show(results, options.out, options.chart or results.inputs()[-1])
    except (BenchmarkError, BedError) as error:
        print(f"bench: {error.problem}\n  next: {error.hint}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _order(options: argparse.Namespace) -> Order:
    given = vars(options)
    return Order(**{each.name: given[each.name] for each in fields(Order)})


def show(results: Results, out: Path, charted: str) -> None:
    """Print the tables, and write them and the chart of one input."""
    tables = make_tables(results)
    (out / "results.md").write_text(as_markdown(tables) + "\n")
    (out / "chart.svg").write_text(render_chart(results, charted))
    print(as_text(tables))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    for name, known in (("inputs", INPUTS), ("rivals", RIVALS), ("steps", STEPS)):
        every = ",".join(known)
        parser.add_argument(f"--{name}", type=_some_of(known), default=list(known), help=every, metavar="A,B")
    parser.add_argument("--rounds", type=int, default=3, help="how often everything is measured (%(default)s)")
    parser.add_argument("--engine", choices=ENGINES, default="own", help="where (%(default)s)")
    parser.add_argument("--fresh", action="store_true", help="also step fresh, which prunes the newer engine")
    parser.add_argument("--out", type=lambda text: Path(text).absolute(), default=_OUT.absolute(), help="(%(default)s)")
    parser.add_argument("--chart", choices=INPUTS, help="the input of chart.svg: default the last one measured")
    parser.add_argument("--show", action="store_true", help="measure nothing: show what is in --out")
    return parser


def _some_of(known: Iterable[str]) -> Callable[[str], list[str]]:
    names = list(known)

    def parse(text: str) -> list[str]:
        unknown = set(text.split(",")) - set(names)
        if unknown:
            raise argparse.ArgumentTypeError(f"no {', '.join(sorted(unknown))}; there are {', '.join(names)}")
        return [name for name in names if name in text.split(",")]

    return parse


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
