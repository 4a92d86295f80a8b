"""What an image runs on. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

# What a kernel calls a machine, in the words of the OCI image index. "arm" alone is v7, as containerd reads it.
_ARCHITECTURES = {
    "x86_64": ("amd64", ""),
    "aarch64": ("arm64", ""),
    "arm": ("arm", "v7"),
    "armv7l": ("arm", "v7"),
    "armv6l": ("arm", "v6"),
    "i386": ("386", ""),
    "i686": ("386", ""),
}
_PLATFORM = re.compile(r"[a-z0-9]+/[a-z0-9]+(?:/[a-z0-9.]+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """What an image runs on, in the words of the OCI image index: `os/architecture[/variant]`."""

    os: str
    architecture: str
    variant: str = ""

    def __str__(self) -> str:
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)

    @property
    def name(self) -> str:
        """What tells it from the others of an image, in tags and names of files: `amd64`, `arm-v7`."""
        return "-".join(filter(None, (self.architecture, self.variant)))


def make_machine_platform(os: str, machine: str) -> Platform:
    """Name the platform of a machine, called as a kernel or an engine calls it."""
    architecture, variant = _ARCHITECTURES.get(machine, (machine, ""))
    return Platform(os=os, architecture=architecture, variant=variant)


def parse_platform(text: str) -> Platform:
    """Read `linux/amd64` or `linux/arm/v7`. Raises ValueError for anything else."""
    if not _PLATFORM.fullmatch(text):
        raise ValueError("expected os/architecture[/variant], as linux/amd64")
    os, architecture, *variant = text.split("/")
    return Platform(os=os, architecture=architecture, variant="".join(variant))
