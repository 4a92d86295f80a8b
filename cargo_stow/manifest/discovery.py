"""The targets that cargo finds in a package by itself and by its manifest: library, executables, build script.

Owns the library and the build script; `executables.py` has the rest. Looks at which files exist, reads none.
Source: cargo's `src/cargo/util/toml/targets.rs`, and The Cargo Book, "Target auto-discovery".
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cargo_stow.errors import UsageError
from cargo_stow.manifest.executables import find_bins
from cargo_stow.manifest.paths import is_file
from cargo_stow.manifest.targets import in_order, make_target, named_targets

if TYPE_CHECKING:
    from cargo_stow.manifest.targets import Crate
    from cargo_stow.manifest.toml import Table
    from cargo_stow.model import Target


def find_targets(crate: Crate) -> tuple[Target, ...]:
    """Return the targets of a package, but for what cargo finds of examples, tests and benches by itself.

    Raises UsageError for what cannot be found.
    """
    library, script = _library(crate), _build_script(crate)
    bins = find_bins(crate, has_library=bool(library))
    return in_order([*library, *bins, *script, *named_targets(crate.table, crate.directory)])


def _library(crate: Crate) -> list[Target]:
    section = crate.table.table("lib")
    path = (section and section.text("path")) or _library_path(crate, section)
    if path is None:
        return []
    name = (section and section.text("name")) or crate.name
    return [make_target(name, "lib", crate.directory, crate.directory / path)]


def _library_path(crate: Crate, section: Table | None) -> str | None:
    """Find the library of a manifest that gives it no path."""
    if is_file(crate.directory / "src/lib.rs") and (section or crate.package.flag("autolib") is not False):
        return "src/lib.rs"
    if section is None:
        return None
    old = f"src/{section.text('name') or crate.name}.rs"
    if crate.is_old and is_file(crate.directory / old):
        return old
    raise UsageError(
        f"there is a [lib] section in {crate.table.file}, but no file src/lib.rs",
        hint="write src/lib.rs, or set `lib.path`",
    )


def _build_script(crate: Crate) -> list[Target]:
    path = _build_script_path(crate)
    if path is None:
        return []
    return [make_target(f"build-script-{path.stem}", "custom-build", crate.directory, crate.directory / path)]


def _build_script_path(crate: Crate) -> Path | None:
    if isinstance(crate.package.values.get("build"), str):
        return Path(crate.package.text("build") or "")
    wanted = crate.package.flag("build")
    if wanted is None:
        wanted = is_file(crate.directory / "build.rs")
    return Path("build.rs") if wanted else None
