"""Patterns of files, as `assets` and `include` have them: `*` and `?` within one name, `**` for any directories.

Nothing else has a meaning, so that names such as `[id].html` are what they look like; `*` matches a name with a dot
first. `stow pick` and `stow sync` (templates/stow.rs) match in the same way. Pure.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


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
    if not names:
        return not parts
    if not parts:
        return is_beginning or all(name == "**" for name in names)
    if names[0] == "**":
        rest = _match(names[1:], parts, is_beginning=is_beginning)
        return rest or _match(names, parts[1:], is_beginning=is_beginning)
    return bool(_regex(names[0]).fullmatch(parts[0])) and _match(names[1:], parts[1:], is_beginning=is_beginning)


@functools.cache
def _regex(name: str) -> re.Pattern[str]:
    spelled = {"*": ".*", "?": "."}
    return re.compile("".join(spelled.get(each) or re.escape(each) for each in re.sub(r"\*+", "*", name)), re.DOTALL)
