"""`cargo stow cache remove`: images of the store lose their names."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cargo_stow.backends.youki.contents import is_given
from cargo_stow.backends.youki.images import Images
from cargo_stow.backends.youki.store import find_store
from cargo_stow.errors import ImageNotFoundError
from cargo_stow.reference import parse_reference

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from cargo_stow.report import Report


def remove(report: Report, texts: Sequence[str]) -> None:
    """Take names away, all of them or none. Raises ImageNotFoundError for one that no image has, and FileError."""
    store = find_store(os.environ)
    images = Images(store.directory)
    known = [name for name in images.names() if is_given(name)]
    for name in [_find(text, known, store.directory) for text in texts]:
        images.remove(name)
        report.status("Removed", f"{name} from {store.directory}")


def _find(text: str, known: Collection[str], directory: Path) -> str:
    """The name that was meant: as it stands in the list, or with the tag that goes without saying."""
    if text in known:
        return text
    try:
        name = str(parse_reference(text).tagged)
    except ValueError:
        name = ""
    if name not in known:
        raise ImageNotFoundError(
            f"the store {directory} has no image called `{text}`", hint="see what it has: `cargo stow cache`"
        )
    return name
