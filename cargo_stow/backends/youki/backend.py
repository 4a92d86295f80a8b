"""The youki backend as the verbs see it: the store keeps images, a runtime builds and runs them, no daemon anywhere."""

from __future__ import annotations

import contextlib
import functools
from dataclasses import replace
from typing import TYPE_CHECKING

from cargo_stow.backends.lookup import Lookup
from cargo_stow.backends.protocol import Image
from cargo_stow.backends.youki.images import Images
from cargo_stow.backends.youki.sources import Sources
from cargo_stow.backends.youki.store import find_store
from cargo_stow.errors import EngineError, ImageNotFoundError, UsageError
from cargo_stow.sandbox.probing import check_runtime
from cargo_stow.sandbox.rights import Rights, find_rights
from cargo_stow.sandbox.runtime import DEFAULT, find_runtime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from cargo_stow.backends.protocol import BuildOrder, RunOptions, Voice
    from cargo_stow.families import BaseFacts
    from cargo_stow.lock import Pin
    from cargo_stow.oci.blobs import Blobs
    from cargo_stow.oci.descriptor import Descriptor
    from cargo_stow.oci.progress import Progress
    from cargo_stow.platforms import Platform
    from cargo_stow.process import Runner
    from cargo_stow.reference import ImageRef
    from cargo_stow.sandbox.runtime import Runtime


class YoukiBackend:
    """A Backend without a daemon. Nothing is looked for before the first request."""

    lays_out = True

    def __init__(self, runner: Runner, environment: Mapping[str, str], voice: Voice) -> None:
        self._runner = runner
        self._environment = environment
        self._store = find_store(environment)
        self._images = Images(self._store.directory)
        self._sources = Sources(self._store, environment, voice)

    def where(self) -> str:
        return f"store {self._store.directory}"

    def resolve(self, reference: ImageRef, platform: Platform, known: Pin | None, *, offline: bool = False) -> Pin:
        lookup = Lookup(
            ask=lambda name: self._sources.registry().resolve(name).digest,
            find=self._sources.find_here,
            nowhere=f"neither in the store {self._store.directory} nor in an engine of this machine",
            remedy="`cargo stow cache load FILE` takes images out of a file",
        )
        return lookup.resolve(reference, platform, known, offline=offline)

    def inspect_base(self, pin: Pin, directory: Path) -> BaseFacts:  # noqa: ARG002 - the store has room of its own
        from cargo_stow.backends.youki.bases import look_into  # noqa: PLC0415 - a base is looked into once
        from cargo_stow.sandbox import isolation  # noqa: PLC0415

        self.check(pin)
        rights = self._rights  # Before anything is fetched.
        with self._store.in_use():
            manifest = self._sources.obtain(pin.source, pin.platform)
            facts: BaseFacts = isolation.call(look_into, self._store, manifest, rights=rights)
        return facts

    def check(self, pin: Pin) -> None:
        if pin.id is not None:
            self._sources.check(pin)

    def build(self, orders: Sequence[BuildOrder]) -> list[Image]:
        from cargo_stow.backends.youki import assembly  # noqa: PLC0415 - a no-op builds nothing
        from cargo_stow.sandbox import isolation  # noqa: PLC0415

        runtime = self._runtime
        with self._store.in_use():
            builds = [(order, self._bases(order)) for order in orders]
            made: list[Descriptor] = isolation.call(
                assembly.build_images, self._store, runtime, builds, self._epoch(), rights=self._rights
            )
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

    @functools.cached_property
    def _rights(self) -> Rights:
        return find_rights(self._environment)

    @functools.cached_property
    def _runtime(self) -> Runtime:
        """Asked what it can do, once: `run` builds, and runs."""
        name = self._environment.get("CARGO_STOW_RUNTIME") or DEFAULT
        return check_runtime(find_runtime(name, self._environment, self._rights), self._runner)

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

    def push(self, reference: ImageRef, progress: Callable[[Progress], None]) -> str:
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

    def check_run(self, options: RunOptions) -> None:
        from cargo_stow.backends.youki.run_options import read_options  # noqa: PLC0415

        read_options(options, self._environment)

    def run(self, image: Image, options: RunOptions) -> int:
        from cargo_stow.backends.youki import program  # noqa: PLC0415

        return program.run_attached(image.id, options, self._store, self._runtime, self._runner, self._environment)
