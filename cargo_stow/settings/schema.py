"""The JSON Schema of the manifest's section, made of what the code validates with. Pure.

Draft 7, the one that editors of TOML know (taplo, Even Better TOML). What a schema cannot say (lengths of a whole list,
whether a first port is before the last) only the parser refuses; whatever the parser takes, the schema does too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cargo_stow.settings.keys import KEYS
from cargo_stow.settings.shown import plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cargo_stow.settings.keys import Key

_DRAFT = "http://json-schema.org/draft-07/schema#"
_TITLE = "The container section of cargo-stow"


def make_section_schema() -> dict[str, object]:
    """Return the schema of what is in `[package.metadata.container]`, and in the workspace's."""
    spellings = {key: tuple(dict.fromkeys((key, key.replace("_", "-")))) for key in KEYS}
    return {
        "title": _TITLE,
        "description": "What the container image of this crate is made of. Keys may be spelled with hyphens too.",
        "type": "object",
        "properties": {name: _property(KEYS[key]) for key, names in spellings.items() for name in names},
        "additionalProperties": False,
        "allOf": [_not_both(*names) for names in (*spellings.values(), ("bin", "bins")) if names[1:]],
    }


def make_manifest_schema() -> dict[str, object]:
    """Return the schema of a whole Cargo.toml: of the sections that are ours, with everything else allowed."""
    section = {"$ref": "#/definitions/container"}
    return {
        "$schema": _DRAFT,
        "title": "Cargo.toml with a container section of cargo-stow",
        "type": "object",
        "properties": {table: _within("metadata", _within("container", section)) for table in ("package", "workspace")},
        "definitions": {"container": make_section_schema()},
    }


def _within(name: str, schema: Mapping[str, object]) -> dict[str, object]:
    return {"type": "object", "properties": {name: schema}}


def _not_both(one: str, other: str) -> dict[str, object]:
    return {"not": {"required": [one, other]}}


def _property(key: Key) -> dict[str, object]:
    return {**key.kind.schema, **dict(_told(key))}


def _told(key: Key) -> Iterator[tuple[str, object]]:
    yield "description", f"{key.meaning[0].upper()}{key.meaning[1:]}."
    if key.default is not None:
        yield "default", list(key.default) if isinstance(key.default, tuple) else plain(key.default)
