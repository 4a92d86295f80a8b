"""Reading TOML files, and tables that remember where they stand, so that every complaint names file and key.

Owns the shape of values (text, flag, list, table) and the sentence for each wrong one. Knows no key of Cargo's.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import tomli

from cargo_stow.errors import FileError, UsageError
from cargo_stow.files import read_bytes
from cargo_stow.model import is_too_deep

if TYPE_CHECKING:
    from pathlib import Path

_SHOWN = 60
# The path that was given cannot be that of a file, whoever reads it.
_WRONG_PATH = (errno.EISDIR, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP)
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Table:
    """One table of a TOML file. `key` is its dotted name, empty for the file itself."""

    file: Path
    values: Mapping[str, object]
    key: str = ""

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def name_of(self, name: str) -> str:
        """Spell the full key of one of the table's values, as TOML would."""
        quoted = name if _BARE_KEY.fullmatch(name) else '"' + name.encode("unicode_escape").decode() + '"'
        return f"{self.key}.{quoted}" if self.key else quoted

    def text(self, name: str) -> str | None:
        """Return a string, None where there is none. No NUL: nothing that cargo reads as text can hold one."""
        value = self.values.get(name)
        if value is None:
            return None
        if not isinstance(value, str):
            raise self.wrong(name, "a string")
        if "\0" in value:
            raise self.wrong(name, "a string without NUL")
        return value

    def flag(self, name: str) -> bool | None:
        value = self.values.get(name)
        if value is not None and not isinstance(value, bool):
            raise self.wrong(name, "true or false")
        return value

    def texts(self, name: str) -> tuple[str, ...] | None:
        value = self.values.get(name)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(item, str) and "\0" not in item for item in value):
            raise self.wrong(name, "a list of strings")
        return tuple(value)

    def table(self, *names: str) -> Table | None:
        """Return the table under these names, None where one of them is missing."""
        here = self
        for name in names:
            value = here.values.get(name)
            if value is None:
                return None
            if not isinstance(value, Mapping):
                raise here.wrong(name, "a table")
            here = Table(self.file, value, here.name_of(name))
        return here

    def array(self, name: str) -> tuple[Table, ...] | None:
        """Return an array of tables (`[[name]]`), None where there is none."""
        value = self.values.get(name)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
            raise self.wrong(name, f"an array of tables, as [[{name}]]")
        return tuple(Table(self.file, item, f"{self.name_of(name)}[{index}]") for index, item in enumerate(value))

    def tables(self, *names: str) -> Iterator[tuple[str, Table]]:
        """Yield the entries under these names that are tables, in the file's order; others (`serde = "1"`) pass."""
        parent = self.table(*names)
        for name, value in parent.values.items() if parent else ():
            if isinstance(value, Mapping):
                yield name, Table(self.file, value, parent.name_of(name) if parent else "")

    def wrong(self, name: str, expected: str, *, hint: str = "") -> UsageError:
        """Make the error for a value that cannot be: its key, what it is, what it should be, and the file."""
        return UsageError(
            f"`{self.name_of(name)}` is {_shown(self.values.get(name))}, expected {expected}, in {self.file}",
            hint=hint or f"correct `{self.name_of(name)}` in {self.file}",
        )


def load_toml(file: Path) -> Table:
    """Read a TOML file.

    Raises UsageError for a missing file, for one that is not UTF-8 and for broken TOML (with line and column), and
    FileError for one that may not be read.
    """
    return Table(file, parse_toml(read_text(file), file))


def load_manifest(directory: Path) -> Mapping[str, object]:
    """Return the whole of a directory's Cargo.toml as parsed. Raises as `load_toml` does."""
    return load_toml(directory / "Cargo.toml").values


def parse_toml(text: str, file: Path) -> dict[str, object]:
    """Parse a TOML document; `file` is only named in errors. A byte order mark passes, as it does for cargo."""
    try:
        document = tomli.loads(text.removeprefix("\ufeff"))
    except tomli.TOMLDecodeError as error:
        raise _broken(file, f"{error.msg}, line {error.lineno}, column {error.colno}") from error
    except (ValueError, RecursionError) as error:  # a number of 5,000 digits, a thousand nested arrays
        raise _broken(file, str(error)) from error
    if is_too_deep(document):
        raise _broken(file, "it is nested too deeply")
    return document


def _broken(file: Path, complaint: str) -> UsageError:
    return UsageError(f"{file} is not valid TOML: {complaint}", hint=f"correct {file} at that place")


def read_text(file: Path) -> str:
    """Read a file as UTF-8. Raises as `load_toml` does."""
    try:
        return read_bytes(file).decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{file} is not UTF-8 text: byte {error.start} is 0x{error.object[error.start]:02x}",
            hint=f"save {file} in UTF-8",
        ) from error
    except FileNotFoundError as error:
        raise UsageError(f"there is no file {file}", hint="check the path that names it") from error
    except OSError as error:
        kind = UsageError if error.errno in _WRONG_PATH else FileError
        raise kind(f"cannot read {file}: {error.strerror}", hint=f"ls -ld {file}") from error


def _shown(value: object) -> str:
    """Describe a value: its kind, and what it is unless that could be long."""
    kinds = ((bool, "a boolean"), (str, "a string"), (Mapping, "a table"), (list, "a list"), ((int, float), "a number"))
    kind = next((name for type_, name in kinds if isinstance(value, type_)), "missing" if value is None else "a date")
    if not isinstance(value, str | bool | int) or (isinstance(value, int) and value.bit_length() > _SHOWN):
        return kind
    text = repr(value)
    return f"{kind} ({text if len(text) <= _SHOWN else text[:_SHOWN] + '...'})"
