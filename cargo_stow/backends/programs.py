"""What the files of a base image say of it: which distribution it is, and for which machine its programs are.

The files may be anything: none is followed that is a link, and of each no more than the beginning is read.
"""

from __future__ import annotations

import contextlib
import os
import stat
from typing import TYPE_CHECKING, Literal

from cargo_stow.families import PROGRAMS, BaseFacts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

# Of two with one name the last one wins, as os-release(5) has it. Where /usr is merged, /sbin leads there.
PATHS = (
    *("/usr/lib/os-release", "/etc/os-release"),
    *("/usr/bin/apt-get", "/sbin/apk", "/usr/bin/dnf", "/usr/bin/microdnf"),
)
"""Where the files are in an image that say it."""

_MACHINE, _BIG_ENDIAN = slice(18, 20), 2
_ARCHITECTURES = {3: "386", 21: "ppc64le", 22: "s390x", 40: "arm", 62: "amd64", 183: "arm64", 243: "riscv64"}
# An os-release is a few lines.
_LONGEST = 64 * 1024


def read_facts(find: Callable[[str], Iterable[Path]]) -> BaseFacts:
    """Read what an image is; `find` gives the places where the file of one name may be, the best one last."""
    heads = {name: _last(find(name)) for name in ("os-release", *PROGRAMS)}
    release = heads.pop("os-release")
    found = [head for head in heads.values() if head is not None]
    return BaseFacts(
        os_release=None if release is None else release.decode("utf-8", errors="replace"),
        programs=frozenset(name for name, head in heads.items() if head is not None),
        architecture=next(filter(None, map(_architecture, found)), None),
    )


def _last(paths: Iterable[Path]) -> bytes | None:
    heads = [head for head in map(_head, paths) if head is not None]
    return heads[-1] if heads else None


def _architecture(head: bytes) -> str | None:
    """For which machine an executable is. Source: the System V ABI, "ELF Header": e_ident and e_machine."""
    if head[:4] != b"\x7fELF" or len(head) < _MACHINE.stop:
        return None
    order: Literal["big", "little"] = "big" if head[5] == _BIG_ENDIAN else "little"
    return _ARCHITECTURES.get(int.from_bytes(head[_MACHINE], order))


def _is_file(path: Path) -> bool:
    with contextlib.suppress(OSError):
        return stat.S_ISREG(path.lstat().st_mode)
    return False


def _head(path: Path) -> bytes | None:
    """The beginning of a regular file, None where there is none."""
    if not _is_file(path):
        return None
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    with os.fdopen(descriptor, "rb") as file:
        return file.read(_LONGEST)
