"""The grammar of `build_env`, and cargo's own variables among those of the caller that decide what is compiled. Pure.

Source: The Cargo Book, "Environment Variables" and "Configuration"; the rustup book, "Environment variables".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cargo_stow.settings.grammar import variable_name
from cargo_stow.settings.image import text
from cargo_stow.settings.kinds import LONGEST_TEXT, Kind, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_OWN = "cargo-stow sets it itself"
_LOADER = "every program of the build would load it"
_REFUSED: Mapping[str, str] = {
    "PATH": "programs are found by the base image's, with the toolchain's before it; name them whole",
    "HOME": "that of the builder holds what git and ssh are lent",
    **dict.fromkeys(("CARGO_HOME", "CARGO_TARGET_DIR", "CARGO_BUILD_TARGET_DIR", "CARGO_BUILD_BUILD_DIR"), _OWN),
    **dict.fromkeys(("RUSTUP_HOME", "DEBIAN_FRONTEND"), _OWN),
    "RUSTUP_TOOLCHAIN": "the key `toolchain` says which one it is",
    "CARGO_BUILD_TARGET": "say it as `build.target` in .cargo/config.toml, which decides where the executable is, too",
    "CARGO_ENCODED_RUSTFLAGS": "no Dockerfile can hold what separates its flags; RUSTFLAGS has them apart by blanks",
    "CARGO_NET_OFFLINE": "the flag --offline says that",
    **dict.fromkeys(("LD_PRELOAD", "LD_LIBRARY_PATH", "LD_AUDIT"), _LOADER),
    **dict.fromkeys(("ENV", "BASH_ENV", "IFS"), "the shell that runs the steps reads it"),
    **dict.fromkeys(
        (f"{name}_PROXY" for name in ("HTTP", "HTTPS", "FTP", "ALL", "NO")),
        "a proxy is taken from your own environment, and is no part of an image",
    ),
    **dict.fromkeys(("SSL_CERT_FILE", "CARGO_HTTP_CAINFO"), "it is taken from your own environment, as a secret"),
    "SSH_AUTH_SOCK": "the agent is lent by Docker",
}
_TOKEN = re.compile(r"CARGO_REGISTR(?:Y|IES_[A-Z0-9_]+)_(?:TOKEN|SECRET_KEY)")
_PROFILE = re.compile(r"CARGO_PROFILE_[A-Z0-9_]+")
_FLAGS = re.compile(r"CARGO_TARGET_[A-Z0-9_]+_RUSTFLAGS")
_DECIDING = frozenset({"RUSTFLAGS", "CARGO_BUILD_RUSTFLAGS", "CARGO_INCREMENTAL", "RUSTC_BOOTSTRAP"})
_ENCODED, _SEPARATOR = "CARGO_ENCODED_RUSTFLAGS", "\x1f"


def _parse_name(value: object) -> object:
    name = str(variable_name.parse(value))
    reason = _REFUSED.get(name.upper() if name.upper().endswith("_PROXY") else name)
    if _TOKEN.fullmatch(name):
        reason = "a token would be in the image's history; it is taken from your own environment, as a secret"
    if reason:
        raise ValueError(f"it may not be set for a build: {reason}")
    return name


build_env = table(
    Kind(parse=_parse_name, schema={**variable_name.schema, "not": {"enum": sorted(_REFUSED)}}),
    text,
    example='{ SQLX_OFFLINE = "true" }',
    longest=LONGEST_TEXT,
)


def cargo_variables(environment: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Yield name and value of what the caller's cargo would go by, and the variable that says it."""
    for name in sorted(environment):
        is_one = name in _DECIDING or _PROFILE.fullmatch(name) or _FLAGS.fullmatch(name)
        if is_one and not (name == "RUSTFLAGS" and _ENCODED in environment):
            yield name, environment[name], name
    if _ENCODED in environment:
        yield "RUSTFLAGS", _decoded(environment[_ENCODED]), _ENCODED


def _decoded(flags: str) -> str:
    """The flags apart by blanks; with a blank in one of them as they were, which then is refused."""
    return flags if " " in flags else flags.replace(_SEPARATOR, " ")
