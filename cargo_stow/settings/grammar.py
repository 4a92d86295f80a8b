"""The grammar of what decides how a crate is compiled, and on what. Pure: a raw value in, a typed one out.

Everything that reaches a Dockerfile or a command line passes through here, `image.py` or `reference.py`; nothing that
passes can begin with a dash where a word would be an option, or mean anything to a shell or to Docker's parser that is
not quoted in `dockerfile.py`.
"""

from __future__ import annotations

import re

from cargo_stow.reference import DIGEST, GRAMMAR, IDENTIFIER, ImageRef, parse_reference
from cargo_stow.settings.kinds import Kind, array, kind_of, matching, string, whole
from cargo_stow.settings.package_names import ANY_PACKAGE
from cargo_stow.settings.toolchain import CHANNEL, SOURCES, parse_toolchain

# What `cargo new` accepts, in ASCII, and target names with dots that older manifests have.
_CARGO_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*")
_FEATURE = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9_-]*\??/)?[A-Za-z0-9_][A-Za-z0-9_.+-]*")
# Cargo's own rule for the names of profiles (its restricted_names.rs).
_PROFILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*")
# POSIX.1-2017, section 8.1: what a shell takes as a variable's name.
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_TRUTHS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}

cargo_name = matching(_CARGO_NAME, "letters, digits, `-`, `_`, `.` or `+`, not beginning with `-`")
package = matching(
    ANY_PACKAGE, "a package name: letters, digits, `+`, `-`, `.`, `_`, optionally with a version", metavar="LIST"
)
feature = matching(_FEATURE, "a Cargo feature, as `tls` or `dependency/tls`", metavar="LIST")
variable_name = matching(_VARIABLE, "a variable's name: letters, digits and `_`, not beginning with a digit")
_profile = matching(_PROFILE, "a Cargo profile: letters, digits, `-` or `_`, not beginning with `-`")
cargo_names = array(cargo_name)
packages = array(package)
features = array(feature)
# In the place of packages, or among them: those that have what the executables are linked with.
AUTO = "auto"
runtime_packages = Kind(
    parse=lambda value: packages.parse([value] if value == AUTO else value),
    schema={"anyOf": [{"const": AUTO}, packages.schema]},
    from_text=packages.from_text,
    metavar=packages.metavar,
)


def _parse_profile(value: object) -> object:
    if value == "debug":
        raise ValueError("cargo calls that profile `dev`")
    return _profile.parse(value)


profile = Kind(parse=_parse_profile, schema={**_profile.schema, "not": {"const": "debug"}}, metavar="NAME")


def _parse_boolean(value: object) -> bool:
    if isinstance(value, bool):
        return value
    quotes = ", without quotes" if value in ("true", "false") else ""
    raise ValueError(f"expected true or false{quotes}, not {kind_of(value)}")


def truth(text: str) -> object:
    """The boolean that the text of an environment variable means; other text is left to be refused."""
    return _TRUTHS.get(text.lower(), text)


boolean = Kind(parse=_parse_boolean, schema={"type": "boolean"}, from_text=truth)


def _parse_bins(value: object) -> object:
    if value is True:
        return True
    if isinstance(value, bool) or not isinstance(value, (list, tuple)):
        raise ValueError(f"expected an array of names, or true for all, not {kind_of(value)}")  # noqa: TRY004
    if not value:
        raise ValueError("it is empty")
    return tuple(dict.fromkeys(cargo_names.parse(value)))  # type: ignore[call-overload]


def _bins_from_text(text: str) -> object:
    return True if text.lower() == "true" else cargo_names.from_text(text)


bins = Kind(
    parse=_parse_bins,
    schema={"anyOf": [{"const": True}, {**cargo_names.schema, "minItems": 1}]},
    from_text=_bins_from_text,
    metavar="LIST",
)


def _parse_base(value: object) -> ImageRef:
    found = parse_reference(string(value))
    if found.name == "scratch":
        raise ValueError("`scratch` is no image; the program needs the libraries it is linked with")
    return found


base = Kind(
    parse=_parse_base,
    schema={
        "type": "string",
        "pattern": whole(f"(?:{GRAMMAR.name})(?::{GRAMMAR.tag})?(?:@{DIGEST})?"),
        "not": {"pattern": whole(rf"scratch(?:[:@].*)?|{IDENTIFIER}")},
    },
    metavar="IMAGE",
)


_PLATFORM = re.compile(r"linux/[a-z0-9]+(?:/[a-z0-9.]+)?")
platforms = array(matching(_PLATFORM, "a platform, as linux/amd64 or linux/arm/v7", metavar="PLATFORM"))


backend = matching(re.compile(r"auto|docker|youki"), "one of auto, docker, youki", metavar="[auto|docker|youki]")


def _parse_toolchain(value: object) -> str:
    return parse_toolchain(string(value))


_TOOLCHAIN_IMAGE = rf"(?:{GRAMMAR.name})(?::{GRAMMAR.tag}(?:@{DIGEST})?|@{DIGEST})"
toolchain = Kind(
    parse=_parse_toolchain,
    schema={
        "type": "string",
        "pattern": whole(rf"{CHANNEL.pattern}|{'|'.join(SOURCES)}|{_TOOLCHAIN_IMAGE}"),
        "not": {"pattern": whole(IDENTIFIER)},
    },
    metavar="CHANNEL",
)
