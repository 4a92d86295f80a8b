"""The image of a git server over ssh, which tests of private dependencies start."""

from __future__ import annotations

from pathlib import Path

from integration.bed import docker
from integration.bed.progress import step

IMAGE = f"stow-git:{docker.VERSION}"

_CONTEXT = Path(__file__).parent / "contexts" / "git"


def ensure() -> None:
    """Make the image be in the engine; needs `images`. BedError with the end of the build's output."""
    if docker.missing([IMAGE]):
        with step("git-server"):
            docker.build(_CONTEXT, dockerfile=_CONTEXT / "Dockerfile", tags=[IMAGE])
