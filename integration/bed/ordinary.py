"""An ordinary user of this machine, with ids in /etc/subuid and /etc/subgid: for builds that root does not do."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

from integration.bed import apt, process
from integration.bed.failure import BedError
from integration.bed.progress import step

NAME = "stow-ordinary"
_FILES = {"--add-subuids": Path("/etc/subuid"), "--add-subgids": Path("/etc/subgid")}
_COUNT = 65536
_TUN = Path("/dev/net/tun")
# Where useradd(8) begins.
_LOWEST = 100_000


def ensure() -> None:
    """Make the user, and install `uidmap`; BedError where that cannot be."""
    with step("ordinary user"):
        apt.require({"newuidmap": "uidmap", "setpriv": "util-linux"}, why="a user's builds map ids with it")
        if not exists():
            if os.geteuid() != 0:
                raise BedError(f"there is no user {NAME}, and only root can make one", hint="run it as root")
            process.run(["useradd", "--home-dir", "/nonexistent", "--no-create-home", NAME], doing=f"adding {NAME}")
        if _TUN.exists() and os.geteuid() == 0:
            _TUN.chmod(0o666)  # As udev has it; where there is none, only root may open it.
        for flag, path in _FILES.items():
            if not _has_ids(path):
                first = _free()
                process.run(["usermod", flag, f"{first}-{first + _COUNT - 1}", NAME], doing=f"giving {NAME} ids")


def exists() -> bool:
    """Whether there is such a user."""
    try:
        pwd.getpwnam(NAME)
    except KeyError:
        return False
    return True


def _has_ids(path: Path) -> bool:
    return any(line.startswith(f"{NAME}:") for line in _lines(path))


def _free() -> int:
    """The first id above all that anybody has."""
    ends = [sum(map(int, line.split(":")[1:])) for path in _FILES.values() for line in _lines(path)]
    return max([_LOWEST, *ends])


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []
