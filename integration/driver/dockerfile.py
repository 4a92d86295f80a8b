"""How people build a committed Dockerfile, who do not have cargo-stow."""

from __future__ import annotations

import os
import re
import shlex


def ca_secret() -> list[str]:
    """What a machine whose network has a certificate authority of its own must hand in."""
    bundle = os.environ.get("SSL_CERT_FILE")
    return ["--secret", f"id=cargo-stow-ca,src={bundle}"] if bundle else []


def shown_command(dockerfile: str) -> list[str]:
    """The command in the head of a Dockerfile."""
    found = re.search(r"^# Builds without cargo-stow too.*: (docker build .*)$", dockerfile, re.MULTILINE)
    assert found, dockerfile[:500]
    return shlex.split(found[1])
