"""The toolchain file of a crate, `rust-toolchain.toml` or `rust-toolchain`: which Rust it wants to be built with.

Owns the search and the grammar of channels; installs nothing and asks no rustup. Source: The rustup book,
"Overrides", "The toolchain file".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cargo_stow.errors import UsageError
from cargo_stow.manifest.paths import is_file, normalized
from cargo_stow.manifest.toml import Table, parse_toml, read_text

if TYPE_CHECKING:
    from pathlib import Path

_DATE = r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_VERSION = r"[0-9]{1,4}\.[0-9]{1,4}(?:\.[0-9]{1,4})?(?:-beta(?:\.[0-9]{1,4})?)?"
_HOST = r"[a-z][a-z0-9_]*(?:[-.][a-z0-9_]+){1,4}"
_CHANNEL = re.compile(rf"(?P<release>stable|beta|nightly|{_VERSION})(?:-(?P<date>{_DATE}))?(?:-(?P<host>{_HOST}))?")
# Components and targets: letters, digits, hyphens, underscores, and the dots of `thumbv8m.main-none-eabi`.
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
# Developers' tools, all that a profile adds to `minimal`: what a build needs beside it stands among the components.
_PROFILES = ("minimal", "default", "complete")
_LEGACY, _TOML = "rust-toolchain", "rust-toolchain.toml"
_EXPECTED = "stable, beta, nightly (these with -YYYY-MM-DD or not) or a version, as 1.85.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolchainFile:
    """What a toolchain file says. `channel` is as written, with its date and host; None where only components stand.

    `components` and `targets` are what it wants beside that, in rustup's names.
    """

    file: Path
    channel: str | None
    components: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()


def load_toolchain(start: Path, root: Path | None = None) -> ToolchainFile | None:
    """Read the nearest toolchain file of a directory or its parents, as rustup does; `root` ends the search.

    Raises UsageError for a file that says nothing usable, among them a `path`: it names a directory of this machine.
    """
    start = normalized(start)
    for directory in (start, *start.parents):
        for name in (_LEGACY, _TOML):
            if is_file(directory / name):
                return _read(directory / name)
        if root is not None and directory == normalized(root):
            break
    return None


def is_channel(text: str) -> bool:
    """Say whether a text is a channel in rustup's grammar (custom toolchain names are not: no image has them)."""
    return _CHANNEL.fullmatch(text) is not None


def _read(file: Path) -> ToolchainFile:
    text = read_text(file)
    if file.name == _LEGACY and len(text.splitlines()) == 1:
        return ToolchainFile(file=file, channel=_checked(text.strip(), file))
    return _from_table(Table(file, parse_toml(text, file)))


def _from_table(table: Table) -> ToolchainFile:
    toolchain = table.table("toolchain")
    if toolchain is None or not toolchain.values:
        raise UsageError(f"{table.file} has no [toolchain] section, or an empty one", hint=_hint(table.file))
    if "path" in toolchain:
        raise UsageError(
            f"`toolchain.path` in {table.file} is a directory of this machine ({toolchain.text('path')!r}), "
            "which no image can have",
            hint='set `toolchain = "..."` in [package.metadata.container] to the channel to build with',
        )
    channel, profile = toolchain.text("channel"), toolchain.text("profile")
    if profile not in {None, *_PROFILES}:
        raise UsageError(
            f"`toolchain.profile` in {table.file} is {profile!r}, expected one of {', '.join(_PROFILES)}",
            hint=_hint(table.file),
        )
    return ToolchainFile(
        file=table.file,
        channel=_checked(channel, table.file) if channel is not None else None,
        components=_names(toolchain, "components"),
        targets=_names(toolchain, "targets"),
    )


def _names(toolchain: Table, key: str) -> tuple[str, ...]:
    names = toolchain.texts(key) or ()
    odd = next((name for name in names if not _NAME.fullmatch(name)), None)
    if odd is not None:
        raise UsageError(
            f"{odd!r} in `toolchain.{key}` of {toolchain.file} is no name of rustup's",
            hint=f"correct `toolchain.{key}` in {toolchain.file}: `rustup component list` and `rustup target list`",
        )
    return names


def _checked(channel: str, file: Path) -> str:
    if not is_channel(channel):
        raise UsageError(f"{channel!r} in {file} is not a toolchain channel, expected {_EXPECTED}", hint=_hint(file))
    return channel


def _hint(file: Path) -> str:
    return f'correct {file}, as `[toolchain] channel = "stable"`'
