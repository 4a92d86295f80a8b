"""What a reference means now, for any backend: its registry is asked, then the places on this machine that have images.

Owns the order and the refusals of `protocol.Backend.resolve`; who answers is the backend's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cargo_stow.errors import ImageNotFoundError, NoCredentialsError, RefusedError, RegistryError, StowError
from cargo_stow.lock import Pin

if TYPE_CHECKING:
    from collections.abc import Callable

    from cargo_stow.platforms import Platform
    from cargo_stow.reference import ImageRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """An image of this machine, by its ID; `digest` is what its registry has it by, if that is known."""

    place: str
    platform: Platform
    id: str
    digest: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """`ask` gives the digest that a registry has for a tag, `find` what is here; `nowhere` says where nothing was.

    `remedy` is the command that brings an image here, with places for `platform` and `reference`.
    """

    ask: Callable[[ImageRef], str]
    find: Callable[[ImageRef, Platform], Here | None]
    nowhere: str
    remedy: str

    def resolve(self, reference: ImageRef, platform: Platform, known: Pin | None, *, offline: bool) -> Pin:
        """Raises what a registry's client does, and ImageNotFoundError."""
        reference = reference.tagged
        if reference.digest:
            return Pin(reference=reference, platform=platform, digest=reference.digest)
        try:
            if offline:
                raise self._offline_error(reference, platform)
            digest = self.ask(reference)
        except ImageNotFoundError as error:
            return self._pin_here(reference, platform, error)
        except (RegistryError, NoCredentialsError, RefusedError) as error:
            if known is not None and known.digest:
                raise
            return replace(self._pin_here(reference, platform, error), doubt=error.message)
        return Pin(reference=reference, platform=platform, digest=digest)

    def _offline_error(self, reference: ImageRef, platform: Platform) -> StowError:
        remedy = self.remedy.format(platform=platform, reference=reference)
        return RegistryError(
            f"--offline forbids to look up {reference}", hint=f"do without --offline, or bring it here: {remedy}"
        )

    def _pin_here(self, reference: ImageRef, platform: Platform, error: StowError) -> Pin:
        """Pin what is here; where that is nothing of use, both places were asked: say what each answered."""
        found = self.find(reference, platform)
        remedy = self.remedy.format(platform=platform, reference=reference)
        if found is None:
            raise type(error)(
                f"the image {reference} is {self.nowhere}, and {error.message}",
                hint=error.hint or f"check the name; or bring it here: {remedy}",
                detail=error.detail,
            ) from error
        if (found.platform.os, found.platform.architecture) != (platform.os, platform.architecture):
            raise ImageNotFoundError(
                f"{found.place}'s {reference} is for {found.platform}, not {platform}, and {error.message}",
                hint=error.hint or remedy,
                detail=error.detail,
            ) from error
        if found.digest:
            return Pin(reference=reference, platform=platform, digest=found.digest)
        return Pin(reference=reference, platform=platform, id=found.id)
