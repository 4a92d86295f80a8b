"""Which executables of a package an image has: the keys decide, and the package's own targets. Pure."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from cargo_stow.errors import UsageError
from cargo_stow.settings.kinds import quoted, shown
from cargo_stow.settings.sources import parse

if TYPE_CHECKING:
    from cargo_stow.model import Package
    from cargo_stow.settings.sources import Source


def choose_bins(package: Package, given: tuple[Source, ...], origins: dict[str, str]) -> tuple[str, ...]:
    """The executables named by the strongest source that has `bin` or `bins`; else the only one; else `default-run`."""
    if not package.bins:
        raise UsageError(
            f"package `{package.name}` ({package.manifest}) has no executable to put into an image",
            hint="add src/main.rs or a [[bin]] section, or choose another package with --package",
        )
    for source in given:
        keys = [key for key in ("bin", "bins") if key in source.values]
        if len(keys) > 1:
            raise UsageError(
                f"{source.names['bins']}: `bin` stands there too; an image has one executable or several",
                hint="keep one of the two",
            )
        if keys:
            origins["bins"] = source.names[keys[0]]
            return _named(package, source.parsed(keys[0]), origins["bins"])
    return (_only(package, origins),)


def _named(package: Package, wanted: object, origin: str) -> tuple[str, ...]:
    names = package.bins if wanted is True else wanted if isinstance(wanted, tuple) else (str(wanted),)
    for name in names:
        if name not in package.bins:
            close = difflib.get_close_matches(name, package.bins, n=1)
            raise UsageError(
                f"{origin}: package `{package.name}` has no executable {quoted(name)}",
                hint=f"did you mean {quoted(close[0])}?" if close else f"it has: {_list(package)}",
            )
    return tuple(_checked(package, name) for name in _first_run(package, names, all_of_them=wanted is True))


def _first_run(package: Package, names: tuple[str, ...], *, all_of_them: bool) -> tuple[str, ...]:
    """Of all executables, what `cargo run` would run is what the image runs."""
    first = next((name for name in (package.default_run, package.name) if name in names), None)
    return (first, *(name for name in names if name != first)) if all_of_them and first else names


def _only(package: Package, origins: dict[str, str]) -> str:
    if len(package.bins) == 1:
        origins["bins"] = f"{package.manifest}, its only executable"
        return _checked(package, package.bins[0])
    if package.default_run is None:
        raise UsageError(
            f"package `{package.name}` ({package.manifest}) has several executables and none was chosen:"
            f" {_list(package)}",
            hint=f"choose one: --bin {package.bins[0]}, or `bin` in [package.metadata.container]; or several: `bins`",
        )
    origins["bins"] = f"{package.manifest} [package] default-run"
    return _named(package, package.default_run, origins["bins"])[0]


def _list(package: Package) -> str:
    """The names of the executables, of which cargo lets nearly any pass."""
    return ", ".join(name if name.isprintable() else shown(name) for name in package.bins)


def _checked(package: Package, name: str) -> str:
    return str(parse("bin", name, f"{package.manifest} [[bin]]"))
