"""Where cargo and rustc come from: the grammar of the key `toolchain`, and what a crate's toolchain file adds to it.

Which image that means depends on the base: see `cargo_stow.toolchain`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from cargo_stow.reference import ImageRef, parse_reference

if TYPE_CHECKING:
    from cargo_stow.manifest import ToolchainFile

# The toolchain used where neither the key `toolchain` nor the crate's toolchain file names one. Moved by a release.
DEFAULT_CHANNEL = "1.95"
# No `\d` anywhere: in a Python pattern it is any digit of Unicode.
CHANNEL = re.compile(r"stable|beta|nightly(?:-[0-9]{4}-[0-9]{2}-[0-9]{2})?|[0-9]+\.[0-9]+(?:\.[0-9]+)?")
# What a channel of a toolchain file has before its host triple, which the image's platform says.
_WITHOUT_HOST = re.compile(r"(?:stable|beta|nightly|[0-9.]+)(?:-beta(?:\.[0-9]+)?)?(?:-[0-9]{4}-[0-9]{2}-[0-9]{2})?")
# Images are published of releases, and of the nightly of each day.
_PUBLISHED = re.compile(r"stable|nightly|[0-9.]+")
_PACKAGES = ("apt", "apk", "dnf")
SOURCES = ("base", "rustup", *_PACKAGES)
# What an image has, and what only those need who write the code. (`build-std`, which reads rust-src, is nightly's.)
_UNNEEDED = frozenset(
    {
        *("cargo", "rustc", "rust-std"),
        *("clippy", "clippy-preview", "miri", "miri-preview", "rls", "rls-preview", "rust-analysis", "rust-analyzer"),
        *("rust-analyzer-preview", "rust-docs", "rust-docs-json", "rustfmt", "rustfmt-preview"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Toolchain:
    """A choice, checked. `text` is what was written.

    source "channel" is an official image of that channel, and "image" the image `text`; "base" are the base's own
    programs; "packages" those of its distribution, by the manager `text`; "rustup" is what rustup installs of
    `channel`, with `components` and `targets`.
    """

    source: Literal["channel", "image", "base", "packages", "rustup"]
    text: str
    channel: str = ""
    components: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.text


def parse_toolchain(value: str) -> str:
    """Check the key's value: a channel, a word for another source, or an image. Raises ValueError."""
    if CHANNEL.fullmatch(value) or value in SOURCES:
        return value
    try:
        named = parse_reference(value)
    except ValueError:
        named = ImageRef(name=value)
    if named.tag or named.digest:
        return value
    raise ValueError(
        "expected a channel, as `1.90` or `stable`, an image with a tag, as `registry/rust:1.90`,"
        " or one of `base`, `apt`, `apk`, `dnf`, `rustup`"
    )


def choose_toolchain(wanted: str | None, file: ToolchainFile | None) -> Toolchain:
    """Return the toolchain for the value of the key, None where nobody gave one, and for the crate's toolchain file.

    As with every key, what was asked for goes before what stands in a file of its own; as with `cargo +1.90`, nothing
    of that file counts then. `rustup` alone leaves it to the file what to install.
    """
    if wanted is None and file is not None:
        return _from_file(file)
    if wanted == "rustup":
        return _of_rustup("rustup", file)
    return _from_text(wanted or DEFAULT_CHANNEL)


def _from_text(text: str) -> Toolchain:
    if text == "base":
        return Toolchain(source="base", text=text)
    if text in _PACKAGES:
        return Toolchain(source="packages", text=text)
    if _PUBLISHED.fullmatch(text):
        return Toolchain(source="channel", text=text, channel=text)
    if CHANNEL.fullmatch(text):
        return Toolchain(source="rustup", text=text, channel=text)
    return Toolchain(source="image", text=text)


def _from_file(file: ToolchainFile) -> Toolchain:
    """An image where one is published that has all the file wants; else rustup."""
    found = _of_rustup(file.channel or DEFAULT_CHANNEL, file)
    if found.components or found.targets or not _PUBLISHED.fullmatch(found.channel):
        return found
    return Toolchain(source="channel", text=found.text, channel=found.channel)


def _of_rustup(text: str, file: ToolchainFile | None) -> Toolchain:
    channel = _without_host(file.channel) if file and file.channel else DEFAULT_CHANNEL
    return Toolchain(
        source="rustup",
        text=text,
        channel=channel,
        components=_needed(file.components, channel) if file else (),
        targets=tuple(sorted(set(file.targets))) if file else (),
    )


def _without_host(channel: str) -> str:
    found = _WITHOUT_HOST.match(channel)
    return found[0] if found else channel


def _needed(components: tuple[str, ...], channel: str) -> tuple[str, ...]:
    unneeded = _UNNEEDED if channel.startswith("nightly") else {*_UNNEEDED, "rust-src"}
    return tuple(sorted(set(components) - unneeded))
