"""What BuildKit's plain progress says: which steps ran, and what cargo compiled in them."""

from __future__ import annotations

import re
from dataclasses import dataclass

_LINE = re.compile(r"^#(\d+) (.*)$", re.MULTILINE)
_BEGINNING = re.compile(r"^#0 building", re.MULTILINE)
_STEP = re.compile(r"\[(\S+) \d+/\d+\] (\w+)")
# What a cache elsewhere has is fetched only: `#7 sha256:94… 67.28MB / 67.28MB 1.9s done`, `#7 extracting sha256:94…`.
_CACHED = re.compile(r"CACHED$|(extracting )?sha256:")
_COMPILING = re.compile(r"^[0-9.]+ +Compiling (\S+) v")


@dataclass(frozen=True)
class Compiled:
    """A crate that cargo compiled, and the stage in which it did."""

    stage: str
    crate: str


@dataclass(frozen=True)
class Progress:
    """The steps by number: the stage and instruction of each, and the lines that came of it."""

    steps: dict[str, tuple[str, str]]
    lines: dict[str, list[str]]

    def is_cached(self, stage: str) -> bool:
        """Whether no command of a stage ran; the stage must be there."""
        runs = [number for number, step in self.steps.items() if step == (stage, "RUN")]
        assert runs, f"no step of `{stage}` among {sorted(self.steps.values())}"
        return all(any(map(_CACHED.match, self.lines[number])) for number in runs)

    @property
    def compiled(self) -> list[Compiled]:
        found = [
            (number, match[1])
            for number, lines in self.lines.items()
            for match in map(_COMPILING.match, lines)
            if match and number in self.steps
        ]
        return [Compiled(self.steps[number][0], crate) for number, crate in found]

    def crates(self) -> set[str]:
        return {each.crate for each in self.compiled}


def parse_progress(text: str) -> Progress:
    """Read `#4 [deps 2/2] RUN …`, `#4 CACHED` and `#4 0.21    Compiling itoa v1.0.0` of the first build in a text.

    Where a cache is kept there is another one, which counts its steps from the beginning.
    """
    text = "".join(_BEGINNING.split(text)[:2])
    steps: dict[str, tuple[str, str]] = {}
    lines: dict[str, list[str]] = {}
    for number, line in _LINE.findall(text):
        if step := _STEP.match(line):
            steps[number] = (step[1], step[2])
        lines.setdefault(number, []).append(line)
    return Progress(steps, lines)
