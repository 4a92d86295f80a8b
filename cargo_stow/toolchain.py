"""Which image lends the toolchain. Pure: a channel's name in, a reference out."""

from __future__ import annotations

from cargo_stow.errors import UsageError
from cargo_stow.reference import ImageRef, parse_reference

# The -slim variant has the same /usr/local/rustup and /usr/local/cargo as the full one, at half the download: its
# distribution is never used, and the linker comes from the base.
_VARIANT = "slim"


def toolchain_reference(toolchain: str, origin: str) -> ImageRef:
    """Return the image for a channel, or the image that was named itself.

    There is no `rust:stable` or `rust:beta`: `stable` is the newest release, nightly lives in another repository.
    A host triple behind the channel is left out: the image's platform says it.
    Raises UsageError for a channel that no image holds; `origin` says where the channel was read.
    """
    if "/" in toolchain or ":" in toolchain or "@" in toolchain:
        return parse_reference(toolchain).tagged
    channel, _, rest = toolchain.partition("-")
    if channel == "beta" or rest[:1].isdigit() or rest.startswith("beta"):
        raise UsageError(
            f"{origin}: no published image holds the toolchain `{toolchain}`",
            hint='name an image that has it: toolchain = "registry.example.org/rust:…" in [package.metadata.container]',
        )
    if channel == "nightly":
        return ImageRef(name="rustlang/rust", tag=f"nightly-{_VARIANT}")
    return ImageRef(name="rust", tag=f"1-{_VARIANT}" if channel == "stable" else f"{channel}-{_VARIANT}")
