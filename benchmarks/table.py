"""Results → tables, as text for a terminal and as Markdown. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.rivals import BUILDX
from benchmarks.steps import COLD
from benchmarks.targets import judge

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from benchmarks.results import Results
    from benchmarks.targets import Verdict

_RATIOS = ("plain", "chef", "mounts", "youki", "host")
_NONE = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()


def make_tables(results: Results) -> list[Table]:
    return [_medians(results), _targets(results)]


def as_text(tables: Sequence[Table]) -> str:
    return "\n\n".join("\n".join([table.title, "", *_aligned(table), "", *table.notes]).rstrip() for table in tables)


def as_markdown(tables: Sequence[Table]) -> str:
    return "\n\n".join("\n".join([f"## {table.title}", "", *_piped(table), *_listed(table)]) for table in tables)


def _medians(results: Results) -> Table:
    rivals = [name for name in results.rivals() if name != BUILDX]
    compared = [name for name in _RATIOS if name in rivals and "stow" in rivals]
    rows = [
        [
            source,
            step,
            *(_cell(results, source, step, name) for name in rivals),
            *_ratios(results, source, step, compared),
        ]
        for source in results.inputs()
        for step in results.steps(source)
    ]
    return Table(
        title="Median seconds (least and most), and stow's share of the others'",
        head=["input", "step", *rivals, *(f"stow/{name}" for name in compared)],
        rows=rows,
        notes=[*_bare_noops(results), *_left_out(rivals), *_downloads(results), _facts(results)],
    )


def _cell(results: Results, source: str, step: str, rival: str) -> str:
    found = [each.seconds for each in results.of(source, step, rival)]
    if not found:
        return _NONE
    spread = f" ({min(found):.2f}..{max(found):.2f})" if len(found) > 1 else ""
    return f"{median(found):.2f}{spread}"


def _ratios(results: Results, source: str, step: str, rivals: Sequence[str]) -> Iterator[str]:
    ours = results.seconds(source, step, "stow")
    for rival in rivals:
        theirs = results.seconds(source, step, rival)
        yield f"{ours / theirs:.2f}" if ours is not None and theirs is not None else _NONE


def _bare_noops(results: Results) -> Iterator[str]:
    for source in results.inputs():
        if results.seconds(source, "noop", BUILDX) is not None:
            seconds = _cell(results, source, "noop", BUILDX)
            yield f"{source}, noop: buildx alone, on the Dockerfile that stow uses: {seconds} s"


def _left_out(rivals: Iterable[str]) -> Iterator[str]:
    if "plain" in rivals:
        yield "plain compiles everything again whatever changed: of the changes only edit-bin is measured"


def _downloads(results: Results) -> Iterator[str]:
    """Say who paid for the network: cargo's downloads are cached in mounts, which nobody empties, and not in layers."""
    for rival, found in results.downloads(COLD).items():
        total = len([each for each in results.measurements if (each.step, each.rival) == (COLD, rival)])
        each = median(one.downloading for one in found)
        yield f"cold: {rival} downloaded crates in {len(found)} of {total} builds, in {each:.2f} s (median)"


def _facts(results: Results) -> str:
    return "; ".join(f"{name}: {value}" for name, value in results.facts.items())


def _targets(results: Results) -> Table:
    return Table(
        title="Targets",
        head=["figure", "input", "value", "target", "outcome"],
        rows=list(map(_verdict, judge(results))),
    )


def _verdict(verdict: Verdict) -> list[str]:
    unit = " s" if verdict.target.difference else ""
    value = _NONE if verdict.value is None else f"{verdict.value:.3f}{unit}"
    return [verdict.target.title, verdict.input, value, f"≤ {verdict.target.limit}{unit}", verdict.outcome]


def _aligned(table: Table) -> Iterator[str]:
    lines = [table.head, *table.rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        yield "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()


def _piped(table: Table) -> Iterator[str]:
    yield _pipe(table.head)
    yield _pipe(["---"] * len(table.head))
    yield from map(_pipe, table.rows)


def _pipe(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _listed(table: Table) -> Iterator[str]:
    if table.notes:
        yield ""
        yield from (f"* {note}" for note in table.notes)
