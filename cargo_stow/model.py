"""The frozen values that the other modules hand to each other. Knows no file, no process and no engine."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path, PurePosixPath

_EMPTY: Mapping[str, object] = MappingProxyType({})
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One compilation target of a package. `path` is relative to the package's directory."""

    name: str
    kind: str  # "bin", "lib", "custom-build", "example", "test" or "bench"; a proc-macro is a "lib"
    path: PurePosixPath


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """One Cargo package on this disk. All directories are absolute and resolved.

    `needs` are the directories of the path dependencies that a build compiles (normal and build dependencies, of any
    platform, optional ones too); `knows` those whose manifest cargo reads but never compiles (dev-dependencies).
    `requires` names the packages that the manifest depends on, of every kind, as Cargo.lock lists them.
    `container` is the text of `[package.metadata.container]` as parsed, None where there is no such section.
    """

    name: str
    version: str
    directory: Path
    targets: tuple[Target, ...]
    needs: tuple[Path, ...] = ()
    knows: tuple[Path, ...] = ()
    requires: tuple[str, ...] = ()
    default_run: str | None = None
    container: Mapping[str, object] | None = None

    @property
    def manifest(self) -> Path:
        return self.directory / "Cargo.toml"

    @property
    def bins(self) -> tuple[str, ...]:
        """The names of the executables, sorted. Cargo lets a name be nearly anything: none is safe as it is."""
        return tuple(target.name for target in self.targets if target.kind == "bin")


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """A Cargo workspace: the member packages, and the path crates outside it that they reach.

    `root` holds the root manifest and `Cargo.lock`; `patches` are the directories of `[patch]`ed path crates, which
    any package may reach. `container` holds the defaults of `[workspace.metadata.container]`. `selected` is the
    package that the given manifest itself describes, None for a virtual one.
    """

    root: Path
    target_directory: Path
    members: tuple[Package, ...]
    outside: tuple[Package, ...] = ()
    patches: tuple[Path, ...] = ()
    selected: str | None = None
    container: Mapping[str, object] = field(default_factory=lambda: _EMPTY)

    @property
    def lockfile(self) -> Path:
        return self.root / "Cargo.lock"

    def packages(self) -> Iterator[Package]:
        yield from self.members
        yield from self.outside


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure:
    """What cargo must find on disk to build one package.

    `root` is the deepest directory that holds everything; `sources` are the packages that are compiled (the package
    itself first), `manifests` those of which cargo reads `Cargo.toml` only. `files` are cargo's configuration files
    and targets outside their packages, `vendored` the directories of vendored crates, as far as they lie below `root`.
    `target` is the platform that the configuration compiles for, None for the builder's own.
    """

    root: Path
    sources: tuple[Package, ...]
    manifests: tuple[Package, ...]
    files: tuple[Path, ...] = ()
    vendored: tuple[Path, ...] = ()
    target: str | None = None
