"""The values that an image's settings hold: how it is run, what is in it, what it is built with. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cargo_stow.patterns import Pattern


@dataclass(frozen=True, slots=True)
class Variable:
    """What the base image sets for a variable, as a part of the text of another one."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Healthcheck:
    """How to see that a program is well: a command, none for no check; how often, in Docker's words for durations."""

    command: tuple[str, ...]
    interval: str | None = None
    timeout: str | None = None
    start_period: str | None = None
    retries: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """Files of a package that go into the image as they are.

    `source` is relative to the package's directory; `target` a directory of the image where it ends with a slash, or
    where the source is more than one file. `mode` is that of files, in octal digits; None is 0755 for what may be run,
    else 0644.
    """

    source: Pattern
    target: str
    mode: str | None = None
    owner: str = "0:0"

    def __str__(self) -> str:
        return ":".join(filter(None, (str(self.source), self.target, self.mode)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """Where a build finds a secret: in a variable of the environment, or in a file, of which `~/` is the home.

    Neither shows, as neither makes another image of the same sources.
    """

    variable: str | None = field(default=None, repr=False)
    file: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        return f"variable {self.variable}" if self.variable else f"file {self.file}"
