"""The buildx plugin of the docker program: whether it is there, how it is to build, what to say without it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from cargo_stow.errors import ToolMissingError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cargo_stow.process import Runner

# Where packages put it; the user's own is below the configuration.
_PLACES = tuple(
    Path(top, "docker/cli-plugins") for top in ("/usr/local/lib", "/usr/local/libexec", "/usr/lib", "/usr/libexec")
)


def has_buildx(runner: Runner, environment: Mapping[str, str]) -> bool:
    """Ask the docker program, which knows."""
    return runner.capture(["docker", "buildx", "version"], env=environment).code == 0


def is_installed(environment: Mapping[str, str]) -> bool:
    """Say whether the plugin is where it mostly is, which takes a thousandth of the time of asking."""
    own = Path(environment.get("DOCKER_CONFIG") or Path(environment.get("HOME") or "/nonexistent", ".docker"))
    return any(os.access(place / "docker-buildx", os.X_OK) for place in (own / "cli-plugins", *_PLACES))


def make_missing_error(what: str, alternative: str) -> ToolMissingError:
    """Say that there is no plugin, `what` it does, and what helps besides installing it."""
    return ToolMissingError(
        f"the docker program has no buildx plugin, which {what}",
        hint="install it: `apt-get install docker-buildx` (Debian), `docker-buildx-plugin` (Docker's own packages),"
        f" or {alternative}",
    )


def build_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a build, in which nothing makes a digest or a file differ from one to the next."""
    return {
        **environment,
        "DOCKER_BUILDKIT": "1",
        # Attestations hold the time of the build, so that no digest would ever repeat (moby/moby 48391).
        "BUILDX_NO_DEFAULT_ATTESTATIONS": "1",
        # From buildx 0.14 on the metadata file has the values of build arguments, a proxy's password among them.
        "BUILDX_METADATA_PROVENANCE": "disabled",
    }
