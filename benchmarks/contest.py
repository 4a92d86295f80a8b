"""One input and everybody who builds it: what is prepared, and then measured in turns."""

from __future__ import annotations

import secrets
import shutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.crate import Crate, lock_template
from benchmarks.failure import BenchmarkError
from benchmarks.inputs.input import NONCE
from benchmarks.measure import Measurement, Timing, run_timed
from benchmarks.prepared import make_images
from benchmarks.rivals import BUILDX, make_rival
from benchmarks.steps import COLD, NOOP, STEPS, applies, is_measured
from benchmarks.warming import warm

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from benchmarks.engines import Bench
    from benchmarks.inputs.input import Files, Input
    from benchmarks.prepared import Images
    from benchmarks.rivals import Rival


_KEEPERS = ("stow", "youki")
"""Who begins with a stage of his own instead of an image."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """`files` are those of every copy, `logs` what the builds said; `scratch` can be removed afterwards."""

    bench: Bench
    source: Input
    files: Files
    images: Images
    rivals: Mapping[str, Rival]
    scratch: Path
    logs: Path

    def copy(self, rival: str) -> Crate:
        """Make a copy of the input that nobody has built."""
        nonce = secrets.token_hex(len(NONCE) // 2)
        return Crate.copy(self.source, self.files, nonce, self.scratch / f"{rival}-{nonce}")

    def build(self, crate: Crate, rival: str, label: str, caches: tuple[str, ...] = ()) -> Timing:
        """Build a crate and run what came of it. Raises BenchmarkError if that says what other sources would."""
        builder = self.rivals[rival]
        log = self.logs / f"{self.source.name}-{label}-{rival}.log"
        timing = run_timed(builder.command(crate, caches), log)
        answer, expected = builder.answer(crate), crate.expected()
        if answer != expected:
            raise BenchmarkError(
                f"{self.source.name}, {label}: what {rival} built says {answer!r}, its sources {expected!r}",
                hint=f"see {log}",
            )
        return timing

    def measure(self, crate: Crate, rival: str, step: str, number: int, caches: tuple[str, ...] = ()) -> Measurement:
        timing = self.build(crate, rival, f"{step}-{number}", caches)
        say(f"{self.source.name}: round {number}: {step}: {rival}: {timing.seconds:.2f} s")
        return Measurement(
            input=self.source.name, step=step, rival=rival, round=number, seconds=timing.seconds,
            downloaded=timing.downloaded, downloading=timing.downloading,
        )  # fmt: skip


def make_contest(bench: Bench, source: Input, names: Sequence[str], out: Path) -> Contest:
    """Make what nobody is to be timed for: images, cargo-stow's builder stage, lock files."""
    scratch = out / "scratch" / bench.engine.name / source.name
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    say(f"{source.name}: preparing on the {bench.engine.name} engine")
    images = make_images(bench, source, scratch, with_chef="chef" in names)
    files = lock_template(source, scratch / "template")
    every = [*names, *([BUILDX] if "stow" in names else [])]
    rivals = {name: make_rival(name, bench, images, scratch) for name in every}
    for name in _KEEPERS:
        if name in names:
            files["Stow.lock"] = warm(rivals[name], source, scratch / f"warm-{name}", files.get("Stow.lock", ""))
    return Contest(
        bench=bench, source=source, files=files, images=images, rivals=rivals, scratch=scratch, logs=out / "logs"
    )


def run_round(contest: Contest, number: int, steps: Sequence[str]) -> Iterator[Measurement]:
    """Yield one measurement for each step and rival. Within a step all take turns, and another one begins each time."""
    names = [name for name in contest.rivals if name != BUILDX]
    crates = {name: contest.copy(name) for name in names}
    for place, step in enumerate(_applicable(contest, steps)):
        for name in rotate(names, number + place):
            if not is_measured(step, name):
                continue
            STEPS[step](crates[name])
            yield contest.measure(crates[name], name, step, number)
        if step == NOOP and BUILDX in contest.rivals:
            yield contest.measure(crates["stow"], BUILDX, step, number)
    forget(contest, crates)


def _applicable(contest: Contest, steps: Sequence[str]) -> list[str]:
    """Keep those steps that the input has; without a first build there is nothing to begin the others with."""
    return [step for step in STEPS if (step in steps or step == COLD) and applies(step, contest.source)]


def forget(contest: Contest, crates: Mapping[str, Crate]) -> None:
    """Remove copies and their images."""
    contest.bench.clean()
    for crate in crates.values():
        shutil.rmtree(crate.root)
        shutil.rmtree(crate.root.with_name(f"{crate.root.name}.recipe"), ignore_errors=True)


def rotate(names: Sequence[str], by: int) -> list[str]:
    by %= len(names)
    return [*names[by:], *names[:by]]


def say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)
