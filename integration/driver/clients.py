"""Docker clients that stand first on PATH: one of old, one without its plugin."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

LAST_OLD = 22

WITHOUT_PLUGIN = """\
#!/bin/sh
# A client of today with no buildx plugin.
printf '%s\\n' "$*" >>'{log}'
case $1 in
buildx) echo "docker: unknown command: docker buildx" >&2; exit 1 ;;
--version | -v) echo "Docker version 28.2.2, build e6534b4" ;;
*) exec '{docker}' "$@" ;;
esac
"""
OLD = """\
#!/bin/sh
# The client of Docker 20.10, whose plugin directories are empty.
printf '%s\\n' "$*" >>'{log}'
case $1 in
buildx) echo "docker: 'buildx' is not a docker command." >&2; exit 1 ;;
*) exec '{docker}' "$@" ;;
esac
"""


def find_old() -> str | None:
    """A docker client of this machine that carries BuildKit's side of a build itself."""
    for directory in os.environ["PATH"].split(":"):
        program = Path(directory, "docker")
        if os.access(program, os.X_OK):
            said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
            version = re.match(r"Docker version (\d+)\.", said)
            if version and int(version[1]) <= LAST_OLD:
                return str(program)
    return None
