"""A Runner that starts nothing: it records what it was asked and gives canned results."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cargo_stow.errors import ToolMissingError
from cargo_stow.process import Result

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

Answer = Result | BaseException
OK = Result(code=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    how: str
    argv: tuple[str, ...]
    cwd: Path | None
    env: Mapping[str, str]


@dataclass
class CannedRunner:
    """`answers` by the first words of a command line, the longest match first; the default is success and no text.

    `on_start` is called with every command line before it is answered: to write the file that a program would write.
    """

    answers: dict[str, Answer] = field(default_factory=dict)
    on_start: Callable[[tuple[str, ...]], None] = lambda _argv: None
    started: list[Started] = field(default_factory=list)

    @property
    def lines(self) -> list[str]:
        return [" ".join(one.argv) for one in self.started]

    def capture(self, argv: Sequence[str], *, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> Result:
        return self._start("capture", argv, cwd, env)

    def show(self, argv: Sequence[str], *, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> Result:
        return self._start("show", argv, cwd, env)

    def attach(self, argv: Sequence[str], *, env: Mapping[str, str] | None = None) -> Result:
        return self._start("attach", argv, None, env)

    def _start(self, how: str, argv: Sequence[str], cwd: Path | None, env: Mapping[str, str] | None) -> Result:
        self.started.append(Started(how=how, argv=tuple(argv), cwd=cwd, env=dict(env or {})))
        self.on_start(tuple(argv))
        line = " ".join(argv)
        found = max((words for words in self.answers if line.startswith(words)), key=len, default=None)
        answer = self.answers[found] if found is not None else OK
        if isinstance(answer, BaseException):
            raise answer
        return answer


def missing(program: str) -> ToolMissingError:
    """What the real Runner raises where there is no such program."""
    return ToolMissingError(f"the program `{program}` is not installed, or not on PATH", hint=f"install {program}")
