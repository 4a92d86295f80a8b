"""The grammar of keys that name files of this machine: `assets`, `include` and `secrets`. Pure: none is looked at."""

from __future__ import annotations

import posixpath
import re
import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from cargo_stow.image_values import Asset, Secret
from cargo_stow.patterns import Pattern
from cargo_stow.settings import image
from cargo_stow.settings.grammar import variable_name
from cargo_stow.settings.kinds import (
    LONGEST_TEXT,
    Kind,
    array,
    inline,
    kind_of,
    matching,
    parse_field,
    quoted,
    string,
    table,
    whole,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_LONGEST_PATH = 1024
_MODE = re.compile(r"0?[0-7]{3}")
# What the one who runs a container mounts over, and what a build cannot write for that.
_MOUNTED = re.compile(r"/(?:(?:proc|sys|dev)(?:/.*)?|etc/(?:hosts|hostname|resolv\.conf))")
_SECRET = re.compile(r"[a-z0-9][a-z0-9_.-]*")
_OWN_SECRETS = "cargo-stow-"


def _parse_path(value: object) -> str:
    text = string(value)
    if len(text) > _LONGEST_PATH:
        raise ValueError(f"it is longer than {_LONGEST_PATH} characters")
    if any(unicodedata.category(character) == "Cc" for character in text) or text != text.strip():
        raise ValueError("it has a control character, or a blank at its beginning or end")
    return text


def _parse_pattern(value: object, *, goes_up: bool = False) -> Pattern:
    """A path or pattern relative to the package's directory, in its shortest form."""
    text = _parse_path(value)
    if text.startswith("/"):
        raise ValueError("it is an absolute path; paths here are relative to the package's directory")
    if ".." in text.split("/") and not goes_up:
        raise ValueError("`..` leads out of the package's directory")
    parts = posixpath.normpath(text).split("/")
    kept = [part for index, part in enumerate(parts) if part != "**" or parts[index - 1 : index] != ["**"]]
    return Pattern("/".join(kept))


def _parse_source(value: object) -> Pattern:
    return _parse_pattern(value)


def _parse_include(value: object) -> str:
    return str(_parse_pattern(value, goes_up=True))


def _parse_target(value: object) -> str:
    """An absolute path of the image; a slash at its end says that it is a directory."""
    text = cast("str", image.path.parse(value))
    path = posixpath.normpath(text)
    if _MOUNTED.fullmatch(path):
        raise ValueError("whoever runs a container mounts something else there")
    return path if not text.endswith("/") or path == "/" else f"{path}/"


def _parse_mode(value: object) -> str:
    """A mode in octal digits. A number would be read as decimal by whoever forgets `0o`."""
    if isinstance(value, int) and not isinstance(value, bool):
        raise ValueError('a mode is a string of octal digits, as "0644"')  # noqa: TRY004
    text = string(value)
    if not _MODE.fullmatch(text):
        raise ValueError('expected a mode of three octal digits, as "0644"; no file is set-user-ID')
    return text.rjust(4, "0")


_source = Kind(parse=_parse_source, schema={"type": "string", "minLength": 1, "maxLength": _LONGEST_PATH})
_target = Kind(parse=_parse_target, schema=image.path.schema)
_mode = Kind(parse=_parse_mode, schema={"type": "string", "pattern": f"^{_MODE.pattern}$"})
_FIELDS = {"source": _source, "target": _target, "mode": _mode, "owner": image.user}
_SHORT = "SOURCE:TARGET[:MODE]"


def _parse_asset(value: object) -> Asset:
    given = _short(value) if isinstance(value, str) else value
    found = parse_fields(given, _FIELDS, required=("source", "target"), expected=f"a table, or {_SHORT}")
    return Asset(**found)  # type: ignore[arg-type]


def _short(text: str) -> Mapping[str, object]:
    parts = string(text).split(":")
    if len(parts) not in {2, 3}:
        raise ValueError(f"expected {_SHORT}; a path with a `:` needs a table, with `source` and `target`")
    return dict(zip(("source", "target", "mode"), parts, strict=False))


def parse_fields(
    value: object, known: Mapping[str, Kind], *, required: tuple[str, ...], expected: str
) -> dict[str, object]:
    """Parse a table that has these keys and no others. Raises ValueError."""
    if not isinstance(value, dict):
        raise ValueError(f"expected {expected}, not {kind_of(value)}")  # noqa: TRY004 - one kind of error
    for key in value:
        if key not in known:
            raise ValueError(f"there is no {quoted(str(key))}; it has {', '.join(known)}")
    for key in required:
        if key not in value:
            raise ValueError(f"it has no `{key}`")
    return {key: parse_field(known[key], key, entry) for key, entry in value.items()}


def _lines(text: str) -> object:
    """Items, one a line, for paths have blanks; or as TOML has an array."""
    if text.lstrip().startswith("["):
        return inline(text)
    return [line.strip() for line in text.splitlines() if line.strip()]


_asset = Kind(
    parse=_parse_asset,
    schema={
        "anyOf": [
            {"type": "string", "pattern": whole(rf"[^:]+:{str(image.path.schema['pattern'])[1:-1]}(?::0?[0-7]{{3}})?")},
            {
                "type": "object",
                "properties": {name: kind.schema for name, kind in _FIELDS.items()},
                "required": ["source", "target"],
                "additionalProperties": False,
            },
        ]
    },
)
assets = replace(array(_asset, from_text=_lines, longest=LONGEST_TEXT), metavar=_SHORT)
_include = Kind(parse=_parse_include, schema=_source.schema)
include = replace(array(_include, from_text=_lines, longest=LONGEST_TEXT), metavar="PATTERN")


_secret_name = matching(_SECRET, "a secret's name: lower-case letters, digits, `.`, `_` and `-`")


def _parse_secret_name(value: object) -> object:
    name = cast("str", _secret_name.parse(value))
    if name.startswith(_OWN_SECRETS):
        raise ValueError(f"names that begin with `{_OWN_SECRETS}` are those of cargo-stow's own secrets")
    return name


_path = Kind(parse=_parse_path, schema=_source.schema)
_SOURCES = {"env": variable_name, "file": _path}


def _parse_secret(value: object) -> Secret:
    """Where a secret comes from; what is written there is in no message, for people write the secret itself."""
    found = parse_fields(value, _SOURCES, required=(), expected='`{ env = "VARIABLE" }` or `{ file = "path" }`')
    if len(found) != 1:
        raise ValueError("it has either `env` or `file`")
    return Secret(variable=cast("str | None", found.get("env")), file=cast("str | None", found.get("file")))


def _secret_from_text(text: str) -> object:
    """Secrets as Docker's own option has them, one a line, or as TOML has an inline table."""
    return inline(text) if text.lstrip().startswith("{") else dict(map(_docker_secret, text.splitlines()))


def _docker_secret(line: str) -> tuple[str, object]:
    fields = [field.partition("=")[::2] for field in line.strip().split(",")]
    given = {{"src": "file", "source": "file"}.get(key, key): value for key, value in fields}
    if len(given) != len(fields) or given.keys() - {"id", "env", "file", "type"} or "id" not in given:
        raise ValueError("expected id=NAME,env=VARIABLE or id=NAME,src=FILE")
    return given["id"], {key: given[key] for key in ("env", "file") if key in given}


def place_secrets(value: object, directory: Path) -> object:
    """Put relative paths of files into the directory of the manifest that they stand in."""
    return {name: _placed(each, directory) for name, each in cast("dict[str, object]", value).items()}


def _placed(secret: object, directory: Path) -> object:
    if not isinstance(secret, Secret) or secret.file is None or secret.file.startswith("~/"):
        return secret
    return replace(secret, file=str(directory / secret.file))


secrets = replace(
    table(
        Kind(parse=_parse_secret_name, schema={**_secret_name.schema, "not": {"pattern": f"^{_OWN_SECRETS}"}}),
        Kind(
            parse=_parse_secret,
            schema={
                "type": "object",
                "properties": {name: kind.schema for name, kind in _SOURCES.items()},
                "additionalProperties": False,
                "minProperties": 1,
                "maxProperties": 1,
            },
        ),
        example='{ token = { env = "TOKEN" } }',
    ),
    from_text=_secret_from_text,
    metavar="id=NAME,env=VARIABLE|src=FILE",
    place=place_secrets,
    is_private=True,
)
