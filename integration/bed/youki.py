"""The OCI runtime youki, compiled from its release on crates.io as its own documentation says; runc and pasta."""

from __future__ import annotations

import shutil
from pathlib import Path

from integration.bed import apt, process
from integration.bed.failure import BedError
from integration.bed.progress import step

_ROOT = Path("/usr/local")
_INSTALL = ("cargo", "install", "youki", "--locked", "--features", "v1,v2,seccomp", "--root")
_LIBRARIES = ("libseccomp-dev", "pkg-config")


def ensure() -> None:
    """Make `youki` a program of this machine; BedError where that cannot be."""
    with step("youki"):
        if shutil.which("youki") is None:
            apt.install(list(_LIBRARIES), why="youki is linked with libseccomp")
            process.run([*_INSTALL, str(_ROOT)], doing="installing youki")
        if not process.attempt(["youki", "--version"]).ok:
            raise BedError("youki does not work although it is there", hint="youki --version")
        apt.require({"runc": "runc"}, why="the tests run on it, too")
        apt.require({"pasta": "passt"}, why="it publishes ports")
