"""Where the images are that others are built on: in the store, a registry, or the engine of this machine, if any."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cargo_stow.backends.engine import Engine
from cargo_stow.backends.youki.images import Images
from cargo_stow.backends.youki.store import touch
from cargo_stow.errors import (
    EngineDeniedError,
    EngineError,
    EngineStoppedError,
    ImageNotFoundError,
    LockError,
    UsageError,
)
from cargo_stow.oci.descriptor import INDEX, INDEXES, MANIFEST, Descriptor
from cargo_stow.oci.documents import parse_object
from cargo_stow.oci.graph import reachable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cargo_stow.backends.engine_values import EngineImage
    from cargo_stow.backends.youki.store import Store
    from cargo_stow.oci.registry.client import Registry
    from cargo_stow.platforms import Platform
    from cargo_stow.reference import ImageRef

_NO_ENGINE = (EngineStoppedError, EngineDeniedError, EngineError, UsageError)


class Sources:
    """`say` tells of what may take its time."""

    def __init__(self, store: Store, environment: Mapping[str, str], say: Callable[[str], None]) -> None:
        self._store = store
        self._environment = environment
        self._say = say
        self._engine = Engine(environment)
        self._identities: dict[str, str] = {}

    def registry(self) -> Registry:
        """A client of all registries. Makes no request yet."""
        from cargo_stow.oci.registry.client import Registry  # noqa: PLC0415 - it imports requests

        return Registry(self._environment)

    def find_here(self, reference: ImageRef) -> EngineImage | None:
        """The image of that name in the engine of this machine; None without one."""
        try:
            return self._engine.image(str(reference))
        except _NO_ENGINE:
            return None

    def obtain(self, reference: ImageRef, platform: Platform) -> Descriptor:
        """Return the manifest of an image that is in the store afterwards, with all that belongs to it.

        One with a digest comes from its registry, another one from the engine. Raises what the registry's client does,
        ImageNotFoundError and ImageFormatError.
        """
        found = self._pull(reference, platform) if reference.digest else self._import(reference)
        for digest in reachable(self._store.blobs, [found]):
            touch(self._store.blobs.path(digest))
        return found

    def check(self, reference: ImageRef, identity: str) -> None:
        """Hold that a name of the engine still means the image that a lock names. Raises LockError.

        One that is in the store is that image, whatever the engine has now, and whether there is one.
        """
        self._identities[str(reference)] = identity
        if Images(self._store.directory).find(identity):
            return
        image = self.find_here(reference)
        if image is None:
            raise ImageNotFoundError(
                f"{reference} is in no engine of this machine; Stow.lock names an image that only an engine had"
                f" ({identity})",
                hint="load that image again, or pin another one: `cargo stow update`",
            )
        if image.id != identity:
            raise LockError(
                f"{reference} is now {image.id}, but Stow.lock says {identity}",
                hint="to build on the new one: `cargo stow update`",
            )

    def _import(self, reference: ImageRef) -> Descriptor:
        images = Images(self._store.directory)
        known = images.find(self._identities.get(str(reference), ""))
        if known is not None:
            return known
        image = self.find_here(reference)
        if image is None:
            raise ImageNotFoundError(
                f"the image {reference} is in no engine of this machine, and has no digest to ask its registry for",
                hint="pin it anew: `cargo stow update`",
            )
        return images.find(image.id) or self._take(reference, image.id, images)

    def _take(self, reference: ImageRef, identity: str, images: Images) -> Descriptor:
        """Copy an image of the engine into the store, where its ID becomes a name."""
        from cargo_stow.oci.imports import import_archive  # noqa: PLC0415 - most images come of a registry

        self._say(f"{reference} from the engine at {self._engine.address}")
        with self._engine.saved(identity) as archive:
            ((_, made), *_) = import_archive(archive, self._store.blobs)
        images.add(identity, made)
        return made

    def _pull(self, reference: ImageRef, platform: Platform) -> Descriptor:
        from cargo_stow.oci.choice import choose  # noqa: PLC0415 - a no-op has its image
        from cargo_stow.oci.image import parse_manifest  # noqa: PLC0415

        found = self._document(reference, reference.digest or "")
        if found.media_type in INDEXES:
            found = self._document(reference, choose(self._store.blobs.read(found), platform).digest)
        manifest = parse_manifest(self._store.blobs.read(found), str(reference))
        missing = [each for each in (manifest.config, *manifest.layers) if not self._store.blobs.has(each)]
        if missing:
            self._say(f"{reference} ({sum(each.size for each in missing) / 1e6:.0f} MB)")
            registry = self.registry()  # One for all of them, which asks for a token once.
            for each in missing:
                registry.pull(reference, each, self._store.blobs, lambda _progress: None)
        return found

    def _document(self, reference: ImageRef, digest: str) -> Descriptor:
        """A manifest or an index, from the store where it is there: what has a digest does not change."""
        path = self._store.blobs.path(digest)
        touch(path)
        if not path.is_file():
            descriptor, data = self.registry().fetch_manifest(reference, digest)
            self._store.blobs.add([data], descriptor)
            return descriptor
        data = path.read_bytes()
        document = parse_object(data, str(path))
        default = INDEX if "manifests" in document else MANIFEST
        return Descriptor(media_type=document.get("mediaType", default), digest=digest, size=len(data))
