"""Docker's buildx plugin: from the machine's own suites, else Debian trixie's, whose one binary runs on older ones."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from integration.bed import apt, process, scratch
from integration.bed.failure import BedError
from integration.bed.progress import step

_PACKAGE = "docker-buildx"
_SUITE = "trixie"  # the first Debian with the package
_SYSTEM_PLUGINS = Path("/usr/libexec/docker/cli-plugins")


def ensure() -> None:
    """Make `docker buildx` work; BedError with what to install where that cannot be."""
    with step("buildx"):
        if _works():
            return
        if apt.usable() and apt.known(_PACKAGE):
            apt.install([_PACKAGE], why="the docker backend builds with it")
        else:
            _borrow()
        if not _works():
            raise BedError("docker buildx does not work although the plugin is there", hint="docker buildx version")


def plugin_directory() -> Path:
    """Return where the plugin goes: the system's directory for root, else the user's."""
    if os.geteuid() == 0:
        return _SYSTEM_PLUGINS
    return Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker") / "cli-plugins"


def _works() -> bool:
    return process.attempt(["docker", "buildx", "version"]).ok


def _borrow() -> None:
    """Take the binary out of trixie's package, leaving the machine's package database alone."""
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise BedError("docker has no buildx plugin", hint="install Docker's buildx plugin (docker-buildx-plugin)")
    with scratch.directory() as root:
        package = apt.download(_PACKAGE, suite=_SUITE, into=root)
        tree = root / "tree"
        process.run(["dpkg-deb", "--extract", str(package), str(tree)], doing=f"unpacking {package.name}")
        _place(tree / _SYSTEM_PLUGINS.relative_to("/") / _PACKAGE, plugin_directory() / _PACKAGE)


def _place(source: Path, target: Path) -> None:
    """Put the file there by rename, so that a docker started meanwhile never sees half a plugin."""
    target.parent.mkdir(parents=True, exist_ok=True)
    half = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        shutil.copyfile(source, half)
        half.chmod(0o755)
        half.replace(target)
    finally:
        half.unlink(missing_ok=True)
