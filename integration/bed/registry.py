"""The image of the test registry, which pytest-docker starts from integration/docker-compose.yml."""

from __future__ import annotations

from pathlib import Path

from integration.bed import docker
from integration.bed.progress import step

IMAGE = f"stow-registry:{docker.VERSION}"
"""The image's name, as the compose file says it too."""

USER = "stow"
"""The only user of the service `registry-auth`; the hash of the password is in contexts/registry/htpasswd."""

PASSWORD = "stow-test"
"""The password of USER: no secret, the registry lives on loopback for the length of a test run."""

_CONTEXT = Path(__file__).parent / "contexts" / "registry"


def ensure() -> None:
    """Make the registry's image be in the engine; needs `images`. BedError with the end of the build's output."""
    with step("registry"):
        if docker.missing([IMAGE]):
            docker.build(_CONTEXT, dockerfile=_CONTEXT / "Dockerfile", tags=[IMAGE])
