"""(Closure, Settings, Lock) → Plan: which steps make this crate an image. Pure, as plan.py is.

base       the one base image                       toolchain   only a source of files
builder    base + C linker + build_deps
build      builder: the toolchain, the sources and cargo's caches mounted; compiles, leaves the executable in /out
runtime    base + runtime_deps + the executable
"""

from __future__ import annotations

import hashlib
import os
import unicodedata
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from cargo_stow.context import VERSION_CONTROL
from cargo_stow.errors import UsageError
from cargo_stow.plan import (
    CacheMount,
    Context,
    ContextMount,
    Copy,
    ImageConfig,
    Plan,
    Run,
    SecretMount,
    Stage,
    StageMount,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from cargo_stow.model import Closure, Package, Platform, Workspace
    from cargo_stow.reference import ImageRef
    from cargo_stow.settings import Settings

# Always in the builder: a C linker and its headers for rustc, and the certificates cargo trusts registries by.
BUILDER_PACKAGES = ("ca-certificates", "gcc", "libc6-dev")
CA_BUNDLE = SecretMount(id="cargo-stow-ca", target="/etc/ssl/certs/ca-certificates.crt")
_SOURCE = PurePosixPath("/src")
_TARGET = PurePosixPath("/target")
_OUT = PurePosixPath("/out")
_BATCH = 200
# Without Pattern-Only, apt-get reads a name it does not find as a regular expression and installs whatever matches.
_APT = ("apt-get", "-o", "DPkg::Lock::Timeout=60", "-o", "APT::Cmd::Pattern-Only=true")
# What a package manager leaves behind that differs from run to run; lists and archives are in mounts.
_APT_LEFTOVERS = (
    "/var/log/apt",
    "/var/log/dpkg.log",
    "/var/log/alternatives.log",
    "/var/cache/ldconfig/aux-cache",
    "/var/cache/debconf/config.dat-old",
    "/var/cache/debconf/templates.dat-old",
    "/var/lib/dpkg/diversions-old",
    "/var/lib/dpkg/status-old",
)
# Read by rustup, cargo-stow, Docker or doit, never by the build: a change of them alone must compile nothing again.
# (With a toolchain file in the context rustup would fetch that channel, instead of using the toolchain that is lent.)
_NOT_SOURCES = (
    "rust-toolchain",
    "rust-toolchain.toml",
    "Stow.lock",
    "Dockerfile",
    "Dockerfile.dockerignore",
    ".dockerignore",
    "target",
    # doit's, where a pipeline lies beside Cargo.toml; which of the state files there is depends on Python's dbm.
    "dodo.py",
    "__pycache__",
    ".doit.db",
    ".doit.db.bak",
    ".doit.db.dat",
    ".doit.db.db",
    ".doit.db.dir",
    ".doit.db-journal",
    ".doit.db-shm",
    ".doit.db-wal",
)


def make_plan(
    *,
    workspace: Workspace,
    closure: Closure,
    settings: Settings,
    base: ImageRef,
    toolchain: ImageRef,
    platform: Platform,
) -> Plan:
    """Lay out the stages for one executable of one package.

    `base` and `toolchain` are the references to build from, as the lock pins them. The context's root is
    `closure.root`.
    """
    build_packages = tuple(sorted({*BUILDER_PACKAGES, *settings.build_deps}))
    stages = (
        Stage(name="base", parent=base, comment="the one base image: what is compiled on it runs on it"),
        Stage(name="toolchain", parent=toolchain, comment="only lends its files to the compile step"),
        Stage(name="builder", parent="base", steps=(_install("builder", base, build_packages),)),
        Stage(name="build", parent="builder", steps=(_compile(closure, settings),)),
        Stage(name="runtime", parent="base", steps=tuple(_runtime_steps(base, settings))),
    )
    return Plan(
        package=closure.sources[0].name,
        bin=settings.bin,
        platform=platform,
        stages=stages,
        config=ImageConfig(user=settings.user, entrypoint=(f"/usr/bin/{settings.bin}",)),
        context=make_context(workspace, closure),
    )


def _install(stage: str, base: ImageRef, packages: tuple[str, ...]) -> Run:
    """Install Debian packages; lists and archives stay in mounts, one per stage so that both can install at once."""
    key = hashlib.sha256(str(base).encode()).hexdigest()[:12]
    return Run(
        mounts=(
            CacheMount(id=f"cargo-stow-apt-lists-{stage}-{key}", target="/var/lib/apt/lists"),
            CacheMount(id=f"cargo-stow-apt-archives-{stage}-{key}", target="/var/cache/apt"),
        ),
        environment=(("DEBIAN_FRONTEND", "noninteractive"),),
        commands=(
            (*_APT, "update"),
            (*_APT, "install", "--yes", "--no-install-recommends", "--", *packages),
            ("rm", "-rf", *_APT_LEFTOVERS),
        ),
    )


def _compile(closure: Closure, settings: Settings) -> Run:
    executable = _TARGET / (closure.target or "") / settings.profile_directory / settings.bin
    return Run(
        mounts=(
            ContextMount(target=str(_SOURCE)),
            # rustup makes a directory beside its toolchains when it runs, if the image came without it.
            StageMount(stage="toolchain", source="/usr/local/rustup", target="/usr/local/rustup", scratch=True),
            StageMount(stage="toolchain", source="/usr/local/cargo", target="/usr/local/cargo"),
            # Locked, for cargo's own lock lies in /cargo, which each build has for itself: two that unpack the same
            # crate at once fail, or compile from what is half unpacked.
            CacheMount(id="cargo-stow-registry", target="/cargo/registry"),
            CacheMount(id="cargo-stow-git", target="/cargo/git"),
            CA_BUNDLE,
        ),
        path=("/usr/local/cargo/bin",),
        environment=(
            ("RUSTUP_HOME", "/usr/local/rustup"),
            ("CARGO_HOME", "/cargo"),
            ("CARGO_TARGET_DIR", str(_TARGET)),
        ),
        directory=str(_SOURCE / _relative(closure.sources[0].directory, closure.root)),
        commands=(
            *_stubs(closure),
            _cargo_build(closure.sources[0], settings),
            ("install", "-D", "-m", "0755", str(executable), str(_OUT / settings.bin)),
            ("rm", "-rf", str(_TARGET)),
        ),
    )


def _stubs(closure: Closure) -> Iterator[tuple[str, ...]]:
    """Make empty targets for the packages of which only the manifest is sent: cargo wants to see the files."""
    files = sorted(
        str(_SOURCE / _relative(package.directory / target.path, closure.root))
        for package in closure.manifests
        for target in package.targets
    )
    if files:
        directories = sorted({os.path.dirname(file) for file in files})  # noqa: PTH120 - paths in the image
        yield from (("mkdir", "-p", *some) for some in _batches(directories))
        yield from (("touch", *some) for some in _batches(files))


def _batches(words: list[str]) -> Iterator[list[str]]:
    """Cut a list into pieces that fit on a line of a Dockerfile, which Docker 20.10 reads up to 64 KiB."""
    for start in range(0, len(words), _BATCH):
        yield words[start : start + _BATCH]


def _cargo_build(package: Package, settings: Settings) -> tuple[str, ...]:
    flags = ["cargo", "build", "--package", package.name, "--bin", settings.bin]
    flags += ["--release"] if settings.profile == "release" else ["--profile", settings.profile]
    if settings.has_lockfile:
        flags.append("--locked")
    if settings.features:
        flags += ["--features", ",".join(settings.features)]
    if settings.all_features:
        flags.append("--all-features")
    if settings.no_default_features:
        flags.append("--no-default-features")
    return tuple(flags)


def _runtime_steps(base: ImageRef, settings: Settings) -> Iterator[Run | Copy]:
    if settings.runtime_deps:
        yield _install("runtime", base, tuple(sorted(set(settings.runtime_deps))))
    yield Copy(stage="build", source=str(_OUT / settings.bin), target=f"/usr/bin/{settings.bin}")


def make_context(workspace: Workspace, closure: Closure) -> Context:
    """Say what is sent to compile a package: whole packages where they are compiled, else their manifests."""
    sources = tuple(_relative(package.directory, closure.root) for package in closure.sources)
    foreign = [_relative(package.directory, closure.root) for package in closure.manifests]
    vendored = tuple(_relative(directory, closure.root) for directory in closure.vendored)
    alone = (workspace.root / "Cargo.toml", workspace.lockfile, *closure.files)
    files = {_relative(path, closure.root) for path in alone}
    files |= {directory / "Cargo.toml" for directory in foreign}
    excluded = {directory / name for directory in sources for name in _NOT_SOURCES}
    excluded |= set(foreign)
    directories = {*sources, *vendored}
    # Only where it would be sent otherwise: the companion of a committed Dockerfile must not depend on whose
    # CARGO_TARGET_DIR it is written with.
    target = workspace.target_directory
    if any(target.is_relative_to(closure.root / directory) for directory in directories):
        excluded.add(_relative(target, closure.root))
    _check_sendable((*directories, *files))
    excluded -= directories  # a package may lie in a directory called `target`
    return Context(directories=tuple(sorted(directories)), files=tuple(sorted(files)), excluded=tuple(sorted(excluded)))


def _check_sendable(paths: Iterable[PurePosixPath]) -> None:
    for path in paths:
        hidden = next((part for part in path.parts if part in VERSION_CONTROL), None)
        if hidden:
            raise UsageError(
                f"the path `{path}` is needed by the build, but what is in a directory `{hidden}` is never sent",
                hint="move it out of there",
            )


def _relative(path: Path, root: Path) -> PurePosixPath:
    """Where a path is in the context. Raises UsageError for one that no `.dockerignore` can name."""
    relative = path.relative_to(root).as_posix()
    _check_writable(relative, path)
    return PurePosixPath(relative)


def _check_writable(text: str, path: Path) -> None:
    """Docker's files have one path a line, trimmed, in UTF-8; there is no way to quote what does not fit that."""
    what = None
    if any(unicodedata.category(character) == "Cc" for character in text):
        what = "a control character"
    elif any(unicodedata.category(character) == "Cs" for character in text):
        what = "bytes that are not UTF-8"
    elif text != text.strip():
        what = "a blank at its beginning or end"
    if what:
        raise UsageError(
            f"the path {os.fspath(path)!r} has {what}, which Docker's files cannot hold",
            hint="rename that directory or file",
        )
