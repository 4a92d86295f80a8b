"""The executables of a package: `[[bin]]` sections, and the files cargo takes for executables where none names them.

Owns the rules of editions 2015 and later. Looks at which files exist, reads none. Source: as `discovery.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cargo_stow.errors import UsageError
from cargo_stow.manifest.paths import entries, is_directory, is_file
from cargo_stow.manifest.targets import make_target

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cargo_stow.manifest.targets import Crate
    from cargo_stow.manifest.toml import Table
    from cargo_stow.model import Target


@dataclass(frozen=True, slots=True)
class _Bin:
    name: str
    path: Path


def find_bins(crate: Crate, *, has_library: bool) -> list[Target]:
    """Return the executables of a package. UsageError for a section without a file, and for two of one name."""
    inferred = list(_inferred(crate))
    sections = crate.table.array("bin")
    bins = [_written(crate, section, inferred, has_library) for section in sections or ()]
    if _discovers(crate, sections):
        bins += [found for found in inferred if not _is_written(found, sections or (), crate.directory)]
    _check_names(bins, crate)
    return [make_target(each.name, "bin", crate.directory, each.path) for each in bins]


def _inferred(crate: Crate) -> Iterator[_Bin]:
    main = crate.directory / "src/main.rs"
    if is_file(main):
        yield _Bin(crate.name, main)
    for path in entries(crate.directory / "src/bin"):
        if path.name.startswith(".") or not _is_utf8(path.name):
            continue
        if path.suffix == ".rs" and is_file(path):
            yield _Bin(path.stem, path)
        elif is_directory(path) and not path.is_symlink() and is_file(path / "main.rs"):
            yield _Bin(path.name, path / "main.rs")


def _is_utf8(name: str) -> bool:
    """Cargo passes over files whose names are not."""
    return not any("\ud800" <= character <= "\udfff" for character in name)


def _written(crate: Crate, section: Table, inferred: list[_Bin], has_library: bool) -> _Bin:
    name = section.text("name")
    if name is None or not name.strip():
        raise section.wrong("name", "the name of an executable")
    written = section.text("path")
    if written is not None:
        return _Bin(name, crate.directory / written)
    paths = [each.path for each in inferred if each.name == name]
    if not paths and crate.is_old:
        paths = list(_old_paths(crate, name, has_library))
    if not paths:
        raise UsageError(
            f"there is no file for the executable {name!r} (`{section.key}` in {section.file})",
            hint="write src/bin/NAME.rs, or set `path` in its [[bin]] section",
        )
    return _Bin(name, paths[0])


def _old_paths(crate: Crate, name: str, has_library: bool) -> Iterator[Path]:
    """Yield where edition 2015 also looks for a `[[bin]]` without a path."""
    source = crate.directory / "src"
    names = ["main.rs", "bin/main.rs"] if has_library else [f"{name}.rs", "main.rs", "bin/main.rs"]
    yield from (source / file for file in names if is_file(source / file))


def _discovers(crate: Crate, sections: tuple[Table, ...] | None) -> bool:
    """Edition 2015 takes no other files once the manifest names one executable."""
    wanted = crate.package.flag("autobins")
    return wanted if wanted is not None else sections is None or not crate.is_old


def _is_written(found: _Bin, sections: tuple[Table, ...], directory: Path) -> bool:
    """Say whether a `[[bin]]` has the same name or names the same file."""
    return any(
        section.text("name") == found.name or directory / (section.text("path") or ".") == found.path
        for section in sections
    )


def _check_names(bins: list[_Bin], crate: Crate) -> None:
    names = [each.name for each in bins]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"two executables are called {name!r} in {crate.table.file}", hint="rename one of them")
