"""The configuration of the image: that of its base, with what the plan sets, as the instructions of Docker's set it.

Pure. Source: OCI image specification, "OCI Image Configuration"; the Dockerfile reference for what is joined with what
the base says, and what takes its place; Docker's `Healthcheck`, an extension of which durations are in nanoseconds.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cargo_stow.backends.youki.rootfs import DEFAULT_PATH
from cargo_stow.image_values import Variable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cargo_stow.image_values import Healthcheck
    from cargo_stow.plan import ImageConfig

_UNITS = {"ns": 1, "us": 10**3, "µs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|ms|s|m|h)")


def make_config(base: Mapping[str, Any], config: ImageConfig) -> dict[str, Any]:
    """Return the property `config` of an image's configuration; `base` is that of the base image, {} for none."""
    found = {name: value for name, value in base.items() if value and name not in {"OnBuild", "Image"}}
    found |= {"User": config.user, "Entrypoint": list(config.entrypoint)}
    found.pop("Cmd", None)
    environment = dict(_pairs(base.get("Env") or ()))
    # Where the base sets no PATH, its programs have the usual one all the same.
    known = {"PATH": DEFAULT_PATH, **environment}
    environment |= {name: _text(parts, known) for name, parts in config.env}
    joined = {
        "Env": [f"{name}={value}" for name, value in environment.items()],
        "Cmd": list(config.cmd),
        "Labels": {**(base.get("Labels") or {}), **dict(config.labels)},
        "ExposedPorts": {**(base.get("ExposedPorts") or {}), **{_port(each): {} for each in config.ports}},
        "Volumes": {**(base.get("Volumes") or {}), **{each: {} for each in config.volumes}},
        "WorkingDir": config.workdir,
        "StopSignal": config.stop_signal,
        "Healthcheck": _healthcheck(config.healthcheck) if config.healthcheck else None,
    }
    return {**found, **{name: value for name, value in joined.items() if value}}


def _pairs(texts: object) -> Iterator[tuple[str, str]]:
    for text in texts if isinstance(texts, (list, tuple)) else ():
        name, _, value = str(text).partition("=")
        yield name, value


def environment_of(config: Mapping[str, Any]) -> dict[str, str]:
    """Return the variables that a configuration sets."""
    return dict(_pairs(config.get("Env") or ()))


def _text(parts: tuple[str | Variable, ...], base: Mapping[str, str]) -> str:
    return "".join(base.get(part.name, "") if isinstance(part, Variable) else part for part in parts)


def _port(text: str) -> str:
    return text if "/" in text else f"{text}/tcp"


def _healthcheck(check: Healthcheck) -> dict[str, Any]:
    numbers = {
        "Interval": _nanoseconds(check.interval),
        "Timeout": _nanoseconds(check.timeout),
        "StartPeriod": _nanoseconds(check.start_period),
        "Retries": check.retries or 0,
    }
    test = ["CMD", *check.command] if check.command else ["NONE"]
    return {"Test": test, **{name: value for name, value in numbers.items() if value}}


def _nanoseconds(text: str | None) -> int:
    """Read a duration in Go's words (`time.ParseDuration`), as `1m30s`."""
    return round(sum(float(number) * _UNITS[unit] for number, unit in _DURATION.findall(text or "")))
