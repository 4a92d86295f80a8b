"""What it takes to run cargo in a step: its caches, secrets and environment, its command lines."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from cargo_stow.plan import CacheMount, Run, SecretMount
from cargo_stow.planner.secrets import GIT_SECRETS, cargo_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cargo_stow.model import Closure, Package
    from cargo_stow.plan import Mount
    from cargo_stow.planner.rust import Rust
    from cargo_stow.platforms import Platform
    from cargo_stow.settings import Settings

# One tree for cargo: `src` are the sources, `target` what was compiled of them.
BUILD = PurePosixPath("/build")
SOURCE = BUILD / "src"
TARGET = BUILD / "target"
# Intermediate files too, wherever the configuration wants to have them: what is not here is not kept fresh.
_TARGET_VARIABLES = (("CARGO_TARGET_DIR", str(TARGET)), ("CARGO_BUILD_BUILD_DIR", str(TARGET)))
# The platforms that cargo's home may be filled for beforehand; on others the compile itself fetches what it needs.
# Of arm the variant counts; those of others are faster machines of the same kind.
_MACHINES = {
    "amd64": ("x86_64", ""),
    "arm64": ("aarch64", ""),
    "arm/v7": ("armv7", "eabihf"),
    "arm/v6": ("arm", "eabihf"),
    "386": ("i686", ""),
}


def run_cargo(
    rust: Rust,
    directory: PurePosixPath,
    mounts: tuple[Mount, ...],
    commands: tuple[tuple[str, ...], ...],
    settings: Settings,
    *,
    git: bool,
) -> Run:
    """Return a step that runs cargo in a directory below `SOURCE`; `git` says whether it may ask a git server.

    Of the settings, it takes the variables and the secrets.
    """
    secrets = (SecretMount(id=name, target=f"/run/secrets/{name}", is_required=True) for name, _ in settings.secrets)
    return Run(
        mounts=(
            *mounts,
            *rust.mounts,
            # The whole of cargo's home, for in it lies the lock by which cargo keeps two that fetch apart.
            CacheMount(id="cargo-stow-cargo-home", target="/cargo", sharing="shared"),
            *cargo_secrets(rust.manager),
            *(GIT_SECRETS if git else ()),
            *secrets,
        ),
        path=rust.path,
        environment=(*rust.environment, ("CARGO_HOME", "/cargo"), *_TARGET_VARIABLES, *settings.build_env),
        directory=str(SOURCE / directory),
        commands=commands,
    )


def fetch(closure: Closure, platforms: tuple[Platform, ...], rust: Rust) -> tuple[str, ...]:
    """Return the command that fetches what a build for any of the platforms can need, whatever its features."""
    triples = dict.fromkeys(filter(None, (*(_triple(each, rust) for each in platforms), closure.target)))
    return ("cargo", "fetch", *(word for triple in triples for word in ("--target", triple)))


def _triple(platform: Platform, rust: Rust) -> str | None:
    """What rustc calls the platform of a base. Of all that have a package manager here, Alpine's alone have musl."""
    libc = "musl" if rust.manager == "apk" else "gnu"
    names = (f"{platform.architecture}/{platform.variant}", platform.architecture)
    machine, abi = next((_MACHINES[name] for name in names if name in _MACHINES), (None, ""))
    return f"{machine}-unknown-linux-{libc}{abi}" if machine else None


def build(package: Package, settings: Settings, directory: PurePosixPath | None = None) -> tuple[str, ...]:
    """Return the command that compiles the executables, without `--locked`.

    `directory` is where the package is below `SOURCE`, needed where its name is that of another package too.
    """
    name = package.name if directory is None else f"{_url(SOURCE / directory)}#{package.name}"
    return tuple(_build(name, settings))


def _url(path: PurePosixPath) -> str:
    """Escape what has a meaning in a URL; cargo escapes the rest when it reads one, as it does with its own."""
    return "file://" + re.sub(r"[%#?\\]", lambda found: f"%{ord(found[0]):02X}", str(path))


def _build(package: str, settings: Settings) -> Iterator[str]:
    yield from ("cargo", "build", "--package", package)
    for each in settings.bins:
        yield from ("--bin", each)
    yield from ("--release",) if settings.profile == "release" else ("--profile", settings.profile)
    if settings.features:
        yield from ("--features", ",".join(settings.features))
    if settings.all_features:
        yield "--all-features"
    if settings.no_default_features:
        yield "--no-default-features"
