"""The catalog of manifest keys: name, grammar, default and meaning, each written once.

Flags, environment variables and the checks of the manifest all read this table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cargo_stow.settings import grammar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# The toolchain used where neither the crate's toolchain file nor the key `toolchain` names one. Moved by a release.
DEFAULT_CHANNEL = "1.95"
# A user that needs no passwd entry; the number that distroless images call "nonroot".
NON_ROOT = "65532:65532"


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key of the section. `parse` raises ValueError; `default` is the parsed value where nothing is given.

    `from_text` turns the text of an environment variable into the value that a manifest would hold.
    """

    parse: Callable[[object], object]
    default: object = None
    meaning: str
    from_text: Callable[[str], object] = str


KEYS: Mapping[str, Key] = {
    "target_image": Key(parse=grammar.target, meaning="the image's reference; default <package>:<version>"),
    "base_image": Key(parse=grammar.base, meaning="the one base image of both stages"),
    "build_deps": Key(
        parse=grammar.packages, default=(), from_text=grammar.split, meaning="packages only the build needs"
    ),
    "runtime_deps": Key(
        parse=grammar.packages, default=(), from_text=grammar.split, meaning="packages the program needs"
    ),
    "bin": Key(parse=grammar.cargo_name, meaning="which executable of the package goes into the image"),
    "features": Key(parse=grammar.features, default=(), from_text=grammar.split, meaning="Cargo features to activate"),
    "all_features": Key(
        parse=grammar.boolean, default=False, from_text=grammar.truth, meaning="activate all Cargo features"
    ),
    "no_default_features": Key(
        parse=grammar.boolean, default=False, from_text=grammar.truth, meaning="leave out the default features"
    ),
    "profile": Key(parse=grammar.profile, default="release", meaning="the Cargo profile"),
    "toolchain": Key(parse=grammar.toolchain, meaning="Rust channel or toolchain image, if no toolchain file says it"),
    "user": Key(parse=grammar.user, default=NON_ROOT, meaning="whom the program runs as; `root` turns non-root off"),
}

# Spellings of a second base that people try; the whole point of the tool is that there is none.
SECOND_BASES = frozenset(
    {
        "build_image", "builder_image", "build_base", "build_base_image", "base_build_image", "builder", "build_stage",
        "runtime_image", "runtime_base", "runtime_base_image", "base_runtime_image", "run_image", "run_base",
        "final_image", "final_base", "deploy_image", "runner_image", "runtime", "from",
    }
)  # fmt: skip


def variable(key: str) -> str:
    """The environment variable of a key."""
    return f"CARGO_STOW_{key.upper()}"


def flag(key: str) -> str:
    """The command-line flag of a key."""
    return "--" + key.replace("_", "-")
