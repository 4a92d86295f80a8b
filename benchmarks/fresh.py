"""A machine that has nothing but a cache which another one exported: how long until a one-line edit is an image.

Its build cache is emptied for that, so it runs on the newer engine of the bed alone. What was made before the timing
elsewhere is there here too. Only the import is timed; an export takes long, and is mostly the size of its layers.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from benchmarks.contest import forget, rotate
from benchmarks.rivals import BUILDX
from benchmarks.steps import FRESH
from benchmarks.warming import warm

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from benchmarks.contest import Contest
    from benchmarks.crate import Crate
    from benchmarks.measure import Measurement

# Those that have no cache in BuildKit's form.
_WITHOUT = (BUILDX, "host", "youki")


def run_fresh(contest: Contest, number: int) -> Iterator[Measurement]:
    """Yield one measurement for each rival that has such a cache; empties the engine's build cache."""
    names = [name for name in contest.rivals if name not in _WITHOUT]
    crates = {name: contest.copy(name) for name in names}
    for name in names:
        contest.build(crates[name], name, f"export-{number}", _export(_place(crates[name])))
    contest.bench.clean()
    contest.bench.prune()
    if "stow" in names:
        warm(contest.rivals["stow"], contest.source, contest.scratch / "fresh-stow")
    for name in rotate(names, number):
        _move_to_fresh_machine(crates[name])
        crates[name].edit("bin")
        yield contest.measure(crates[name], name, FRESH, number, _import(_place(crates[name])))
        shutil.rmtree(_place(crates[name]))
    forget(contest, crates)


def _place(crate: Crate) -> Path:
    return crate.root.with_name(f"{crate.root.name}.cache")


def _export(place: Path) -> tuple[str, ...]:
    """cargo-stow spells these options as buildx does, and exports no more than its layer of dependencies."""
    return ("--cache-to", f"type=local,mode=max,dest={place}")


def _import(place: Path) -> tuple[str, ...]:
    return ("--cache-from", f"type=local,src={place}")


def _move_to_fresh_machine(crate: Crate) -> None:
    """Leave of a copy what is committed; cargo-stow's record of what it built is not."""
    shutil.rmtree(crate.root / "target", ignore_errors=True)
