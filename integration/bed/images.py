"""The images that the suite builds on: pulled where a public registry answers, else made here."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from integration.bed import apt, debian_image, docker, process, rust_image, toolchain
from integration.bed.progress import step

_PROBE = "debian:bookworm-slim"
_PROBE_SECONDS = 15.0


def ensure() -> None:
    """Make every image of `names()` be in the engine; BedError with what to do where that cannot be."""
    with step("images"):
        absent = docker.missing(names())
        if not absent:
            return
        if _public_registry_answers():
            for name in absent:
                _pull(name)
        else:
            _make(absent)


def names() -> list[str]:
    """Return what the suite may build on: the Debian bases, and the toolchain by all its names."""
    version = toolchain.find().version if shutil.which("rustup") else None
    return [*map(debian_image.name, debian_image.SUITES), *rust_image.names(version)]


@cache
def _public_registry_answers() -> bool:
    return process.attempt(["docker", "manifest", "inspect", _PROBE], timeout=_PROBE_SECONDS).ok


def _pull(name: str) -> None:
    with step(f"images: pull {name}"):
        process.run(["docker", "pull", "--quiet", name], doing=f"pulling {name}")


def _make(absent: list[str]) -> None:
    suites = [suite for suite in debian_image.SUITES if debian_image.name(suite) in absent]
    if suites:
        apt.require({"mmdebstrap": "mmdebstrap"}, why="the Debian base images are made with it")
        apt.mirror()  # asked once here, not by two threads at once
        with ThreadPoolExecutor() as pool:  # unpacking and configuring packages is mostly one core's work
            list(pool.map(_make_debian, suites))
    if any(name.startswith("rust:") for name in absent):
        found = toolchain.find()
        with step(f"images: make rust:{found.version}"):
            rust_image.make(found)


def _make_debian(suite: str) -> None:
    with step(f"images: make {debian_image.name(suite)}"):
        debian_image.make(suite)
