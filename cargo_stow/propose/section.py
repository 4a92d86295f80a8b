"""A proposal as TOML, and its place in a manifest: at its end, so that every byte that was there stays where it was."""

from __future__ import annotations

import itertools
import textwrap
from typing import TYPE_CHECKING

import tomlkit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cargo_stow.propose.proposal import Line, Proposal

NAME = "package.metadata.container"
_WIDTH = 100
# Of lines that may name the section. Each is asked of by reading all that is before it.
_MOST_ASKED = 200


def add_section(manifest: str, proposal: Proposal) -> str:
    """Return the text of a manifest with the section after it, in the manifest's own line endings."""
    newline = "\r\n" if manifest.partition("\n")[0].endswith("\r") else "\n"
    document = tomlkit.document()
    for line in proposal.lines:
        for comment in textwrap.wrap(_printable(line.reason), _WIDTH, break_long_words=False, break_on_hyphens=False):
            document.add(tomlkit.comment(comment))
        _add(document, line)
    end = "" if manifest.endswith("\n") else "\n"
    text = f"{end}\n[{NAME}]\n{tomlkit.dumps(document)}"
    return manifest + text.replace("\n", newline)


def _printable(text: str) -> str:
    """Spell out what a comment cannot hold: names of executables are names of files."""
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)


def _add(document: tomlkit.TOMLDocument, line: Line) -> None:
    value = tomlkit.item(list(line.value) if isinstance(line.value, tuple) else line.value)
    if line.is_hint:
        document.add(tomlkit.comment(f"{line.key} = {value.as_string()}"))
    else:
        document.add(line.key, value)


def find_section(manifest: str, has_section: Callable[[str], bool]) -> int | None:
    """Return the number of the line with which the section begins, None where that cannot be told.

    `has_section` says of the beginning of a manifest whether the section is in it; False where it is broken off
    within a value. That is asked only where a line may name the section.
    """
    asked = itertools.islice(_beginnings(manifest), _MOST_ASKED)
    return next((number for number, text in asked if has_section(text)), None)


def _beginnings(manifest: str) -> Iterator[tuple[int, str]]:
    lines = manifest.split("\n")  # TOML knows no other ends of lines, and editors count these
    for number, line in enumerate(lines, start=1):
        if "container" in line or "\\" in line:
            yield number, "\n".join([*lines[:number], ""])
