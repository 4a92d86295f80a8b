"""What is in a base image, found by BuildKit: nothing is pulled twice, no container runs, no program of the image.

A few files are copied out of the image. Symbolic links are followed inside of it, by BuildKit; of what comes out none
is followed here, for a layer may hold anything.
"""

from __future__ import annotations

import contextlib
import os
import stat
from typing import TYPE_CHECKING, Literal

from cargo_stow.backends import buildx
from cargo_stow.errors import BuildError
from cargo_stow.families import PROGRAMS, BaseFacts
from cargo_stow.files import temporary_directory

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cargo_stow.lock import Pin
    from cargo_stow.process import Runner

_FOUND = "found"
# Of two with one name the last one wins, as os-release(5) has it. Where /usr is merged, /sbin leads there.
_PATHS = (
    *("/usr/lib/os-release", "/etc/os-release"),
    *("/usr/bin/apt-get", "/sbin/apk", "/usr/bin/dnf", "/usr/bin/microdnf"),
)
_MACHINE, _BIG_ENDIAN = slice(18, 20), 2
_ARCHITECTURES = {3: "386", 21: "ppc64le", 22: "s390x", 40: "arm", 62: "amd64", 183: "arm64", 243: "riscv64"}
# An os-release is a few lines.
_LONGEST = 64 * 1024


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
        return _read(target / _FOUND)


def _dockerfile(pin: Pin) -> str:
    """Copy by patterns, which may match nothing: what an image does not have is an answer, and no failure.

    The image is nobody's parent here: what it has for those that stem from it (ONBUILD) would be run.

    One by one: of many sources in one instruction, BuildKit of Docker 20.10 looks at all at once, and may give up with
    "flightcontrol: exceeded retry timeout" (moby/buildkit 1822).
    """
    copies = (f"COPY --from={pin.source} {path[:-1]}[{path[-1]}] /{_FOUND}/\n" for path in _PATHS)
    return f"FROM scratch\n{''.join(copies)}"


def _read(directory: Path) -> BaseFacts:
    release = _head(directory / "os-release")
    programs = {name: _head(directory / name) for name in PROGRAMS}
    found = [head for head in programs.values() if head is not None]
    return BaseFacts(
        os_release=None if release is None else release.decode("utf-8", errors="replace"),
        programs=frozenset(name for name, head in programs.items() if head is not None),
        architecture=next(filter(None, map(_architecture, found)), None),
    )


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
