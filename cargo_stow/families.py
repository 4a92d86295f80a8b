"""Which distribution a base image is, by its own os-release, and with that which package manager installs into it.

Pure: a backend looks into the image, this module reads what it found there. The image's name says nothing here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cargo_stow.errors import ImageNotFoundError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cargo_stow.model import PackageManager
    from cargo_stow.platforms import Platform
    from cargo_stow.reference import ImageRef

# Which managers a family may have, by the ID in its os-release, the preferred one first.
_RPM: tuple[PackageManager, ...] = ("dnf", "microdnf")
_FAMILIES: Mapping[str, tuple[PackageManager, ...]] = {
    "debian": ("apt",),
    "ubuntu": ("apt",),
    "alpine": ("apk",),
    "fedora": _RPM,
    "rhel": _RPM,
    "centos": _RPM,
}
_EXAMPLES: Mapping[PackageManager, str] = {"apt": "debian:bookworm-slim", "apk": "alpine:3", "dnf": "fedora:latest"}
PROGRAMS: Mapping[str, PackageManager] = {"apt-get": "apt", "apk": "apk", "dnf": "dnf", "microdnf": "microdnf"}
"""The program of each package manager."""

_LINE = re.compile(r"[ \t]*([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)
# A value in the quotes of a shell, in none, or in pieces of both. What a shell would expand is not a value here.
_PIECE = re.compile(r"""'([^']*)'|"((?:[^"\\$`]|\\.)*)"|((?:[^ \t"'\\$`;&|<>()~]|\\.)+)""", re.DOTALL)
_COMMENT = re.compile(r"[ \t]+#")
_HINT = (
    "the bases that packages can be installed into are Debian and Ubuntu (apt), Alpine (apk), Fedora, RHEL, UBI and"
    ' their like (dnf, microdnf), as base_image = "debian:bookworm-slim"'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseFacts:
    """What was found in a base image: the text of its os-release, None without one, and names of `PROGRAMS`.

    `architecture` is that of its programs, as a Platform calls it; None where none of them says it.
    """

    os_release: str | None
    programs: frozenset[str] = frozenset()
    architecture: str | None = None


def parse_os_release(text: str) -> dict[str, str]:
    """Return the variables of an os-release. A line that is no assignment of a plain value counts for nothing.

    Source: os-release(5), "a newline-separated list of environment-like shell-compatible variable assignments".
    """
    return dict(_assignments(text))


def _assignments(text: str) -> Iterator[tuple[str, str]]:
    for line in text.split("\n"):
        found = _LINE.fullmatch(line)
        value = None if found is None else _unquoted(found[2].rstrip(" \t\r"))
        if found is not None and value is not None:
            yield found[1], value


def _unquoted(text: str) -> str | None:
    """The word that a shell reads in a text; None if that is not exactly one word, or would be expanded."""
    value, position = "", 0
    while position < len(text):
        piece = _PIECE.match(text, position)
        if piece is None:
            return value if _COMMENT.match(text, position) else None
        literal, quoted, bare = piece.groups()
        if literal is not None:
            value += literal
        elif quoted is not None:
            value += re.sub(r'\\(["\\$`])', r"\1", quoted)
        else:
            value += re.sub(r"\\(.)", r"\1", bare)
        position = piece.end()
    return value


def check_architecture(facts: BaseFacts, base: ImageRef, platform: Platform) -> None:
    """Raise ImageNotFoundError for a base whose programs are another machine's.

    Where a name stands for one image and not for an index, BuildKit takes that for any platform, and the engine calls
    what comes of it by the platform that was asked for.
    """
    if facts.architecture not in {None, platform.architecture}:
        raise ImageNotFoundError(
            f"the base image {base} is for {facts.architecture}, and not for {platform}",
            hint=f"`docker buildx imagetools inspect {base}` lists what it is for; choose another base, or `platforms`",
        )


def find_package_manager(facts: BaseFacts, base: ImageRef) -> PackageManager:
    """Return the package manager of a base image.

    Raises UsageError for an image that does not say what it is, is of a family that nobody here knows, or has no
    package manager of its family.
    """
    if facts.os_release is None:
        raise UsageError(
            f"the base image {base} has no /etc/os-release, so it does not say which distribution it is", hint=_HINT
        )
    release = parse_os_release(facts.os_release)
    names = [name for name in (release.get("ID", ""), *release.get("ID_LIKE", "").split()) if name]
    managers = next((_FAMILIES[name] for name in names if name in _FAMILIES), None)
    title = release.get("PRETTY_NAME") or release.get("NAME") or "a distribution without a name"
    if managers is None:
        said = ", ".join(f"`{_shown(name)}`" for name in names) or "nothing"
        raise UsageError(
            f"the base image {base} is {_shown(title)!r}, of an unknown family: its /etc/os-release has"
            f" {said} as ID and ID_LIKE",
            hint=_HINT,
        )
    installed = {PROGRAMS[name] for name in facts.programs if name in PROGRAMS}
    manager = next((each for each in managers if each in installed), None)
    if manager is None:
        raise UsageError(
            f"the base image {base} is {_shown(title)!r}, but has no {_program_of(managers)}, which installs the C"
            " linker that Rust needs",
            hint=f'take an image that has it, as base_image = "{_EXAMPLES[managers[0]]}"; distroless and micro images'
            " leave it out",
        )
    return manager


def _program_of(managers: tuple[PackageManager, ...]) -> str:
    return " or ".join(program for program, manager in PROGRAMS.items() if manager in managers)


def _shown(text: str) -> str:
    """A word of an image's, as a message may hold it."""
    return "".join(each if each.isprintable() else "�" for each in text[:80])
