"""What a failed or interrupted command must not have changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_FILES = ("Stow.lock", "Cargo.lock", "Dockerfile", "Dockerfile.dockerignore", "target/stow/record.json")


@dataclass(frozen=True, kw_only=True)
class State:
    """The image that has the tag, the texts of the files that cargo-stow writes, and files that should not be there."""

    image: str | None
    files: dict[str, str | None]
    litter: tuple[str, ...]


def read_state(root: Path, image: str | None) -> State:
    files = {name: _text(root / name) for name in _FILES}
    litter = tuple(sorted(str(path.relative_to(root)) for path in root.rglob(".stow-*")))
    return State(image=image, files=files, litter=litter)


def _text(path: Path) -> str | None:
    return path.read_text() if path.exists() else None
