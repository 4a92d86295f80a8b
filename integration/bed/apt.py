"""Debian's packages: installing what is missing, and where this machine gets its packages from.

The mirror's address is read from the machine's own apt configuration; no host is ever written down here.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from integration.bed import process
from integration.bed.failure import BedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_QUIET = {"DEBIAN_FRONTEND": "noninteractive"}
_FORMAT = "$(REPO_URI)|$(ORIGIN)|$(LABEL)"


@dataclass(frozen=True, kw_only=True)
class Mirror:
    """Where this machine gets Debian from; `security` is None where it gets no security updates."""

    main: str
    security: str | None

    def sources(self, suite: str) -> list[str]:
        """Return the lines of a sources.list for `suite` ("trixie") with its updates."""
        lines = [f"deb {self.main} {suite} main", f"deb {self.main} {suite}-updates main"]
        return [*lines, f"deb {self.security} {suite}-security main"] if self.security else lines


def usable() -> bool:
    """Return whether we may install packages here: root, with apt."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def require(commands: dict[str, str], *, why: str) -> None:
    """Install the packages of those commands (command: package) that are not on PATH; BedError where we cannot."""
    absent = {command: package for command, package in commands.items() if shutil.which(command) is None}
    if absent:
        install(absent.values(), why=why)
    for command, package in absent.items():
        if shutil.which(command) is None:
            raise BedError(f"{command} is not on PATH although {package} is installed", hint="check PATH")


def install(packages: Iterable[str], *, why: str) -> None:
    """Install `packages` from the machine's own suites; BedError with what to install where we cannot."""
    names = sorted(set(packages))
    hint = f"install {' '.join(names)} ({why}), as root on Debian or Ubuntu: apt-get install {' '.join(names)}"
    if not usable():
        raise BedError(f"{' '.join(names)} missing, and only root on Debian or Ubuntu can install here", hint=hint)
    update()
    argv = ["apt-get", "install", "--yes", "--no-install-recommends", *names]
    process.run(argv, doing=f"installing {' '.join(names)}", env=_QUIET)


@cache
def update() -> None:
    """Fetch the package lists, once a process; BedError if apt cannot."""
    process.run(["apt-get", "update"], doing="fetching the package lists", env=_QUIET)


def known(package: str) -> bool:
    """Return whether the machine's own suites have `package`."""
    return process.attempt(["apt-cache", "show", "--no-all-versions", package]).ok


@cache
def mirror() -> Mirror:
    """Return where this machine gets Debian from; BedError if it is no Debian machine."""
    if usable():
        update()  # apt knows an archive's origin only from its fetched Release file
    listed = process.attempt(["apt-get", "indextargets", "--format", _FORMAT, "Created-By: Packages"]).out
    rows = [line.split("|") for line in listed.splitlines()]
    found = {label: uri.rstrip("/") for uri, origin, label in reversed(rows) if origin == "Debian"}
    if "Debian" not in found:
        hint = "on another system: docker pull debian:bookworm-slim (and trixie-slim, rust:1-slim), docker-buildx"
        raise BedError("apt knows no Debian mirror on this machine", hint=hint)
    return Mirror(main=found["Debian"], security=found.get("Debian-Security"))


def download(package: str, *, suite: str, into: Path) -> Path:
    """Download `package` of another Debian suite with lists and cache of its own under `into`; return the .deb.

    Nothing of the machine's own apt state changes. The archive's signature is checked against Debian's keyring.
    """
    options = _private(suite, into)
    process.run(["apt-get", *options, "update"], doing=f"fetching the package lists of {suite}", env=_QUIET)
    process.run(["apt-get", *options, "download", package], doing=f"downloading {package} of {suite}", cwd=into)
    found = list(into.glob(f"{package}_*.deb"))
    if len(found) != 1:
        raise BedError(f"apt-get downloaded no {package}", hint=f"is {package} in {suite} on {mirror().main}?")
    return found[0]


def _private(suite: str, root: Path) -> Sequence[str]:
    for part in ("lists/partial", "cache/archives/partial"):
        (root / part).mkdir(parents=True)
    sources = root / "sources.list"
    sources.write_text(f"deb [signed-by={KEYRING}] {mirror().main} {suite} main\n")
    settings = {
        "Dir::Etc::sourcelist": sources,
        "Dir::Etc::sourceparts": "-",
        "Dir::State::lists": root / "lists",
        "Dir::Cache": root / "cache",
        "APT::Sandbox::User": "root",  # the temporary directory is ours alone, so _apt cannot write there
    }
    return [f"--option={key}={value}" for key, value in settings.items()]
