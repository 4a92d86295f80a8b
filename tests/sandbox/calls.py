"""Functions that tests have called in another process."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from cargo_stow.errors import BuildError
from cargo_stow.oci.blobs import Blobs
from cargo_stow.oci.pack import pack_layer
from cargo_stow.process import SystemRunner
from cargo_stow.sandbox.overlay import Mounts

if TYPE_CHECKING:
    from cargo_stow.oci.pack import Packed


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


# A file that may use raw sockets: version 2 of vfs_cap_data of linux/capability.h.
RAW = bytes.fromhex("0100000200200000000000000000000000000000")[:20]


def change_and_pack(directory: Path) -> Packed | None:
    """Change an overlay in all the ways that a layer tells of; returns the layer."""
    lower = directory / "lower"
    for name in ("gone", "again", "kept"):
        (lower / name).mkdir(parents=True)
        (lower / name / "file").write_text(name)
    (lower / "single").touch()
    with Mounts(SystemRunner(), directory, is_confined=is_confined()).scope() as mounts:
        root = mounts.overlay([lower], directory / "root", directory / "upper")
        _change(root)
        mounts.close()
    return pack_layer(directory / "upper", lower, Blobs(directory / "blobs"), mtime=1)


def is_confined() -> bool:
    return not Path("/proc/self/uid_map").read_text(encoding="ascii").rstrip().endswith("4294967295")


def _change(root: Path) -> None:
    for path in (root / "gone/file", root / "again/file", root / "single"):
        path.unlink()
    (root / "gone").rmdir()
    (root / "again").rmdir()
    (root / "again").mkdir()
    (root / "kept/new").write_text("new")
    os.chown(root / "kept/new", 65532, 42)
    (root / "ping").touch()
    os.setxattr(root / "ping", "security.capability", RAW)
    os.setxattr(root / "ping", "user.mine", b"1")
