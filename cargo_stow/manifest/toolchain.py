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
_LEGACY, _TOML = "rust-toolchain", "rust-toolchain.toml"
_EXPECTED = "stable, beta, nightly (these with -YYYY-MM-DD or not) or a version, as 1.85.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolchainFile:
    """What a toolchain file says. `channel` is as written, with its date and host; None where only components stand."""

    file: Path
    channel: str | None


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
    return ToolchainFile(file=file, channel=_from_table(Table(file, parse_toml(text, file))))


def _from_table(table: Table) -> str | None:
    toolchain = table.table("toolchain")
    if toolchain is None or not toolchain.values:
        raise UsageError(f"{table.file} has no [toolchain] section, or an empty one", hint=_hint(table.file))
    if "path" in toolchain:
        raise UsageError(
            f"`toolchain.path` in {table.file} is a directory of this machine ({toolchain.text('path')!r}), "
            "which no image can have",
            hint='set `toolchain = "..."` in [package.metadata.container] to the channel to build with',
        )
    channel = toolchain.text("channel")
    return _checked(channel, table.file) if channel is not None else None


def _checked(channel: str, file: Path) -> str:
    if not is_channel(channel):
        raise UsageError(f"{channel!r} in {file} is not a toolchain channel, expected {_EXPECTED}", hint=_hint(file))
    return channel


def _hint(file: Path) -> str:
    return f'correct {file}, as `[toolchain] channel = "stable"`'
