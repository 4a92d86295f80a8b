"""An engine as a value: how a subprocess reaches it, and the few questions that tests have for it."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from typing import Any

# What would make a test depend on who runs it.
_FOREIGN = ("CARGO_STOW_", "PYTEST_", "DOCKER_CONTEXT", "BUILDX_BUILDER", "DOIT_")
_FOREIGN_NAMES = ("CI", "NO_COLOR", "DOCKER_HOST", "DOCKER_BUILDKIT", "COLUMNS")


@dataclass(frozen=True, kw_only=True)
class Engine:
    """`host` is its DOCKER_HOST, None for the client's default; `address` is where the ports it publishes are."""

    name: str
    host: str | None
    address: str

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a process that is to use this engine."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(_FOREIGN) and k not in _FOREIGN_NAMES}
        return kept | ({"DOCKER_HOST": self.host} if self.host else {})

    def try_docker(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the docker client to its end, whatever the end is."""
        return subprocess.run(
            ["docker", *words],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def docker(self, *words: str) -> str:
        """Run the docker client and return its stdout; it must succeed."""
        done = self.try_docker(*words)
        assert done.returncode == 0, f"docker {' '.join(words)}: {done.stderr[-2000:]}"
        return done.stdout.strip()

    def inspect(self, name: str) -> dict[str, Any]:
        """Describe an image or a container."""
        described: dict[str, Any] = json.loads(self.docker("inspect", name))[0]
        return described

    def image_id(self, name: str) -> str | None:
        """Return the ID of the image that has a name now; None where there is none."""
        done = self.try_docker("image", "inspect", "--format", "{{.Id}}", name)
        return done.stdout.strip() if done.returncode == 0 else None

    def layers(self, name: str) -> list[str]:
        found: list[str] = self.inspect(name)["RootFS"]["Layers"]
        return found

    def shell(self, image: str, script: str) -> str:
        """Run a shell script as root in a container of an image, and return its stdout."""
        return self.docker("run", "--rm", "--user", "0", "--network", "none", "--entrypoint", "sh", image, "-c", script)

    def published(self, container: str, port: int) -> str:
        """Where a published port of a container is reached from this machine, as `address:port`."""
        outside = self.docker("port", container, str(port)).splitlines()[0].rpartition(":")[2]
        return f"{self.address}:{outside}"

    def containers_of(self, images: set[str]) -> list[str]:
        """The containers, stopped ones included, that were made from one of these image IDs."""
        every = self.docker("ps", "--all", "--quiet", "--no-trunc").split()
        # One may go meanwhile; those that are left are described all the same.
        described = json.loads(self.try_docker("inspect", *every).stdout or "[]") if every else []
        return [one["Id"] for one in described if one["Image"] in images]

    def temporary_names(self, identity: str) -> list[str]:
        """The names that runs gave an image: the machine may have those of somebody else's images."""
        names = self.docker("images", "--format", "{{.Repository}}:{{.Tag}}", "cargo-stow-run").split()
        return [name for name in names if self.image_id(name) == identity]

    def age(self, identity: str) -> None:
        """Make the temporary name that a detached run keeps so old that the next run sweeps it."""
        (kept,) = self.temporary_names(identity)
        self.docker("tag", kept, f"cargo-stow-run:1.{'0' * 32}")
        self.docker("rmi", kept)

    def remove_image(self, identity: str) -> None:
        """Remove an image that nothing names any more; one that has a name, or is in use, stays."""
        done = self.try_docker("image", "inspect", "--format", "{{json .RepoTags}}", identity)
        if done.returncode == 0 and not json.loads(done.stdout):
            self.try_docker("rmi", identity)
