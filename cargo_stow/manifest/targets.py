"""The one form both readers give to a target, and what the rules of discovery start from."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from cargo_stow.manifest.paths import normalized
from cargo_stow.model import Target

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from cargo_stow.manifest.toml import Table

# Where cargo looks for a target of these kinds that has no path.
_FOLDERS = {"example": "examples", "test": "tests", "bench": "benches"}
_ORDER = ("lib", "bin", "custom-build", *_FOLDERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Crate:
    """What the rules depend on: the manifest, its `[package]`, and the two values of it that may be inherited."""

    directory: Path
    table: Table
    package: Table
    name: str
    edition: str

    @property
    def is_old(self) -> bool:
        """Edition 2015, which has rules of its own."""
        return self.edition == "2015"


def kind_of(kinds: Iterable[str]) -> str | None:
    """Translate cargo's list of kinds: every crate type of a library is "lib"; None for those of `named_targets`."""
    kind = next(iter(kinds), "lib")
    if kind in _FOLDERS:
        return None
    return kind if kind in _ORDER else "lib"


def make_target(name: str, kind: str, directory: Path, path: Path) -> Target:
    """Make a target. A library's name is written with underscores (cargo before 1.79 reported hyphens)."""
    relative = os.path.relpath(normalized(path), normalized(directory))
    return Target(name=name.replace("-", "_") if kind == "lib" else name, kind=kind, path=PurePosixPath(relative))


def named_targets(table: Table, directory: Path) -> list[Target]:
    """Return the examples, tests and benches that a manifest names: cargo wants their files, whatever it builds.

    One without a path is given the file where cargo looks first. Those that cargo finds by itself may be absent.
    """
    return [
        make_target(name, kind, directory, directory / (section.text("path") or f"{folder}/{name}.rs"))
        for kind, folder in _FOLDERS.items()
        for section in table.array(kind) or ()
        if (name := section.text("name"))
    ]


def in_order(targets: Iterable[Target]) -> tuple[Target, ...]:
    """Sort by kind (library, executables, build script, the others), then by name: both readers' common order."""
    return tuple(sorted(targets, key=lambda target: (_ORDER.index(target.kind), target.name)))
