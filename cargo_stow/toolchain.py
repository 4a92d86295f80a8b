"""Which image lends a toolchain to the build on a base. Pure: a choice in, a reference out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cargo_stow.errors import UsageError
from cargo_stow.reference import ImageRef, parse_reference
from cargo_stow.settings.toolchain import DEFAULT_CHANNEL

if TYPE_CHECKING:
    from cargo_stow.model import PackageManager
    from cargo_stow.settings import Toolchain

# The -slim variant has the same /usr/local/rustup and /usr/local/cargo as the full one, at half the download: its
# distribution is never used, and the linker comes from the base. A program linked with glibc does not start on musl.
_GLIBC, _MUSL = "slim", "alpine"


def toolchain_reference(toolchain: Toolchain, manager: PackageManager, origin: str) -> ImageRef | None:
    """Return the image that lends cargo and rustc, or rustup; None where the base or its distribution has them.

    There is no `rust:stable`: `stable` is the newest release, and nightly lives in another repository.
    Raises UsageError for packages of a manager that the base does not have; `origin` says where that was read.
    """
    if toolchain.source == "packages":
        _check_manager(toolchain.text, manager, origin)
    if toolchain.source in {"packages", "base"}:
        return None
    if toolchain.source == "image":
        return parse_reference(toolchain.text).tagged
    variant = _MUSL if manager == "apk" else _GLIBC
    return _official(DEFAULT_CHANNEL if toolchain.source == "rustup" else toolchain.channel, variant)


def possible_references(toolchain: Toolchain) -> frozenset[ImageRef]:
    """Every image that `toolchain_reference` may name, whatever the base is."""
    if toolchain.source in {"packages", "base"}:
        return frozenset()
    either: tuple[PackageManager, ...] = ("apt", "apk")
    return frozenset(filter(None, (toolchain_reference(toolchain, manager, "") for manager in either)))


def _official(channel: str, variant: str) -> ImageRef:
    if channel == "nightly":
        return ImageRef(name="rustlang/rust", tag=f"nightly-{variant}")
    return ImageRef(name="rust", tag=f"1-{variant}" if channel == "stable" else f"{channel}-{variant}")


def _check_manager(wanted: str, manager: PackageManager, origin: str) -> None:
    fitting = "dnf" if manager == "microdnf" else manager
    if wanted != fitting:
        raise UsageError(
            f"{origin}: the toolchain `{wanted}` is of another distribution than the base image, which has {manager}",
            hint=f'take toolchain = "{fitting}", or a channel, as toolchain = "{DEFAULT_CHANNEL}"',
        )
