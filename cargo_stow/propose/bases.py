"""Which packages a base image takes, as far as its name tells: `init` asks no engine and no registry for more."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from cargo_stow.reference import ImageRef

Manager = Literal["apt", "apk", "dnf"]

# Debian's stable release; moved by a release of ours.
DEFAULT_BASE = "debian:trixie-slim"

_APK = re.compile(r"alpine|wolfi|chainguard")
_DNF = re.compile(r"fedora|ubi[0-9]|centos|rockylinux|almalinux|oraclelinux|amazonlinux|redhat")
_APT = re.compile(r"debian|ubuntu|bookworm|trixie|jammy|noble")
# Of Debian 12 and Ubuntu 23.10, and what came before. Later ones have 64-bit times, and names that say so.
_OLDER = re.compile(
    r"bullseye|bookworm|focal|jammy|(?:debian:(?:10|11|12)|ubuntu:(?:1[0-9]|2[0-3])\.|oldstable)", re.ASCII
)


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """The package manager of a base, and whether its packages are named as before Debian 13. `is_guess` if unsure."""

    manager: Manager
    is_older: bool = False
    is_guess: bool = False


def system_of(base: ImageRef) -> System:
    """Tell the system of a base image from its name and tag."""
    text = str(base).lower()
    if _APK.search(text):
        return System(manager="apk")
    if _DNF.search(text):
        return System(manager="dnf")
    return System(manager="apt", is_older=bool(_OLDER.search(text)), is_guess=not _APT.search(text))
