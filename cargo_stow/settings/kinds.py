"""Kinds of values: how a raw value becomes a typed one, how text becomes a raw one, and the JSON Schema of both.

A raw value is what TOML has. Combinators only; which kinds there are is in `grammar.py` and `image.py`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cargo_stow.model import is_too_deep

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    Schema = Mapping[str, object]

# A file name has at most 255 bytes. Docker 20.10 reads at most 64 KiB a line, on which a whole list may stand: of names
# a character is a byte there, of free text up to six.
LONGEST_NAME, LONGEST_LIST, LONGEST_TEXT = 255, 32_000, 8_000
# What stands around an item where a list is written out: quotes, a comma and a blank.
_AROUND = 4
_LONGEST_SHOWN = 80
_LONGEST_INTEGER = 2**63
_LEFT_OUT = {"const": False, "description": "leaves out what would come from elsewhere"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of value. `parse` raises ValueError with one sentence; `schema` is JSON Schema, draft 7.

    `from_text` makes a raw value of the text of a flag or variable, and raises ValueError too; `metavar` is what the
    help calls that text. A kind that `merges` is a table: entries of several sources make one, and `false` leaves one
    out; what it parses to is a dictionary. `place` puts the relative paths of a parsed value into a directory. What
    is private is not shown in messages.
    """

    parse: Callable[[object], object]
    schema: Schema
    from_text: Callable[[str], object] = str
    metavar: str = "TEXT"
    merges: bool = False
    place: Callable[[object, Path], object] | None = None
    is_private: bool = False


def string(value: object) -> str:
    """A TOML string that is not empty, and that can be written in UTF-8."""
    if not isinstance(value, str):
        raise ValueError(f"expected a string, not {kind_of(value)}")  # noqa: TRY004 - one kind of error for the caller
    if not value:
        raise ValueError("it is empty")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise ValueError("it has bytes that are not UTF-8")
    return value


def whole(pattern: str) -> str:
    """Return a pattern for a schema, which looks for a match anywhere, that matches a text as a whole."""
    return f"^(?:{pattern})$"


def digits(value: object) -> object:
    """The digits of a TOML integer, for keys whose text is often a number; any other value as it is."""
    if not isinstance(value, int) or isinstance(value, bool):
        return value
    if abs(value) >= _LONGEST_INTEGER:
        raise ValueError("a TOML integer has 64 bits")
    return str(value)


def matching(pattern: re.Pattern[str], expected: str, *, metavar: str = "NAME") -> Kind:
    """A string that a pattern matches as a whole, not longer than a file's name."""

    def parse(value: object) -> str:
        text = string(value)
        if len(text) > LONGEST_NAME:
            raise ValueError(f"it is longer than {LONGEST_NAME} characters")
        if not pattern.fullmatch(text):
            raise ValueError(f"expected {expected}")
        return text

    schema = {"type": "string", "pattern": whole(pattern.pattern), "maxLength": LONGEST_NAME}
    return Kind(parse=parse, schema=schema, metavar=metavar)


def one_of(*kinds: Kind, expected: str) -> Kind:
    """A value of the first kind that takes its type; a type says no more than which kind is meant."""

    def parse(value: object) -> object:
        for kind in kinds:
            if kind_of(value) in _types(kind.schema):
                return kind.parse(value)
        raise ValueError(f"expected {expected}, not {kind_of(value)}")

    return Kind(parse=parse, schema={"anyOf": [kind.schema for kind in kinds]})


def _types(schema: Schema) -> set[str]:
    names = {"string": "a string", "boolean": "a boolean", "integer": "an integer"}
    names |= {"array": "an array", "object": "a table"}
    return {names[str(schema["type"])]}


def array(item: Kind, *, from_text: Callable[[str], object] | None = None, longest: int = LONGEST_LIST) -> Kind:
    """An array of items of one kind, as a tuple. Text is split at commas and blanks."""
    expected = "an array of strings" if item.schema.get("type") == "string" else "an array"

    def parse(value: object) -> tuple[object, ...]:
        if not isinstance(value, (list, tuple)):
            raise ValueError(f"expected {expected}, not {kind_of(value)}")  # noqa: TRY004
        items = tuple(_item(item, entry) for entry in value)
        if sum(len(str(entry)) + _AROUND for entry in items) > longest:
            raise ValueError(f"its items have more than {longest} characters together")
        return items

    schema = {"type": "array", "items": item.schema}
    return Kind(parse=parse, schema=schema, from_text=from_text or split, metavar="LIST")


def _item(item: Kind, entry: object) -> object:
    try:
        return item.parse(entry)
    except ValueError as error:
        raise ValueError(f"{shown(entry)}: {error}") from error


def table(name: Kind, value: Kind, *, example: str, longest: int = LONGEST_LIST) -> Kind:
    """A table of values of one kind by names of another. Text is one entry, `NAME=VALUE`."""

    def parse(raw: object) -> dict[str, object]:
        if not isinstance(raw, dict):
            raise ValueError(f"expected a table, as {example}, not {kind_of(raw)}")  # noqa: TRY004
        found = {str(_entry(name, key, key)): _entry(value, key, entry, or_false=True) for key, entry in raw.items()}
        if sum(len(key) + len(str(digits(entry))) + _AROUND for key, entry in raw.items()) > longest:
            raise ValueError(f"its entries have more than {longest} characters together")
        return found

    schema = {
        "type": "object",
        "propertyNames": name.schema,
        "additionalProperties": {"anyOf": [value.schema, _LEFT_OUT]},
    }
    return Kind(parse=parse, schema=schema, from_text=entries, metavar="NAME=VALUE", merges=True)


def _entry(kind: Kind, key: object, value: object, *, or_false: bool = False) -> object:
    if or_false and value is False:
        return False
    try:
        return kind.parse(value)
    except ValueError as error:
        raise ValueError(f"{shown(key)}: {error}") from error


def parse_field(kind: Kind, key: str, value: object) -> object:
    """Parse the value of a key of a table with keys of its own. Raises ValueError that names the key."""
    try:
        return kind.parse(value)
    except ValueError as error:
        raise ValueError(f"`{key}`: {error}") from error


def split(text: str) -> list[str]:
    """The items of an array that is given as text; each is one word."""
    return [item for item in re.split(r"[,\s]+", text) if item]


def words(text: str) -> object:
    """The words of a command line, quoted as for a shell, or as TOML has an array (`["a", "b"]`)."""
    import shlex  # noqa: PLC0415 - a no-op reads none

    if len(text) > LONGEST_LIST:  # shlex takes a time that grows with the square of it
        raise ValueError(f"it is longer than {LONGEST_LIST} characters")
    return inline(text) if text.lstrip().startswith("[") else shlex.split(text)


def entries(text: str) -> object:
    """Entries, one `NAME=VALUE` a line, or as TOML has an inline table (`{ NAME = "VALUE" }`).

    A line ends with a line feed alone: other signs that Python takes for an end may stand in a value.
    """
    if text.lstrip().startswith("{"):
        return inline(text)
    lines = [line.partition("=") for line in text.split("\n") if line.strip()]
    for name, equals, _ in lines:
        if not equals:
            raise ValueError(f"expected NAME=VALUE, not {shown(name)}")
    return {name.strip(): value for name, _, value in lines}


def inline(text: str) -> object:
    """A value in TOML's own words."""
    import tomli  # noqa: PLC0415

    try:
        document = tomli.loads(f"value = {text}")
    except (tomli.TOMLDecodeError, RecursionError) as error:
        raise ValueError(f"it is not valid TOML: {error}") from error
    if document.keys() != {"value"}:
        raise ValueError("expected one value in TOML")
    if is_too_deep(document):
        raise ValueError("it is nested too deeply")
    return document["value"]


def shown(value: object) -> str:
    """A value as a message quotes it, on one line and not longer than a reader needs."""
    try:
        text = repr(value)
    except ValueError:  # Python writes no integer of thousands of digits
        return "a very large integer"
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def quoted(name: str) -> str:
    """A name as a message quotes it: as it is, where that is short and plain."""
    return f"`{name}`" if name.isprintable() and len(name) <= _LONGEST_SHOWN else shown(name)


def kind_of(value: object) -> str:
    """What TOML calls a value's type, for messages."""
    names = {bool: "a boolean", int: "an integer", float: "a float", str: "a string", list: "an array", dict: "a table"}
    return names.get(type(value), "a date or time")
