"""Patterns of files, as `assets` and `include` have them: `*` and `?` within one name, `**` for any directories.

Nothing else has a meaning, so that names such as `[id].html` are what they look like; `*` matches a name with a dot
first. `stow pick` and `stow sync` (templates/pattern.rs) match in the same way. Pure.
"""

from __future__ import annotations

import fnmatch
import functools
import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True, slots=True)
class Pattern:
    """One pattern, relative to a directory; its names are those between the slashes."""

    text: str

    def __str__(self) -> str:
        return self.text

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(self.text.split("/"))

    @property
    def fixed(self) -> PurePosixPath:
        """The directories before the first name that is a pattern; of a plain path, all of it."""
        plain = next((index for index, part in enumerate(self.parts) if _is_wild(part)), len(self.parts))
        return PurePosixPath(*self.parts[:plain])

    @property
    def is_plain(self) -> bool:
        """Whether it is a path, of a file or of a directory with all that is below it."""
        return not any(map(_is_wild, self.parts))

    def matches(self, path: PurePosixPath) -> bool:
        """Say whether a file's path matches."""
        return _match(self.parts, path.parts, is_beginning=False)

    def may_match_below(self, directory: PurePosixPath) -> bool:
        """Say whether a path below a directory can match."""
        return _match(self.parts, directory.parts, is_beginning=True)


def _is_wild(part: str) -> bool:
    return "*" in part or "?" in part


def _match(names: Sequence[str], parts: Sequence[str], *, is_beginning: bool) -> bool:
    """Go along a path at all places among the names at once: many `**` cost their number, and not a power of it."""
    reached = _opened(names, {0})
    for part in parts:
        reached = _opened(names, {at + (names[at] != "**") for at in reached if _fits(names[at : at + 1], part)})
    return bool(reached) if is_beginning else len(names) in reached


def _opened(names: Sequence[str], places: Iterable[int]) -> set[int]:
    """Places, and those behind a `**` at one, which may stand for nothing."""
    found: set[int] = set()
    for at in places:
        end = next((place for place in range(at, len(names)) if names[place] != "**"), len(names))
        found.update(range(at, end + 1))
    return found


def _fits(name: Sequence[str], part: str) -> bool:
    return bool(name) and (name[0] == "**" or bool(_regex(name[0]).fullmatch(part)))


@functools.cache
def _regex(name: str) -> re.Pattern[str]:
    """In the words of fnmatch, whose expressions do not try all ways in which several `*` can share a text."""
    return re.compile(fnmatch.translate(name.replace("[", "[[]")))
