"""A registry as a value, and the Docker configurations that log into it."""

from __future__ import annotations

import base64
import json
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_TRIES = 100


@dataclass(frozen=True, kw_only=True)
class Registry:
    """`host` is `address:port`, as it stands in a reference."""

    host: str
    user: str
    password: str

    def logged_in(self, directory: Path, user: str, password: str) -> Path:
        """Write a Docker configuration that holds credentials for this registry; returns its directory."""
        pair = base64.b64encode(f"{user}:{password}".encode()).decode()
        return _write(directory, {"auths": {self.host: {"auth": pair}}})

    def helped(self, directory: Path, helper: str) -> Path:
        """Write a Docker configuration that names a credential helper for this registry."""
        return _write(directory, {"credHelpers": {self.host: helper}})


def _write(directory: Path, config: dict[str, object]) -> Path:
    directory.mkdir(exist_ok=True)
    (directory / "config.json").write_text(json.dumps(config))
    return directory


def wait_for(registry: Registry) -> None:
    """Wait until the registry answers, with whatever status."""
    for _ in range(_TRIES):
        try:
            urllib.request.urlopen(f"http://{registry.host}/v2/", timeout=5).close()
        except urllib.error.HTTPError as refusal:
            refusal.close()
        except OSError:
            time.sleep(0.1)
            continue
        return
    raise TimeoutError(f"the registry {registry.host} does not answer")
