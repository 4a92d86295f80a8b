"""Which Cargo.toml is meant. Owns the search from a directory upwards; reads no file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cargo_stow.errors import UsageError
from cargo_stow.manifest.paths import exists, is_directory, normalized

if TYPE_CHECKING:
    from pathlib import Path

MANIFEST = "Cargo.toml"


def find_manifest(start: Path) -> Path:
    """Return the nearest Cargo.toml in a directory or its parents, as cargo does. Raises UsageError for none."""
    start = normalized(start)
    for directory in (start, *start.parents):
        if exists(directory / MANIFEST):
            return directory / MANIFEST
    raise UsageError(
        f"no {MANIFEST} in {start} or any parent directory",
        hint="run this in a Rust crate, make one with `cargo init`, or name one with `--manifest-path`",
    )


def check_manifest_path(path: Path) -> Path:
    """Return the manifest that a `--manifest-path` names: a file called Cargo.toml, or a directory that holds one."""
    manifest = normalized(path)
    if is_directory(manifest):
        manifest /= MANIFEST
    if manifest.name != MANIFEST:
        raise UsageError(f"--manifest-path {path} is not a file called {MANIFEST}", hint=_HINT)
    if not exists(manifest):
        raise UsageError(f"--manifest-path {path}: there is no file {manifest}", hint=_HINT)
    return manifest


_HINT = "give the path of a Cargo.toml, as `--manifest-path crates/web/Cargo.toml`"
