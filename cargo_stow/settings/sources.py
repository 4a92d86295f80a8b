"""Where raw values come from: flags, variables, the package's section and the workspace's. Pure.

Checks the names of keys, and parses each value with the name of its place at hand.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cargo_stow.errors import UsageError
from cargo_stow.settings.build_env import cargo_variables
from cargo_stow.settings.keys import KEYS, SECOND_BASES, flag, variable
from cargo_stow.settings.kinds import quoted, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from cargo_stow.model import Package, Workspace

Flags = dict[str, object]
"""What was typed, by key: raw values, only of what was typed."""
_LONGEST_KEY = 80
PACKAGE_TABLE, WORKSPACE_TABLE = "package.metadata.container", "workspace.metadata.container"


@dataclass(frozen=True, slots=True)
class Source:
    """One layer of precedence: raw values by key, and how to name where a key stands in it.

    Paths are relative to `directory`, where one is given. An ambient one was not given to cargo-stow, but to cargo.
    """

    values: Mapping[str, object]
    names: Mapping[str, str]
    directory: Path | None = None
    is_ambient: bool = False

    def parsed(self, key: str) -> object:
        """Parse the value of a key. Raises UsageError, which names the value and where it stands."""
        found = parse(key, self.values[key], self.names[key])
        place = KEYS[key].kind.place
        return place(found, self.directory) if place and self.directory else found


def sources(workspace: Workspace, package: Package, flags: Flags, environment: Mapping[str, str]) -> Iterator[Source]:
    """Yield the sources of one package's settings, the strongest first. Raises UsageError for what is no key."""
    if package.container is None:
        raise UsageError(
            f"{package.manifest} has no [package.metadata.container] section",
            hint="run `cargo stow init`, which writes one",
        )
    yield Source(flags, {key: f"flag {flag(key)}" for key in flags})
    yield _variables(environment)
    yield _section(package.container, package.manifest, PACKAGE_TABLE)
    yield _section(workspace.container, workspace.root / "Cargo.toml", WORKSPACE_TABLE)
    for name, value, origin in cargo_variables(environment):
        yield Source({"build_env": {name: value}}, {"build_env": f"variable {origin}"}, is_ambient=True)


def find_value(key: str, given: Iterable[Source]) -> tuple[object, str]:
    """The value of a key that the strongest source with one gives it, and where it stands. Raises UsageError."""
    found = next((source for source in given if key in source.values), None)
    return (found.parsed(key), found.names[key]) if found else (KEYS[key].default, "default")


def _variables(environment: Mapping[str, str]) -> Source:
    given = {key: environment[variable(key)] for key in KEYS if environment.get(variable(key))}
    names = {key: f"variable {variable(key)}" for key in given}
    return Source({key: _read(key, text, names[key]) for key, text in given.items()}, names)


def read_flag(key: str, texts: tuple[str, ...]) -> object:
    """Make a raw value of what a flag was given, once or several times. Raises UsageError.

    Tables and lists grow with each; of what is one value, the last one counts, as with most programs.
    """
    raw = [_read(key, text, f"flag {flag(key)}") for text in texts]
    if all(isinstance(each, dict) for each in raw) and KEYS[key].kind.merges:
        return {name: value for each in raw if isinstance(each, dict) for name, value in each.items()}
    if all(isinstance(each, list) for each in raw) and KEYS[key].kind.schema.get("type") == "array":
        return [item for each in raw if isinstance(each, list) for item in each]
    return raw[-1]


def _read(key: str, text: str, origin: str) -> object:
    try:
        return KEYS[key].kind.from_text(text)
    except ValueError as error:
        raise _wrong(key, text, origin, error) from error


def _section(section: Mapping[str, object], file: Path, table: str) -> Source:
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
    return Source(values, names, file.parent)


def _unknown(key: str, spelled: str, file: Path, table: str) -> UsageError:
    if key in SECOND_BASES:
        return UsageError(
            f"{file}, [{table}]: `{spelled}` would set a second base image",
            hint="build and runtime stem from the same base, so that the program finds the libraries it was linked"
            " with: set `base_image`, and lend another compiler with `toolchain`",
        )
    close = [known for known in KEYS if known.startswith(f"{key}_")] or difflib.get_close_matches(
        key[:_LONGEST_KEY], KEYS, n=1
    )
    hint = f"did you mean `{close[0]}`?" if close else f"known keys: {', '.join(sorted(KEYS))}"
    return UsageError(f"{file}, [{table}]: unknown key {quoted(spelled)}", hint=hint)


def parse(key: str, value: object, origin: str) -> object:
    """Parse a value of a key. Raises UsageError, which names the value and its origin."""
    try:
        return KEYS[key].kind.parse(value)
    except ValueError as error:
        raise _wrong(key, value, origin, error) from error


def _wrong(key: str, value: object, origin: str, error: ValueError) -> UsageError:
    what = "the value" if KEYS[key].kind.is_private else shown(value)
    return UsageError(f"{origin}: {what} cannot be `{key}`: {error}", hint=f"{key} is {KEYS[key].meaning}")
