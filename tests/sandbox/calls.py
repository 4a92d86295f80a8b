"""Functions that tests have called in another process."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from cargo_stow.errors import BuildError


def fail(message: str) -> int:
    raise BuildError(message, hint="the hint", detail="the detail")


def lack(path: str) -> str:
    return Path(path).read_text(encoding="utf-8")


def crash() -> None:
    raise KeyError("no error that is expected")


def speak(text: str) -> str:
    """Print as programs do, with and without Python."""
    print(text, flush=True)
    subprocess.run(["echo", text], check=True)
    return text.upper()


def say(text: str) -> int:
    speak(text)
    return 3


def facts() -> tuple[int, int, str, list[str]]:
    umask = os.umask(0o077)
    return os.getpid(), umask, os.readlink("/proc/self/ns/mnt"), sys.argv[:1]  # noqa: PTH115 - no path


def start_and_stay(file: Path) -> None:
    """Start a child that touches a file again and again, and do not end."""
    subprocess.Popen(["sh", "-c", f"while :; do date +%s%N > {file}; sleep 0.01; done"])
    time.sleep(600)
