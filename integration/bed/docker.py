"""The few questions and orders the bed has for an engine, through its command line client."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from integration.bed import process

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

VERSION = "2"
"""The bed's version: raise it when a recipe changes, and the images made by the older recipe are made anew."""

LABEL = "dev.cargo-stow.bed"
"""The label that tells an image made here (value: VERSION) from a pulled one (no such label)."""

_POLL_SECONDS = 0.2
_ANSWER_SECONDS = 10.0


def client(host: str | None = None) -> list[str]:
    """Return the head of a docker command line for the engine at `host`, or for the default one."""
    return ["docker", "--host", host] if host else ["docker"]


def answers(host: str | None = None) -> bool:
    """Return whether the engine answers within ten seconds."""
    return process.attempt([*client(host), "version"], timeout=_ANSWER_SECONDS).ok


def wait_until_it_answers(host: str | None = None, *, tries: int, alive: Callable[[], bool] = lambda: True) -> bool:
    """Poll the engine every 0.2 s, at most `tries` times and while it is `alive`; return whether it answered."""
    for _ in range(tries):
        if answers(host):
            return True
        if not alive():
            return False
        time.sleep(_POLL_SECONDS)
    return False


def missing(names: Iterable[str]) -> list[str]:
    """Return those of `names` that the engine lacks, or has from an older recipe of the bed."""
    wanted = list(names)
    return [] if _current(wanted) else [name for name in wanted if not _current([name])]


def layers(names: Sequence[str], host: str | None = None) -> str:
    """Return the layers of those of `names` that the engine has, as a text that two engines agree on."""
    return process.attempt([*client(host), "image", "inspect", "--format", "{{json .RootFS.Layers}}", *names]).out


def build(context: Path, *, dockerfile: Path, tags: Sequence[str], arguments: Mapping[str, str] | None = None) -> None:
    """Build an image of the bed and give it `tags`; BedError with the end of the build's output."""
    argv = ["docker", "build", "--label", f"{LABEL}={VERSION}", "--file", str(dockerfile)]
    for tag in tags:
        argv += ["--tag", tag]
    for name, value in (arguments or {}).items():
        argv += ["--build-arg", f"{name}={value}"]
    # A docker-container builder made the default by the user would keep the image to itself.
    environment = {} if os.environ.get("BUILDX_BUILDER") is None else {"BUILDX_BUILDER": "default"}
    process.run([*argv, str(context)], doing=f"building {tags[0]}", env=environment)


def _current(names: Sequence[str]) -> bool:
    template = f'{{{{with .Config.Labels}}}}{{{{index . "{LABEL}"}}}}{{{{end}}}}'
    found = process.attempt(["docker", "image", "inspect", "--format", template, *names])
    return found.ok and set(found.out.split()) <= {VERSION}
