"""A Docker engine that answers, with its client and a compose tool; installed and started where there is none."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from integration.bed import apt, docker, process
from integration.bed.failure import BedError
from integration.bed.progress import step

_SOCKET = Path("/var/run/docker.sock")
_TRIES = 75  # 15 s and more: a first start makes the data root, keys and firewall rules
_FALLBACK_DRIVER = "fuse-overlayfs"  # works where the kernel refuses overlay mounts to us, and the default with it


def ensure() -> None:
    """Make an engine answer, and a client and a compose tool be there; BedError with what to do where we cannot."""
    with step("engine"):
        if shutil.which("docker") is None:
            _install()
        if not docker.answers():
            _refuse_a_foreign_engine()
            _bring_up()
        if not _has_compose():
            apt.install(["docker-compose"], why="the suite starts its registry with it")


def _has_compose() -> bool:
    return shutil.which("docker-compose") is not None or process.attempt(["docker", "compose", "version"]).ok


def _refuse_a_foreign_engine() -> None:
    """Raise if the silent engine is not ours to start: named by the user, or alive but closed to us."""
    named = os.environ.get("DOCKER_HOST")
    if named:
        raise BedError(f"no engine answers at DOCKER_HOST={named}", hint="start that engine, or: unset DOCKER_HOST")
    if _SOCKET.exists() and not os.access(_SOCKET, os.W_OK):
        hint = "run as root, or: sudo usermod -aG docker $USER, and log in again"
        raise BedError(f"you may not use the engine's socket {_SOCKET}", hint=hint)
    context = process.attempt(["docker", "context", "show"]).out.strip()
    if context not in ("", "default"):
        raise BedError(f"no engine answers in the docker context {context}", hint="docker context use default")


def _install() -> None:
    # With fuse-overlayfs there, dockerd prefers it to vfs (a copy per layer) where it may not mount overlays. From
    # trixie on, the client is a package of its own that docker.io only recommends.
    names = ["docker.io", _FALLBACK_DRIVER]
    if apt.usable() and _known_after_update("docker-cli"):
        names.append("docker-cli")
    apt.install(names, why="the suite builds and runs images with it")
    if shutil.which("docker") is None:
        raise BedError("docker.io is installed, but there is no docker client on PATH", hint="add /usr/bin to PATH")


def _known_after_update(package: str) -> bool:
    apt.update()
    return apt.known(package)


def _bring_up() -> None:
    if shutil.which("dockerd") is None:
        _install()
    if _start_as_a_service() or _start_by_hand([]):
        return
    apt.require({_FALLBACK_DRIVER: _FALLBACK_DRIVER}, why="the engine's default storage driver does not start")
    log = _log()
    if not _start_by_hand(["--storage-driver", _FALLBACK_DRIVER]):
        tail = " / ".join(log.read_text(errors="replace").splitlines()[-3:])
        raise BedError(f"dockerd does not start: {tail}", hint=f"read {log}, start it by hand: dockerd")


def _start_as_a_service() -> bool:
    """Ask the init system, if there is one; return whether an engine answers then."""
    if Path("/run/systemd/system").is_dir():
        asked = process.attempt(["systemctl", "start", "docker"])
    elif Path("/etc/init.d/docker").exists():
        asked = process.attempt(["service", "docker", "start"])
    else:
        return False
    return asked.ok and docker.wait_until_it_answers(tries=_TRIES)


def _start_by_hand(options: list[str]) -> bool:
    """Start dockerd in the background; return whether it answers."""
    alive = process.start(["dockerd", *options], log=_log())
    return docker.wait_until_it_answers(tries=_TRIES, alive=alive)


def _log() -> Path:
    return Path(tempfile.gettempdir()) / "stow-bed-dockerd.log"
