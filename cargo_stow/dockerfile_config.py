"""The configuration of an image as the last instructions of a Dockerfile. Pure.

Source: the Dockerfile reference, "Environment replacement" and each instruction; BuildKit's `shell/lex.go` for quotes.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from cargo_stow.image_values import Variable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cargo_stow.image_values import Healthcheck
    from cargo_stow.plan import ImageConfig

_NEXT_LINE = " \\\n    "


def configuration(config: ImageConfig) -> Iterator[str]:
    """Yield the instructions that set a configuration; what the base says stays where there is none."""
    if config.env:
        # One instruction: all of its references mean what was set before it, so what the base image sets.
        yield _pairs("ENV", ((name, _environment(parts)) for name, parts in config.env))
    if config.labels:
        yield _pairs("LABEL", ((name, _quoted(value)) for name, value in config.labels))
    if config.ports:
        yield "EXPOSE " + " ".join(config.ports)
    if config.volumes:
        yield f"VOLUME {_words(config.volumes)}"
    if config.workdir:
        yield f"WORKDIR {config.workdir}"
    if config.stop_signal:
        yield f"STOPSIGNAL {config.stop_signal}"
    if config.healthcheck:
        yield " ".join(["HEALTHCHECK", *_healthcheck(config.healthcheck)])
    yield f"USER {config.user}"
    yield f"ENTRYPOINT {_words(config.entrypoint)}"
    if config.cmd:
        yield f"CMD {_words(config.cmd)}"


def _pairs(instruction: str, pairs: Iterable[tuple[str, str]]) -> str:
    return f"{instruction} " + _NEXT_LINE.join(f'{name}="{value}"' for name, value in pairs)


def _environment(parts: Iterable[str | Variable]) -> str:
    return "".join(f"${{{part.name}}}" if isinstance(part, Variable) else _quoted(part) for part in parts)


def _quoted(text: str) -> str:
    """Escape what has a meaning between double quotes."""
    return re.sub(r'([\\"$])', r"\\\1", text)


def _words(words: Iterable[str]) -> str:
    """Write an array in JSON; not in ASCII alone, which could take six times as many bytes."""
    return json.dumps(list(words), ensure_ascii=False)


def _healthcheck(check: Healthcheck) -> Iterator[str]:
    options = (("interval", check.interval), ("timeout", check.timeout), ("start-period", check.start_period))
    yield from (f"--{name}={value}" for name, value in (*options, ("retries", check.retries)) if value is not None)
    yield f"CMD {_words(check.command)}" if check.command else "NONE"
