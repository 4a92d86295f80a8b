"""The JSON documents of images as objects, whoever wrote them."""

from __future__ import annotations

import json
from typing import Any

from cargo_stow.errors import ImageFormatError


def parse_object(data: bytes, where: str) -> dict[str, Any]:
    """Read a JSON object; `where` says what it is. Raises ImageFormatError."""
    found = _parsed(data, where)
    if not isinstance(found, dict):
        raise ImageFormatError(f"{where} is no JSON object")
    return found


def parse_array(data: bytes, where: str) -> list[Any]:
    """Read a JSON array; `where` says what it is. Raises ImageFormatError."""
    found = _parsed(data, where)
    if not isinstance(found, list):
        raise ImageFormatError(f"{where} is no JSON array")
    return found


def as_bytes(value: object) -> bytes:
    """Write a document: the same bytes for the same value."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def _parsed(data: bytes, where: str) -> object:
    try:
        return json.loads(data)
    # UnicodeDecodeError and numbers of too many digits are ValueErrors too.
    except (ValueError, RecursionError) as error:
        raise ImageFormatError(f"{where} is no JSON: {error}") from error


def entries(found: dict[str, Any], name: str, where: str) -> list[object]:
    """An array of an object; none where it is missing or null. Raises ImageFormatError."""
    value = found.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise ImageFormatError(f"{where} has {name} that are no array")
    return value


def text(found: dict[str, Any], name: str, where: str) -> str:
    """A text of an object; empty where it is missing or null. Raises ImageFormatError."""
    value = found.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ImageFormatError(f"{where} has a {name} that is no text")
    return value
