"""What both readers return, and a check that both need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cargo_stow.errors import UsageError
from cargo_stow.manifest.locate import MANIFEST
from cargo_stow.manifest.paths import exists

if TYPE_CHECKING:
    from pathlib import Path

    from cargo_stow.model import Package


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """The members of one workspace. `root` is as cargo spells it; a package outside of any workspace is its own."""

    root: Path
    packages: tuple[Package, ...]
    target_directory: Path


def check_present(directory: Path, named_by: str) -> None:
    """Raise UsageError if a directory that a manifest names has no manifest of its own."""
    if not exists(directory / MANIFEST):
        raise UsageError(
            f"{named_by} names {directory}, where there is no {MANIFEST}",
            hint=f"correct that path, or restore {directory / MANIFEST}",
        )
