"""A root file system while a plan is carried out: directories over each other, and what an image says of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rootfs:
    """`layers` are directories, the lowest first; `steps` the keys of those that steps left.

    `key` stands for all that is in it. `environment` and `directory` are what the image says that it began with.
    """

    key: str
    layers: tuple[Path, ...]
    steps: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    directory: str = "/"

    def with_layer(self, key: str, layer: Path) -> Rootfs:
        return replace(self, key=key, layers=(*self.layers, layer), steps=(*self.steps, key))
