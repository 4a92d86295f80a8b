"""What a crate needs of the system, as a value. The crates themselves are in `catalog.py`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cargo_stow.propose.bases import System


@dataclass(frozen=True, slots=True, kw_only=True)
class Native:
    """One crate, written for a table that is read across.

    `apt`, `apk` and `dnf` are names of packages, `for the build > at run time`. `before|after` is a name before Debian
    13 and from then on. `tools` are keys of `TOOLS`, needed whether it links to the system's library or compiles its
    own; `bundles_with` is the package that Cargo.lock lists for the crate where it compiles its own, `bundled` the
    tools for that alone. Where one of the packages `unless` is compiled too, nothing is needed.
    """

    apt: str = ""
    apk: str = ""
    dnf: str = ""
    tools: str = ""
    bundles_with: str = ""
    bundled: str = ""
    unless: str = ""

    def is_known_for(self, system: System) -> bool:
        """Say whether the library's packages are known for a package manager; one that needs none is."""
        return bool(getattr(self, system.manager)) or not self.apt

    def build(self, system: System) -> Iterator[str]:
        yield from _words(self._packages(system)[0], system)

    def runtime(self, system: System) -> Iterator[str]:
        yield from _words(self._packages(system)[1], system)

    def _packages(self, system: System) -> tuple[str, str]:
        build, _, runtime = getattr(self, system.manager).partition(">")
        return build, runtime


# Programs that builds start: for the build, and what their products need at run time, by package manager.
TOOLS: Mapping[str, Native] = {
    "autotools": Native(
        apt="autoconf automake libtool make", apk="autoconf automake libtool make", dnf="autoconf automake libtool make"
    ),
    # Debian's cmake only recommends a make, and recommended packages are not installed.
    "cmake": Native(apt="cmake make", apk="cmake make", dnf="cmake make"),
    # Where apt is, its C++ library is.
    "c++": Native(apt="g++", apk="g++ > libstdc++", dnf="gcc-c++ > libstdc++"),
    "libclang": Native(apt="libclang-dev", apk="clang-dev", dnf="clang-devel"),
    "make": Native(apt="make", apk="make", dnf="make"),
    "nasm": Native(apt="nasm", apk="nasm", dnf="nasm"),
    "perl": Native(apt="perl", apk="perl", dnf="perl"),
    "pkg-config": Native(apt="pkg-config", apk="pkgconf", dnf="pkgconf-pkg-config"),
    "protoc": Native(apt="protobuf-compiler", apk="protoc protobuf-dev", dnf="protobuf-compiler protobuf-devel"),
}


def _words(text: str, system: System) -> Iterator[str]:
    for word in text.split():
        before, _, after = word.partition("|")
        yield before if system.is_older or not after else after
