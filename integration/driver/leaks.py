"""What the session made in the engines, and what of it is still there."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from integration.driver.engine import Engine
    from integration.driver.stow import Stow


class Ledger:
    """The image IDs that each engine was seen with."""

    def __init__(self) -> None:
        self._seen: dict[Engine, set[str]] = defaultdict(set)

    def add(self, stow: Stow) -> None:
        self._seen[stow.engine] |= stow.seen

    def left(self) -> list[str]:
        """Containers of these images, and temporary images of runs among them."""
        found = []
        for engine, images in self._seen.items():
            found += [f"container {one} on {engine.name}" for one in engine.containers_of(images)]
            names = engine.docker("images", "--format", "{{.Repository}}:{{.Tag}}", "cargo-stow-run").split()
            found += [f"image {name} on {engine.name}" for name in names if engine.image_id(name) in images]
        return found
