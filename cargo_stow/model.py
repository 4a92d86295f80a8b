"""The frozen values that the other modules hand to each other. Knows no file, no process and no engine."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path, PurePosixPath

# As cargo has it, about: its own reader of TOML allows 80 levels.
_DEEPEST = 100


def is_too_deep(value: object) -> bool:
    """Say whether what was read has tables in tables in more levels than functions may call each other."""
    level = [value]
    for _ in range(_DEEPEST):
        tables = [each.values() if isinstance(each, dict) else each for each in level if isinstance(each, (dict, list))]
        level = [inner for table in tables for inner in table]
    return bool(level)


PackageManager = Literal["apt", "apk", "dnf", "microdnf"]
"""What installs packages in a base image."""

_EMPTY: Mapping[str, object] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Git:
    """What git says of a commit: its ID, the branch and the tag that are there, None where there is none.

    `is_dirty` says that files which are built differ from the commit; `remote` is the address of `origin`.
    """

    sha: str
    branch: str | None = None
    tag: str | None = None
    is_dirty: bool = False
    remote: str | None = None

    @property
    def revision(self) -> str:
        """The commit, marked where it is not what was built."""
        return f"{self.sha}-dirty" if self.is_dirty else self.sha


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
    `by_links` are the paths of those dependencies to which links lead. `requires` names the packages that the manifest
    depends on, of every kind, as Cargo.lock lists them.
    `root` is the directory of the workspace that a package outside of ours inherits from, None where there is none.
    `container` is the text of `[package.metadata.container]` as parsed, None where there is no such section.
    `description`, `license` and `repository` are as the manifest, or its workspace, says them.
    """

    name: str
    version: str
    directory: Path
    targets: tuple[Target, ...]
    needs: tuple[Path, ...] = ()
    knows: tuple[Path, ...] = ()
    by_links: tuple[Path, ...] = ()
    requires: tuple[str, ...] = ()
    default_run: str | None = None
    root: Path | None = None
    container: Mapping[str, object] | None = None
    description: str | None = None
    license: str | None = None
    repository: str | None = None

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
    any package may reach. `cargo_home` is the user's home of cargo, None where there is none. `container` holds the
    defaults of `[workspace.metadata.container]`. `selected` is the package that the given manifest itself describes,
    None for a virtual one.
    """

    root: Path
    target_directory: Path
    members: tuple[Package, ...]
    outside: tuple[Package, ...] = ()
    patches: tuple[Path, ...] = ()
    cargo_home: Path | None = None
    selected: str | None = None
    container: Mapping[str, object] = field(default_factory=lambda: _EMPTY)

    @property
    def lockfile(self) -> Path:
        return self.root / "Cargo.lock"

    def packages(self) -> Iterator[Package]:
        yield from self.members
        yield from self.outside

    @property
    def homonyms(self) -> frozenset[str]:
        """The names that several packages have: only their versions tell them apart in Cargo.lock."""
        names = sorted(package.name for package in self.packages())
        return frozenset(name for name, following in pairwise(names) if name == following)


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure:
    """What cargo must find on disk to build one package.

    `root` is the deepest directory that holds everything; `sources` are the packages that are compiled (the package
    itself first), `manifests` those of which cargo reads `Cargo.toml` only. `patched` are the directories of those
    sources that a crate of a registry may depend on. `roots` are the directories with the manifests that packages
    inherit from, the workspace's own among them. `files` are targets outside their packages and what sources
    include from elsewhere or links lead to, `linked` the directories that links lead to. `configuration` are cargo's
    configuration files and the files that these name, `vendored` the directories that they name, of vendored crates and
    others. All are as far as they lie below `root`. `target` is the platform that the configuration compiles for, None
    for the builder's own. `history` is the directory in which git keeps the repository's, where a build reads it.
    """

    root: Path
    sources: tuple[Package, ...]
    manifests: tuple[Package, ...]
    patched: frozenset[Path] = frozenset()
    roots: tuple[Path, ...] = ()
    files: tuple[Path, ...] = ()
    configuration: tuple[Path, ...] = ()
    vendored: tuple[Path, ...] = ()
    linked: tuple[Path, ...] = ()
    target: str | None = None
    history: Path | None = None
