"""The catalog of manifest keys: name, kind, default and meaning, each written once.

Flags, environment variables, the checks of the manifest and the JSON Schema all read this table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cargo_stow.settings import build_env, files, grammar, healthcheck, image, templates

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cargo_stow.settings.kinds import Kind

# A user that needs no passwd entry; the number that distroless images call "nonroot".
NON_ROOT = "65532:65532"


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key of the section. `default` is the parsed value where nothing is given; `flag` is its name, if another."""

    kind: Kind
    default: object = None
    meaning: str
    flag: str = ""


KEYS: Mapping[str, Key] = {
    "target_image": Key(kind=templates.target, meaning="the image's reference; default <package>:<version>"),
    "tags": Key(kind=templates.tags, default=(), flag="--tag", meaning="more tags of the image, as {version}"),
    "base_image": Key(kind=grammar.base, meaning="the one base image of both stages"),
    "build_deps": Key(kind=grammar.packages, default=(), meaning="packages only the build needs"),
    "runtime_deps": Key(
        kind=grammar.runtime_packages, default=(), meaning="packages the program needs; `auto` infers them"
    ),
    "bin": Key(kind=grammar.cargo_name, meaning="which executable of the package goes into the image"),
    "bins": Key(kind=grammar.bins, meaning="several executables for the image, the first is what runs; true for all"),
    "features": Key(kind=grammar.features, default=(), meaning="Cargo features to activate"),
    "all_features": Key(kind=grammar.boolean, default=False, meaning="activate all Cargo features"),
    "no_default_features": Key(kind=grammar.boolean, default=False, meaning="leave out the default features"),
    "profile": Key(kind=grammar.profile, default="release", meaning="the Cargo profile"),
    "toolchain": Key(
        kind=grammar.toolchain, meaning="Rust channel, toolchain image, or `base`, `apt`, `apk`, `dnf`, `rustup`"
    ),
    "platforms": Key(
        kind=grammar.platforms,
        default=(),
        meaning="what the image runs on, if not this machine's own kind; several make an index",
    ),
    "backend": Key(
        kind=grammar.backend,
        default="auto",
        meaning="who builds: `docker`, `youki` without a daemon, or `auto`: docker where an engine answers",
    ),
    "build_env": Key(kind=build_env.build_env, default={}, meaning="variables of the build, as SQLX_OFFLINE=true"),
    "include": Key(
        kind=files.include, default=(), meaning="files the build reads outside the package; `.git` for a stamp"
    ),
    "secrets": Key(
        kind=files.secrets,
        default={},
        flag="--secret",
        meaning="secrets of the build, which finds them in /run/secrets/NAME",
    ),
    "assets": Key(kind=files.assets, default=(), meaning="files of the package for the image, as static:/srv/www"),
    "minimal": Key(
        kind=grammar.boolean,
        default=False,
        meaning="of the base only what the program is linked with: no shell, no package manager",
    ),
    "env": Key(kind=image.environment, default={}, meaning="variables of the program; $NAME is what the base sets"),
    "labels": Key(kind=image.labels, default={}, meaning="labels of the image; false leaves a default one out"),
    "annotations": Key(kind=image.labels, default={}, meaning="annotations of the image's manifest"),
    "ports": Key(kind=image.ports, default=(), meaning="ports the program listens on, as 8080 or 53/udp"),
    "volumes": Key(kind=image.paths, default=(), meaning="directories of the program's data"),
    "workdir": Key(kind=image.path, meaning="the directory the program starts in"),
    "user": Key(kind=image.user, default=NON_ROOT, meaning="whom the program runs as; `root` turns non-root off"),
    "entrypoint": Key(kind=image.command, meaning="what is run; default the executable"),
    "cmd": Key(kind=image.command, default=(), meaning="arguments for it, where none are given"),
    "stop_signal": Key(kind=image.stop_signal, meaning="the signal that is to end the program"),
    "healthcheck": Key(kind=healthcheck.healthcheck, meaning="a command that says whether the program is well"),
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
    return KEYS[key].flag or "--" + key.replace("_", "-")
