"""Installing packages, by each package manager: command lines, caches, leftovers, and what a builder needs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cargo_stow.errors import UsageError
from cargo_stow.plan import CacheMount, Run
from cargo_stow.settings.package_names import find_unfit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cargo_stow.model import PackageManager
    from cargo_stow.platforms import Platform
    from cargo_stow.reference import ImageRef
    from cargo_stow.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class _Manager:
    """How packages are installed.

    `builder` is always in the builder: a C linker and its headers for rustc, and the certificates cargo trusts
    registries by. `rust` are the distribution's own cargo and rustc. `before` are commands, and `install` is one
    without the names. `caches` are directories in mounts, by a word for each. `leftovers` differ from run to run.
    """

    builder: tuple[str, ...]
    rust: tuple[str, ...]
    install: tuple[str, ...]
    caches: Mapping[str, str]
    leftovers: tuple[str, ...]
    before: tuple[tuple[str, ...], ...] = ()
    environment: tuple[tuple[str, str], ...] = ()


# Without Pattern-Only, apt-get reads a name it does not find as a regular expression and installs whatever matches.
_APT_GET = ("apt-get", "-o", "DPkg::Lock::Timeout=60", "-o", "APT::Cmd::Pattern-Only=true")
_APT = _Manager(
    builder=("ca-certificates", "gcc", "libc6-dev"),
    rust=("cargo", "rustc"),
    before=((*_APT_GET, "update"),),
    install=(*_APT_GET, "install", "--yes", "--no-install-recommends", "--"),
    environment=(("DEBIAN_FRONTEND", "noninteractive"),),
    caches={"lists": "/var/lib/apt/lists", "archives": "/var/cache/apt"},
    leftovers=(
        "/var/log/apt",
        "/var/log/dpkg.log",
        "/var/log/alternatives.log",
        "/var/cache/ldconfig/aux-cache",
        "/var/cache/debconf/config.dat-old",
        "/var/cache/debconf/templates.dat-old",
        "/var/lib/dpkg/diversions-old",
        "/var/lib/dpkg/status-old",
    ),
)
# apk-add(8), apk(8). A cache is kept only where apk is told of one.
_APK = _Manager(
    builder=("ca-certificates", "gcc", "musl-dev"),
    rust=("cargo", "rust"),
    install=("apk", "add", "--cache-dir", "/var/cache/apk", "--update-cache", "--"),
    caches={"cache": "/var/cache/apk"},
    leftovers=("/var/log/apk.log",),
)
# dnf(8) and dnf5(8). awk and sed are for the step that masks a lock: a minimal image need not have them. There is no
# `--`: not all versions know it, and no name that passed the grammar looks like an option.
_RPM_BUILDER = ("ca-certificates", "gawk", "gcc", "glibc-devel", "sed")
# What rpm notes as the time of an installation, where it is new enough to ask for that (rpmtsCreate).
_EPOCH = (("SOURCE_DATE_EPOCH", "0"),)
# All that microdnf knows; any other setting is an error to it.
_SETTINGS = ("--setopt=install_weak_deps=0", "--setopt=tsflags=nodocs")
# Of dnf 4, of dnf 5, of microdnf. Which one a program called dnf or microdnf is differs from release to release.
_RPM_CACHES = {"cache": "/var/cache/dnf", "cache5": "/var/cache/libdnf5", "cacheyum": "/var/cache/yum"}
_RPM_LEFTOVERS = (
    *("/var/cache/ldconfig/aux-cache", "/var/lib/dnf", "/var/log/hawkey.log"),
    *("/var/log/dnf.librepo.log", "/var/log/dnf.log", "/var/log/dnf.rpm.log", "/var/log/dnf5.log"),
)
_DNF = _Manager(
    builder=_RPM_BUILDER,
    rust=("cargo", "rust"),
    install=("dnf", *_SETTINGS, "--setopt=keepcache=1", "install", "--assumeyes"),
    environment=_EPOCH,
    caches=_RPM_CACHES,
    leftovers=_RPM_LEFTOVERS,
)
_MICRODNF = _Manager(
    builder=_RPM_BUILDER,
    rust=("cargo", "rust"),
    install=("microdnf", *_SETTINGS, "install", "--assumeyes"),
    environment=_EPOCH,
    caches=_RPM_CACHES,
    leftovers=_RPM_LEFTOVERS,
)
_MANAGERS: Mapping[PackageManager, _Manager] = {"apt": _APT, "apk": _APK, "dnf": _DNF, "microdnf": _MICRODNF}


def builder_packages(manager: PackageManager, settings: Settings) -> tuple[str, ...]:
    """Return what the builder has: a C linker, `build_deps`, and Rust where it is to be the distribution's own."""
    each = _MANAGERS[manager]
    rust = each.rust if settings.toolchain.source == "packages" else ()
    return (*each.builder, *rust, *settings.build_deps)


def store_key(base: ImageRef, platforms: Iterable[Platform]) -> str:
    """Return what names a store of downloads: a list of packages is that of a distribution on a platform."""
    return hashlib.sha256(" ".join(map(str, (base, *platforms))).encode()).hexdigest()[:12]


def install(stage: str, key: str, manager: PackageManager, packages: Iterable[str]) -> Run:
    """Install packages; what is downloaded stays in mounts, of each stage its own so that both can install at once.

    `key` is that of the store of downloads.
    """
    each = _MANAGERS[manager]
    return Run(
        mounts=tuple(
            CacheMount(id=f"cargo-stow-{manager}-{name}-{stage}-{key}", target=target)
            for name, target in each.caches.items()
        ),
        environment=each.environment,
        commands=(*each.before, (*each.install, *sorted(set(packages))), ("rm", "-rf", *each.leftovers)),
    )


def check_packages(manager: PackageManager, settings: Settings) -> None:
    """Raise UsageError for the name of a package that is none to the base's manager."""
    for key, packages in (("build_deps", settings.build_deps), ("runtime_deps", settings.runtime_deps)):
        unfit = find_unfit(manager, packages)
        if unfit is not None:
            name, expected = unfit
            raise UsageError(
                f"{settings.origins[key]}: {name!r} cannot be in `{key}` on a base with {manager}: expected {expected}",
                hint=f"name the package as {settings.base_image} has it",
            )
