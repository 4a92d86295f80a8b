"""The words of `docker run`, read where no engine reads them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from cargo_stow.errors import UsageError
from cargo_stow.sandbox.bundle import Bind
from cargo_stow.sandbox.ports import parse_ports
from cargo_stow.sandbox.runtime import find_program

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cargo_stow.backends.protocol import RunOptions
    from cargo_stow.sandbox.ports import Port

_VOLUME = re.compile(r"(?P<source>[^:]+):(?P<target>/[^:]*[^:/][^:]*)(?::(?P<mode>ro|rw))?")


def read_options(
    options: RunOptions, environment: Mapping[str, str]
) -> tuple[dict[str, str | None], tuple[Bind, ...], tuple[Port, ...]]:
    """Read how to run a program: variables, volumes, ports. Raises UsageError; ToolMissingError without pasta."""
    if options.detach:
        raise UsageError(
            "--detach needs an engine that looks after the container, and there is none here",
            hint="let the shell do it, with `&`; or take --backend docker",
        )
    ports = tuple(port for text in options.publish for port in parse_ports(text))
    if ports:
        find_program("pasta", environment, hint="install your distribution's package `passt`")
    given = dict(_variable(text, environment) for text in options.environment)
    return given, tuple(map(_volume, options.volumes)), ports


def _variable(text: str, environment: Mapping[str, str]) -> tuple[str, str | None]:
    """A name without a value is what it is here; not set here, it is not set there either."""
    name, sign, value = text.partition("=")
    if not name:
        raise UsageError(f"--env {text}: expected NAME=VALUE, or NAME for what it is here", hint="as LEVEL=debug")
    return name, value if sign else environment.get(name)


def _volume(text: str) -> Bind:
    found = _VOLUME.fullmatch(text)
    if not found:
        raise UsageError(f"--volume {text}: expected SOURCE:TARGET or SOURCE:TARGET:ro", hint="as data:/srv/data")
    source = Path(found["source"]).absolute()
    if not source.exists():
        raise UsageError(f"--volume {text}: there is no {source}", hint=f"make it: `mkdir {source}`")
    return Bind(source=str(source), target=found["target"], is_writable=found["mode"] != "ro")
