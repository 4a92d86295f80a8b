"""One command, timed by the wall; and what a measurement is."""

from __future__ import annotations

import re
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.failure import BenchmarkError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_DOWNLOADED = re.compile(r"Downloaded (\d+) crates? .*?in ([\d.]+)(m?s)")
_TAIL = 2000
_NOT_STARTED = "runc run failed: unable to start container process"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    argv: tuple[str, ...]
    root: Path
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """`downloaded` crates came over the network meanwhile, for which cargo says it took `downloading` seconds."""

    seconds: float
    downloaded: int = 0
    downloading: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    input: str
    step: str
    rival: str
    round: int
    seconds: float
    downloaded: int
    downloading: float


def run_timed(command: Command, log: Path) -> Timing:
    """Run a command to its end, with all it says in a file. Raises BenchmarkError if it fails.

    Where the engine failed to start a container, which says nothing of a build, it is run once more.
    """
    code, seconds = _run(command, log)
    if code != 0 and _NOT_STARTED in log.read_text(errors="replace"):
        code, seconds = _run(command, log)
    said = log.read_text(errors="replace")
    if code != 0:
        raise BenchmarkError(f"{' '.join(command.argv)} failed:\n{said[-_TAIL:]}", hint=f"see {log}")
    downloaded, downloading = read_downloads(said)
    return Timing(seconds=seconds, downloaded=downloaded, downloading=downloading)


def _run(command: Command, log: Path) -> tuple[int, float]:
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as sink:
        started = time.perf_counter()
        done = subprocess.run(
            command.argv, cwd=command.root, env=dict(command.environment), stdin=subprocess.DEVNULL, stdout=sink,
            stderr=subprocess.STDOUT, check=False,
        )  # fmt: skip
        return done.returncode, time.perf_counter() - started


def read_downloads(log: str) -> tuple[int, float]:
    """Return how many crates cargo says it downloaded, and in how many seconds. Pure."""
    found = _DOWNLOADED.findall(log)
    milli = {"s": 1.0, "ms": 0.001}
    return sum(int(count) for count, _, _ in found), sum(float(time) * milli[unit] for _, time, unit in found)
