"""Flags, environment, package and workspace sections → Settings, with the origin of each value. Pure."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cargo_stow.errors import UsageError
from cargo_stow.settings import grammar
from cargo_stow.settings.keys import DEFAULT_CHANNEL, KEYS, SECOND_BASES, flag, variable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from cargo_stow.model import Package, Workspace
    from cargo_stow.reference import ImageRef

Flags = dict[str, object]
"""What was typed, by key; only what was typed."""

_DIRECTORIES = {"dev": "debug", "test": "debug", "bench": "release"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting of one image, validated. `origins` says by key where a value came from, in words."""

    target_image: ImageRef | None
    base_image: ImageRef
    build_deps: tuple[str, ...]
    runtime_deps: tuple[str, ...]
    bin: str
    features: tuple[str, ...]
    all_features: bool
    no_default_features: bool
    profile: str
    toolchain: str
    user: str
    has_lockfile: bool
    origins: Mapping[str, str] = field(default_factory=dict, compare=False)

    @property
    def profile_directory(self) -> str:
        """Where cargo puts a profile's output, below the target directory (Cargo Book, "Build cache")."""
        return _DIRECTORIES.get(self.profile, self.profile)


@dataclass(frozen=True, slots=True)
class _Source:
    """One layer of precedence: raw values by key, and how to name where a key stands in it."""

    values: Mapping[str, object]
    names: Mapping[str, str]


def make_settings(
    *,
    workspace: Workspace,
    package: Package,
    flags: Flags,
    environment: Mapping[str, str],
    channel: tuple[str, Path] | None,
    has_lockfile: bool,
) -> Settings:
    """Merge and check every source of settings for one package.

    `channel` is what the crate's toolchain file says, and that file; `has_lockfile` whether there is a Cargo.lock to
    keep to. Raises UsageError, which names the value, and the file and key or the flag or variable it came from.
    """
    if package.container is None:
        raise UsageError(
            f"{package.manifest} has no [package.metadata.container] section",
            hint='add one, at least:\n\n    [package.metadata.container]\n    base_image = "debian:bookworm-slim"\n',
        )
    if not _is_cargo_name(package.name):
        raise UsageError(
            f"the package name {package.name!r} in {package.manifest}, key package.name, cannot name an image",
            hint="use letters, digits, `-` and `_`",
        )
    sources = tuple(_sources(workspace, package, flags, environment))
    values: dict[str, object] = {}
    origins: dict[str, str] = {}
    for key in KEYS:
        values[key], origins[key] = _pick(key, sources)
    _require_base(values, package)
    values["bin"] = _choose_bin(package, values["bin"], origins)
    values["toolchain"] = _choose_toolchain(values["toolchain"], channel, origins)
    return Settings(**values, has_lockfile=has_lockfile, origins=origins)  # type: ignore[arg-type]


def _is_cargo_name(name: str) -> bool:
    try:
        return bool(grammar.cargo_name(name))
    except ValueError:
        return False


def _sources(workspace: Workspace, package: Package, flags: Flags, environment: Mapping[str, str]) -> Iterator[_Source]:
    yield _Source(flags, {key: f"flag {flag(key)}" for key in flags})
    given = {key: environment[variable(key)] for key in KEYS if environment.get(variable(key))}
    read = {key: KEYS[key].from_text(text) for key, text in given.items()}
    yield _Source(read, {key: f"variable {variable(key)}" for key in read})
    yield _section(package.container or {}, package.manifest, "package.metadata.container")
    yield _section(workspace.container, workspace.root / "Cargo.toml", "workspace.metadata.container")


def _section(section: Mapping[str, object], file: Path, table: str) -> _Source:
    """Check the keys of one manifest section; hyphens and underscores are the same, as in Cargo's own keys."""
    values: dict[str, object] = {}
    names: dict[str, str] = {}
    for spelled, value in section.items():
        key = spelled.replace("-", "_")
        if key not in KEYS:
            raise _unknown(key, spelled, file, table)
        if key in values:
            raise UsageError(
                f"{file}, [{table}]: `{spelled}` and `{names[key].split()[-1]}` are the same key",
                hint="keep one of the two",
            )
        values[key] = value
        names[key] = f"{file} [{table}] {spelled}"
    return _Source(values, names)


def _unknown(key: str, spelled: str, file: Path, table: str) -> UsageError:
    if key in SECOND_BASES:
        return UsageError(
            f"{file}, [{table}]: `{spelled}` would set a second base image",
            hint="build and runtime stem from the same base, so that the program finds the libraries it was linked"
            " with: set `base_image`, and lend another compiler with `toolchain`",
        )
    close = [known for known in KEYS if known.startswith(f"{key}_")] or difflib.get_close_matches(key, KEYS, n=1)
    hint = f"did you mean `{close[0]}`?" if close else f"known keys: {', '.join(sorted(KEYS))}"
    name = f"`{spelled}`" if spelled.isprintable() else grammar.shown(spelled)
    return UsageError(f"{file}, [{table}]: unknown key {name}", hint=hint)


def _pick(key: str, sources: tuple[_Source, ...]) -> tuple[object, str]:
    for source in sources:
        if key in source.values:
            return _parse(key, source.values[key], source.names[key]), source.names[key]
    return KEYS[key].default, "default"


def _parse(key: str, value: object, origin: str) -> object:
    try:
        return KEYS[key].parse(value)
    except ValueError as error:
        raise UsageError(
            f"{origin}: {grammar.shown(value)} cannot be `{key}`: {error}", hint=f"{key} is {KEYS[key].meaning}"
        ) from error


def _require_base(values: Mapping[str, object], package: Package) -> None:
    if values["base_image"] is None:
        raise UsageError(
            f"{package.manifest}, [package.metadata.container]: `base_image` is missing",
            hint='it is the one base of build and runtime, for example base_image = "debian:bookworm-slim"',
        )


def _choose_bin(package: Package, wanted: object, origins: dict[str, str]) -> str:
    """The executable named by flag, variable or key; else the only one; else cargo's own `default-run`."""
    if not package.bins:
        raise UsageError(
            f"package `{package.name}` ({package.manifest}) has no executable to put into an image",
            hint="add src/main.rs or a [[bin]] section, or choose another package with --package",
        )
    listing = ", ".join(package.bins)
    if wanted is None and len(package.bins) == 1:
        wanted, origins["bin"] = package.bins[0], f"{package.manifest}, its only executable"
    elif wanted is None and package.default_run is not None:
        wanted, origins["bin"] = package.default_run, f"{package.manifest} [package] default-run"
    if wanted is None:
        raise UsageError(
            f"package `{package.name}` ({package.manifest}) has several executables and none was chosen: {listing}",
            hint=f"choose one: --bin {package.bins[0]}, or `bin` in [package.metadata.container]",
        )
    if wanted not in package.bins:
        close = difflib.get_close_matches(str(wanted), package.bins, n=1)
        raise UsageError(
            f"{origins['bin']}: package `{package.name}` has no executable `{wanted}`",
            hint=f"did you mean `{close[0]}`?" if close else f"it has: {listing}",
        )
    return str(_parse("bin", wanted, f"{package.manifest} [[bin]]"))


def _choose_toolchain(wanted: object, channel: tuple[str, Path] | None, origins: dict[str, str]) -> str:
    """Flag and variable first, as for every key; then the crate's toolchain file, as rustup has it; then the key."""
    typed = origins["toolchain"].startswith(("flag ", "variable "))
    if channel and not typed:
        origins["toolchain"] = str(channel[1])
        return channel[0]
    return str(wanted or DEFAULT_CHANNEL)
