"""Which entry of an index is for a platform.

Source: OCI image specification, "Image Index" and its table of variants; containerd's `platforms` for which variant
runs on which.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cargo_stow.errors import ImageNotFoundError
from cargo_stow.oci.image import parse_index

if TYPE_CHECKING:
    from cargo_stow.oci.descriptor import Descriptor
    from cargo_stow.platforms import Platform

# What a machine of a variant runs, the best first. An entry without a variant is the first that there was.
_ARM = ("v8", "v7", "v6", "v5")
_AMD64 = ("v4", "v3", "v2", "v1")
_UNSAID = {"arm": "v7", "arm64": "v8", "amd64": "v1"}


def choose(index: bytes, platform: Platform, where: str = "the index") -> Descriptor:
    """Return the entry of an index that runs best on a platform; `where` says whose index, for messages.

    Attestations are no images. A single entry that says no platform is taken. Raises ImageNotFoundError with what
    there is, and ImageFormatError.
    """
    images = [each for each in parse_index(index, where) if dict(each.platform).get("os") != "unknown"]
    fitting = [each for each in images if _is_for(each, platform)]
    for variant in _variants(platform):
        for each in fitting:
            if _variant(each) == variant:
                return each
    if len(images) == 1 and not images[0].platform:
        return images[0]
    has = ", ".join(sorted({_name(each) for each in images})) or "none"
    raise ImageNotFoundError(f"{where} has no image for {platform}", hint=f"it has: {has}")


def _is_for(entry: Descriptor, platform: Platform) -> bool:
    found = dict(entry.platform)
    return (found.get("os"), found.get("architecture")) == (platform.os, platform.architecture)


def _variants(platform: Platform) -> tuple[str, ...]:
    wanted = platform.variant or _UNSAID.get(platform.architecture, "")
    for architecture, order in (("arm", _ARM), ("amd64", _AMD64)):
        if platform.architecture == architecture and wanted in order:
            return order[order.index(wanted) :]
    return (wanted,)


def _variant(entry: Descriptor) -> str:
    found = dict(entry.platform)
    return found.get("variant") or _UNSAID.get(found.get("architecture", ""), "")


def _name(entry: Descriptor) -> str:
    found = dict(entry.platform)
    return "/".join(filter(None, (found.get(part, "") for part in ("os", "architecture", "variant")))) or "no platform"
