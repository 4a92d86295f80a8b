"""The youki backend as the verbs see it: the store keeps images, a runtime builds and runs them, no daemon anywhere."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from cargo_stow.backends.protocol import Image
from cargo_stow.backends.youki.images import Images
from cargo_stow.backends.youki.sources import Sources
from cargo_stow.backends.youki.store import find_store
from cargo_stow.errors import (
    EngineError,
    ImageNotFoundError,
    NoCredentialsError,
    RefusedError,
    RegistryError,
    StowError,
    UsageError,
)
from cargo_stow.lock import Pin
from cargo_stow.sandbox.probing import check_runtime
from cargo_stow.sandbox.runtime import DEFAULT, check_rights, find_runtime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from cargo_stow.backends.protocol import BuildOrder, RunOptions
    from cargo_stow.families import BaseFacts
    from cargo_stow.oci.blobs import Blobs
    from cargo_stow.oci.descriptor import Descriptor
    from cargo_stow.oci.progress import PushProgress
    from cargo_stow.platforms import Platform
    from cargo_stow.process import Runner
    from cargo_stow.reference import ImageRef
    from cargo_stow.sandbox.runtime import Runtime


class YoukiBackend:
    """A Backend without a daemon. Nothing is looked for before the first request."""

    def __init__(self, runner: Runner, environment: Mapping[str, str]) -> None:
        self._runner = runner
        self._environment = environment
        self._store = find_store(environment)
        self._images = Images(self._store.directory)
        self._sources = Sources(self._store, environment, _say)

    def where(self) -> str:
        return f"store {self._store.directory}"

    def resolve(self, reference: ImageRef, platform: Platform, known: Pin | None, *, offline: bool = False) -> Pin:
        reference = reference.tagged
        if reference.digest:
            return Pin(reference=reference, platform=platform, digest=reference.digest)
        try:
            if offline:
                raise RegistryError(f"--offline forbids to look up {reference}", hint="do without --offline")
            digest = self._sources.registry().resolve(reference).digest
        except (ImageNotFoundError, RegistryError, NoCredentialsError, RefusedError) as error:
            if known is not None and known.digest:
                raise
            return self._resolve_here(reference, platform, error)
        return Pin(reference=reference, platform=platform, digest=digest)

    def _resolve_here(self, reference: ImageRef, platform: Platform, error: StowError) -> Pin:
        image = self._sources.find_here(reference)
        if image is None:
            raise type(error)(
                f"no engine of this machine has the image {reference}, and {error.message}",
                hint=error.hint or "check the name",
                detail=error.detail,
            ) from error
        if (image.platform.os, image.platform.architecture) != (platform.os, platform.architecture):
            raise ImageNotFoundError(
                f"the engine's {reference} is for {image.platform}, not {platform}, and {error.message}",
                hint=error.hint,
                detail=error.detail,
            ) from error
        doubt = "" if isinstance(error, ImageNotFoundError) else error.message
        return Pin(reference=reference, platform=platform, id=image.id, doubt=doubt)

    def inspect_base(self, pin: Pin, directory: Path) -> BaseFacts:  # noqa: ARG002 - the store has room of its own
        from cargo_stow.backends.youki import assembly  # noqa: PLC0415 - a base is looked into once
        from cargo_stow.sandbox import isolation  # noqa: PLC0415

        self.check(pin)
        with self._store.in_use():
            manifest = self._sources.obtain(pin.source, pin.platform)
            facts: BaseFacts = isolation.call(assembly.look_into, self._store, manifest)
        return facts

    def check(self, pin: Pin) -> None:
        if pin.id is not None:
            self._sources.check(pin.reference, pin.id)

    def build(self, orders: Sequence[BuildOrder]) -> list[Image]:
        from cargo_stow.backends.youki import assembly  # noqa: PLC0415 - a no-op builds nothing
        from cargo_stow.sandbox import isolation  # noqa: PLC0415

        runtime = self._runtime()
        with self._store.in_use():
            builds = [(order, self._bases(order)) for order in orders]
            made: list[Descriptor] = isolation.call(assembly.build_images, self._store, runtime, builds, self._epoch())
            for each in made:
                self._images.add(each.digest, each)
        return [self._image(each) for each in made]

    def _bases(self, order: BuildOrder) -> dict[str, Descriptor]:
        plan = order.plan
        return {
            stage.name: self._sources.obtain(stage.parent, plan.platform)
            for stage in plan.stages
            if not isinstance(stage.parent, str)
        }

    def _runtime(self) -> Runtime:
        check_rights()
        runtime = find_runtime(self._environment.get("CARGO_STOW_RUNTIME") or DEFAULT, self._environment)
        return check_runtime(runtime, self._runner)

    def _epoch(self) -> int | None:
        text = self._environment.get("SOURCE_DATE_EPOCH")
        if not text:
            return None
        if not text.isdecimal() or not text.isascii():
            raise UsageError(f"the variable SOURCE_DATE_EPOCH is {text!r}, not a number of seconds", hint="unset it")
        return int(text)

    def _image(self, image: Descriptor) -> Image:
        return Image(id=image.digest, reference=f"oci-layout://{self._store.directory}@{image.digest}")

    def check_export(self) -> None:
        raise EngineError(
            "a cache in BuildKit's form cannot be kept without BuildKit",
            hint=f"keep the store instead, {self._store.directory} (CARGO_STOW_STORE), or build with --backend docker",
        )

    def export_cache(self, order: BuildOrder, targets: tuple[str, ...]) -> None:  # noqa: ARG002 - the protocol's
        self.check_export()

    def find(self, name: ImageRef | str) -> Image | None:
        found = self._images.find(name if isinstance(name, str) else str(name.tagged))
        return self._image(found) if found and self._store.blobs.has(found) else None

    def tag(self, image: Image, reference: ImageRef) -> Image:
        found = self._images.find(image.id)
        if found is None:
            raise ImageNotFoundError(f"the store {self._store.directory} has no image {image.id}")
        self._images.add(str(reference.tagged), found)
        return image

    def untag(self, reference: ImageRef) -> None:
        self._images.remove(str(reference.tagged))

    def sweep(self, repository: str, is_left: Callable[[str], bool]) -> None:
        for name in self._images.names():
            if name.startswith(f"{repository}:") and is_left(name.removeprefix(f"{repository}:")):
                self._images.remove(name)

    def push(self, reference: ImageRef, progress: Callable[[PushProgress], None]) -> str:
        from cargo_stow.oci.registry.publish import publish  # noqa: PLC0415

        with self._store.in_use():
            plain = self._plain(str(reference.tagged))
            return publish(self._sources.registry(), [reference.tagged], plain, self._store.blobs, (), progress)

    @contextlib.contextmanager
    def save(self, images: Sequence[Image], directory: Path) -> Iterator[tuple[Blobs, Sequence[Descriptor]]]:  # noqa: ARG002 - the store has them
        with self._store.in_use():
            yield self._store.blobs, [self._plain(image.id) for image in images]

    def _plain(self, name: str) -> Descriptor:
        """An image by its name or ID, without the annotations of the store's index. Raises ImageNotFoundError."""
        found = self._images.find(name)
        if found is None:
            raise ImageNotFoundError(
                f"the store {self._store.directory} has no image `{name}`", hint="build it: `cargo stow build`"
            )
        return replace(found, annotations=())

    def push_index(self, names: Sequence[ImageRef], digests: Sequence[str]) -> str:
        from cargo_stow.oci.registry.publish import publish_index  # noqa: PLC0415

        return publish_index(self._sources.registry(), names, digests)

    def run(self, image: Image, options: RunOptions) -> int:
        from cargo_stow.backends.youki import program  # noqa: PLC0415

        return program.run_attached(image.id, options, self._store, self._runtime(), self._runner, self._environment)


def _say(text: str) -> None:
    print(f"     Fetching {text}", file=sys.stderr, flush=True)
