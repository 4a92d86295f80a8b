"""What must be on disk to build one package. Pure: works on a Workspace, reads nothing."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from cargo_stow.model import Closure, Package, Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


def closure(workspace: Workspace, package: Package) -> Closure:
    """Return what cargo compiles for a package, and what it only reads to resolve the workspace.

    Patched crates count as compiled, since a registry crate may use them. The package comes first; all others are
    sorted by directory.
    """
    known = {each.directory: each for each in workspace.packages()}
    compiled = _reach((package.directory, *workspace.patches), known, lambda each: each.needs)
    starts = (member.directory for member in workspace.members)
    everything = compiled | _reach(starts, known, lambda each: (*each.needs, *each.knows))
    others = sorted(compiled - {package.directory})
    roots = {workspace.root, *filter(None, (known[directory].root for directory in everything))}
    files = tuple(sorted(_targets_elsewhere(known[directory] for directory in compiled)))
    return Closure(
        root=Path(os.path.commonpath([*everything, *roots, *(file.parent for file in files)])),
        roots=tuple(sorted(roots)),
        files=files,
        sources=(package, *(known[directory] for directory in others)),
        manifests=tuple(known[directory] for directory in sorted(everything - compiled)),
        patched=frozenset(_reach(workspace.patches, known, lambda each: each.needs)),
    )


def _targets_elsewhere(packages: Iterable[Package]) -> Iterator[Path]:
    """Yield the files of targets outside their package's directory (`path = "../main.rs"`)."""
    for package in packages:
        for target in package.targets:
            file = Path(os.path.normpath(package.directory / target.path))
            if not file.is_relative_to(package.directory):
                yield file


def _reach(starts: Iterable[Path], known: dict[Path, Package], edges: Callable[[Package], Iterable[Path]]) -> set[Path]:
    """Collect what can be reached, in circles too."""
    reached: set[Path] = set()
    waiting = list(starts)
    while waiting:
        directory = waiting.pop()
        if directory not in reached:
            reached.add(directory)
            waiting.extend(edges(known[directory]))
    return reached
