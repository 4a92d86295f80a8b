"""What is in a base image, found by BuildKit: nothing is pulled twice, no container runs, no program of the image.

A few files are copied out of the image. Symbolic links are followed inside of it, by BuildKit; of what comes out none
is followed here, for a layer may hold anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cargo_stow.backends import buildx
from cargo_stow.backends.programs import PATHS, read_facts
from cargo_stow.errors import BuildError
from cargo_stow.files import temporary_directory

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cargo_stow.families import BaseFacts
    from cargo_stow.lock import Pin
    from cargo_stow.process import Runner

_FOUND = "found"


def inspect_base(pin: Pin, directory: Path, runner: Runner, environment: Mapping[str, str]) -> BaseFacts:
    """Look into the image of a pin. Raises BuildError, with what docker said, and FileError."""
    # Below the project's own directory: a docker client in a sandbox may see no other.
    with temporary_directory(directory) as scratch:
        dockerfile, target = scratch / "context" / "Dockerfile", scratch / "base"
        dockerfile.parent.mkdir()
        dockerfile.write_text(_dockerfile(pin), encoding="utf-8")
        result = buildx.export(dockerfile, target, pin.platform, runner, environment)
        if result.code != 0:
            raise BuildError(
                f"cannot look into the base image {pin.source} for its distribution",
                hint=f"`docker pull {pin.source}` shows whether it can be had",
                detail=result.stderr,
            )
        return read_facts(lambda name: [target / _FOUND / name])


def _dockerfile(pin: Pin) -> str:
    """Copy by patterns, which may match nothing: what an image does not have is an answer, and no failure.

    The image is nobody's parent here: what it has for those that stem from it (ONBUILD) would be run.

    One by one: of many sources in one instruction, BuildKit of Docker 20.10 looks at all at once, and may give up with
    "flightcontrol: exceeded retry timeout" (moby/buildkit 1822).
    """
    copies = (f"COPY --from={pin.source} {path[:-1]}[{path[-1]}] /{_FOUND}/\n" for path in PATHS)
    return f"FROM scratch\n{''.join(copies)}"
