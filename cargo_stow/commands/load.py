"""`cargo stow cache load`: images of a file become images of the store, to be built on."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cargo_stow.backends.youki.loaded import load_images
from cargo_stow.backends.youki.store import find_store
from cargo_stow.errors import UsageError
from cargo_stow.reference import parse_reference

if TYPE_CHECKING:
    from pathlib import Path

    from cargo_stow.reference import ImageRef
    from cargo_stow.report import Report


def load(report: Report, path: Path, name: str | None) -> None:
    """Load a file, and print what came of it: a line for each name. Raises UsageError, ImageFormatError, FileError."""
    store = find_store(os.environ)
    loaded = load_images(store, path, None if name is None else parse_name(name))
    for reference, image in loaded:
        report.status("Loaded", f"{reference} into {store.directory}")
        report.result(f"{reference}@{image.digest}")


def parse_name(text: str) -> ImageRef:
    """Read --name. Raises UsageError."""
    try:
        found = parse_reference(text)
    except ValueError as error:
        raise UsageError(f"--name {text}: {error}", hint="name it as `base_image` does") from error
    if found.digest:
        raise UsageError(f"--name {text}: its digest follows from what is in it", hint=f"write --name {found.name}:TAG")
    return found
