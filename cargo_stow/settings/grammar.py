"""The grammar of each kind of value. Pure functions: a raw value in, a typed one out, ValueError with one sentence.

Everything that reaches a Dockerfile or a command line passes through here or through `reference.py`; nothing that
passes can begin with a dash, hold white space, or mean anything to a shell or to Docker's parser.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cargo_stow.reference import ImageRef, parse_reference

if TYPE_CHECKING:
    from collections.abc import Callable

# Debian policy, section 5.6.1 (names) and 5.6.12 (versions); a trailing "-" would tell apt to remove the package.
_PACKAGE = re.compile(
    r"[a-z0-9][a-z0-9.+-]*[a-z0-9.+](?::[a-z0-9]+(?:-[a-z0-9]+)*)?(?:=[A-Za-z0-9.+:~-]*[A-Za-z0-9.+~])?"
)
# What `cargo new` accepts, in ASCII, and target names with dots that older manifests have.
_CARGO_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*")
_FEATURE = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9_-]*\??/)?[A-Za-z0-9_][A-Za-z0-9_.+-]*")
# Cargo's own rule for the names of profiles (its restricted_names.rs).
_PROFILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*")
# No `\d` anywhere: in a Python pattern it is any digit of Unicode.
_CHANNEL = re.compile(r"stable|beta|nightly(?:-[0-9]{4}-[0-9]{2}-[0-9]{2})?|[0-9]+\.[0-9]+(?:\.[0-9]+)?")
_ACCOUNT = r"(?:[A-Za-z_][A-Za-z0-9_-]{0,31}|[0-9]{1,10})"
_USER = re.compile(rf"{_ACCOUNT}(?::{_ACCOUNT})?")
_LAST_ID = 2**32 - 2
_BOOLEANS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
# A file name has at most 255 bytes. Docker 20.10 reads at most 64 KiB a line, and a list stands on one.
_LONGEST, _LONGEST_ARRAY = 255, 32_000
_LONGEST_SHOWN = 80


def _pattern(pattern: re.Pattern[str], expected: str) -> Callable[[object], str]:
    def parse(value: object) -> str:
        text = string(value)
        if len(text) > _LONGEST:
            raise ValueError(f"it is longer than {_LONGEST} characters")
        if not pattern.fullmatch(text):
            raise ValueError(f"expected {expected}")
        return text

    return parse


def string(value: object) -> str:
    """A TOML string that is not empty."""
    if not isinstance(value, str):
        raise ValueError(f"expected a string, not {kind(value)}")  # noqa: TRY004 - one kind of error for the caller
    if not value:
        raise ValueError("it is empty")
    return value


cargo_name = _pattern(_CARGO_NAME, "letters, digits, `-`, `_`, `.` or `+`, not beginning with `-`")
_package = _pattern(_PACKAGE, "a Debian package name: lower-case letters, digits, `+`, `-`, `.`, optionally `=version`")
_feature = _pattern(_FEATURE, "a Cargo feature, as `tls` or `dependency/tls`")
_profile = _pattern(_PROFILE, "a Cargo profile: letters, digits, `-` or `_`, not beginning with `-`")


def profile(value: object) -> str:
    """The name of a Cargo profile."""
    if value == "debug":
        raise ValueError("cargo calls that profile `dev`")
    return _profile(value)


def boolean(value: object) -> bool:
    """A TOML boolean."""
    if isinstance(value, bool):
        return value
    raise ValueError("expected true or false" + (", without quotes" if value in ("true", "false") else ""))


def base(value: object) -> ImageRef:
    """The reference of the base image."""
    found = parse_reference(string(value))
    if found.name == "scratch":
        raise ValueError("`scratch` is no image; the program needs the libraries it is linked with")
    return found


def target(value: object) -> ImageRef:
    """The reference that an image is to have: a digest is what it gets, and cannot be wished for."""
    found = parse_reference(string(value))
    if found.digest:
        raise ValueError("an image that is yet to be built has no digest; leave `@sha…` out")
    return found


def user(value: object) -> str:
    """`user[:group]`, by name or number. A number alone gets its own number as group, not root's."""
    text = string(value)
    if not _USER.fullmatch(text):
        raise ValueError("expected a user name or number, optionally `:group`")
    if any(int(part) > _LAST_ID for part in text.split(":") if part.isdigit()):
        raise ValueError(f"a user or group number is at most {_LAST_ID}")
    return f"{text}:{text}" if text.isdigit() else text


def toolchain(value: object) -> str:
    """A Rust channel (`1.90`, `stable`, `nightly-2026-01-01`) or the reference of a toolchain image."""
    text = string(value)
    if _CHANNEL.fullmatch(text):
        return text
    try:
        named = parse_reference(text)
    except ValueError:
        named = ImageRef(name=text)
    if named.tag or named.digest:
        return text
    raise ValueError("expected a channel, as `1.90` or `stable`, or an image with a tag, as `registry/rust:1.90`")


def array(item: Callable[[object], str]) -> Callable[[object], tuple[str, ...]]:
    """An array of items."""

    def parse(value: object) -> tuple[str, ...]:
        if isinstance(value, str):
            raise ValueError("expected an array of strings, not a string")  # noqa: TRY004
        if not isinstance(value, (list, tuple)):
            raise ValueError(f"expected an array of strings, not {kind(value)}")  # noqa: TRY004
        items = tuple(_item(item, entry) for entry in value)
        if sum(map(len, items)) > _LONGEST_ARRAY:
            raise ValueError(f"its items have more than {_LONGEST_ARRAY} characters together")
        return items

    return parse


def _item(item: Callable[[object], str], entry: object) -> str:
    try:
        return item(entry)
    except ValueError as error:
        raise ValueError(f"{shown(entry)}: {error}") from error


packages = array(_package)
features = array(_feature)


def split(text: str) -> list[str]:
    """The items of an array given as text: a flag's, or an environment variable's."""
    return [item for item in re.split(r"[,\s]+", text) if item]


def truth(text: str) -> object:
    """The boolean that the text of an environment variable means; other text is left to `boolean` to refuse."""
    return _BOOLEANS.get(text.lower(), text)


def shown(value: object) -> str:
    """A value as a message quotes it, on one line and not longer than a reader needs."""
    text = repr(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def kind(value: object) -> str:
    """What TOML calls a value's type, for messages."""
    names = {bool: "a boolean", int: "an integer", float: "a float", str: "a string", list: "an array", dict: "a table"}
    return names.get(type(value), "a date or time")
