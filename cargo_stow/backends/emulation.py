"""Whether the chosen builder can run the programs of a platform: asked only when a build has failed."""

from __future__ import annotations

import platform
import re
from typing import TYPE_CHECKING

from cargo_stow.platforms import make_machine_platform

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cargo_stow.platforms import Platform
    from cargo_stow.process import Runner

_PLATFORMS = re.compile(r"^Platforms:(.*)$", re.MULTILINE)
# What the emulators' own image calls a machine.
_EMULATORS = {"386": "i386", "ppc64le": "ppc64le"}


def find_foreign(platforms: Iterable[Platform], runner: Runner, environment: Mapping[str, str]) -> Platform | None:
    """Return the first platform of which the builder runs no programs; this machine's own is not asked for."""
    own = make_machine_platform("linux", platform.machine().lower())
    others = [each for each in dict.fromkeys(platforms) if each != own]
    if not others:
        return None
    said = runner.capture(["docker", "buildx", "inspect"], env=environment).stdout
    known = {text.strip(" *") for line in _PLATFORMS.findall(said) for text in line.split(",")}
    return next((each for each in others if known and str(each) not in known), None)


def emulation_hint(foreign: Platform) -> str:
    """Say how the builder comes to run the programs of a platform."""
    machine = _EMULATORS.get(foreign.architecture, foreign.architecture)
    return (
        f"the builder runs no programs of {foreign} (`docker buildx inspect` lists what it runs): install an emulator,"
        f" `docker run --privileged --rm tonistiigi/binfmt --install {machine}`, or choose a builder that has such a"
        " machine, with `docker buildx use`"
    )
