"""Where the images are that others are built on: a registry, the store, or the engine of this machine, if any."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cargo_stow.backends.engine import Engine
from cargo_stow.backends.lookup import Here
from cargo_stow.backends.youki.images import Images
from cargo_stow.backends.youki.store import touch
from cargo_stow.backends.youki.stored import find_stored, of_platform
from cargo_stow.errors import (
    EngineDeniedError,
    EngineError,
    EngineStoppedError,
    ImageNotFoundError,
    LockError,
    RegistryError,
    UsageError,
)
from cargo_stow.oci.descriptor import INDEX, INDEXES, MANIFEST, Descriptor
from cargo_stow.oci.documents import parse_object
from cargo_stow.oci.graph import reachable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cargo_stow.backends.protocol import Voice
    from cargo_stow.backends.youki.store import Store
    from cargo_stow.lock import Pin
    from cargo_stow.oci.registry.client import Registry
    from cargo_stow.platforms import Platform
    from cargo_stow.reference import ImageRef

_NO_ENGINE = (EngineStoppedError, EngineDeniedError, EngineError, UsageError)


class Sources:
    """`voice` tells of what may take its time."""

    def __init__(self, store: Store, environment: Mapping[str, str], voice: Voice) -> None:
        self._store = store
        self._environment = environment
        self._voice = voice
        self._engine = Engine(environment)
        self._identities: dict[tuple[str, str], str] = {}

    def registry(self) -> Registry:
        """A client of all registries. Makes no request yet."""
        from cargo_stow.oci.registry.client import Registry  # noqa: PLC0415 - it imports requests

        return Registry(self._environment)

    def find_here(self, reference: ImageRef, platform: Platform) -> Here | None:
        """The image of that name in the store, else in the engine of this machine; of the two, one for the platform."""
        found = self._all_here(reference, platform)
        return next((each for each in found if _is_for(each, platform)), found[0] if found else None)

    def _all_here(self, reference: ImageRef, platform: Platform) -> list[Here]:
        found = self._find_stored(reference, platform), self._find_in_engine(reference)
        return [each for each in found if each is not None]

    def _find_stored(self, reference: ImageRef, platform: Platform) -> Here | None:
        found = find_stored(self._store, reference, platform)
        place = f"the store {self._store.directory}"
        return None if found is None else Here(place=place, platform=found.platform, id=found.id)

    def _find_in_engine(self, reference: ImageRef) -> Here | None:
        """None without an engine, too."""
        try:
            found = self._engine.image(str(reference))
        except _NO_ENGINE:
            return None
        return None if found is None else Here(place="the engine", platform=found.platform, id=found.id)

    def obtain(self, reference: ImageRef, platform: Platform) -> Descriptor:
        """Return the manifest of an image that is in the store afterwards, with all that belongs to it.

        One with a digest comes from its registry; another one, which was checked before, from here. Raises what the
        registry's client does, ImageNotFoundError and ImageFormatError.
        """
        found = self._pull(reference, platform) if reference.digest else self._import(reference, platform)
        for digest in reachable(self._store.blobs, [found]):
            touch(self._store.blobs.path(digest))
        return found

    def check(self, pin: Pin) -> None:
        """Hold that an image that no registry has is the one that a lock names by its ID. Raises LockError.

        One that is in the store is that image, whatever its name means by now, there and in the engine.
        """
        self._identities[pin.key] = pin.value
        if self._stored(pin.reference, pin.platform, pin.value) is not None:
            return
        found = self._all_here(pin.reference, pin.platform)
        if not found:
            raise ImageNotFoundError(
                f"{pin.reference} is neither in the store {self._store.directory} nor in an engine of this machine;"
                f" Stow.lock names an image that no registry has ({pin.value})",
                hint="load that image: `cargo stow cache load FILE`; or pin another one: `cargo stow update`",
            )
        if all(each.id != pin.value for each in found):
            raise LockError(
                f"{pin.reference} is now {found[0].id} in {found[0].place}, but Stow.lock says {pin.value}",
                hint="to build on the new one: `cargo stow update`",
            )

    def _stored(self, reference: ImageRef, platform: Platform, identity: str) -> Descriptor | None:
        """The image of an ID, which the store knows as a name, or else as the name's own image."""
        known = Images(self._store.directory).find(identity)
        if known is not None:
            return of_platform(self._store.blobs, known, platform)
        stored = find_stored(self._store, reference, platform)
        return stored.manifest if stored and stored.id == identity else None

    def _import(self, reference: ImageRef, platform: Platform) -> Descriptor:
        identity = self._identities[str(reference), str(platform)]
        return self._stored(reference, platform, identity) or self._take(reference, platform, identity)

    def _take(self, reference: ImageRef, platform: Platform, identity: str) -> Descriptor:
        """Copy an image of the engine into the store, where its ID becomes a name."""
        from cargo_stow.oci.imports import import_archive  # noqa: PLC0415 - most images come of a registry

        self._voice.status("Fetching", f"{reference} from the engine at {self._engine.address}")
        with self._engine.saved(identity) as archive:
            ((_, made), *_) = import_archive(archive, self._store.blobs)
        Images(self._store.directory).add(identity, made)
        found = of_platform(self._store.blobs, made, platform)
        if found is None:
            raise ImageNotFoundError(f"the engine's {reference} ({identity}) has no image for {platform}")
        return found

    def _pull(self, reference: ImageRef, platform: Platform) -> Descriptor:
        from cargo_stow.oci.choice import choose  # noqa: PLC0415 - a no-op has its image
        from cargo_stow.oci.image import parse_manifest  # noqa: PLC0415

        found = self._document(reference, reference.digest or "")
        if found.media_type in INDEXES:
            found = self._document(reference, choose(self._store.blobs.read(found), platform).digest)
        manifest = parse_manifest(self._store.blobs.read(found), str(reference))
        missing = [each for each in (manifest.config, *manifest.layers) if not self._store.blobs.has(each)]
        if missing:
            self._fetch(reference, missing)
        return found

    def _fetch(self, reference: ImageRef, blobs: Sequence[Descriptor]) -> None:
        self._check_online(reference)
        self._voice.status("Fetching", f"{reference} ({sum(each.size for each in blobs) / 1e6:.0f} MB)")
        registry = self.registry()  # One for all of them, which asks for a token once.
        with self._voice.moving("Fetching") as progress:
            for each in blobs:
                registry.pull(reference, each, self._store.blobs, progress)

    def _check_online(self, reference: ImageRef) -> None:
        if self._environment.get("CARGO_NET_OFFLINE") == "true":
            raise RegistryError(
                f"{reference} is not in the store {self._store.directory}, and --offline (or CARGO_NET_OFFLINE=true)"
                " forbids to fetch it",
                hint="build once without it, or bring the image here and pin that: `cargo stow cache load FILE`, then"
                " `cargo stow update --offline`",
            )

    def _document(self, reference: ImageRef, digest: str) -> Descriptor:
        """A manifest or an index, from the store where it is there: what has a digest does not change."""
        path = self._store.blobs.path(digest)
        touch(path)
        if not path.is_file():
            self._check_online(reference)
            descriptor, data = self.registry().fetch_manifest(reference, digest)
            self._store.blobs.add([data], descriptor)
            return descriptor
        data = path.read_bytes()
        document = parse_object(data, str(path))
        default = INDEX if "manifests" in document else MANIFEST
        return Descriptor(media_type=document.get("mediaType", default), digest=digest, size=len(data))


def _is_for(image: Here, platform: Platform) -> bool:
    return (image.platform.os, image.platform.architecture) == (platform.os, platform.architecture)
