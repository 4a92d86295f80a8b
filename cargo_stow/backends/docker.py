"""The docker backend: BuildKit builds, the engine keeps and runs, its registry client pushes."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from cargo_stow.backends.buildx import build
from cargo_stow.backends.cache_export import check_export, export_cache
from cargo_stow.backends.client import DockerClient
from cargo_stow.backends.engine import Engine
from cargo_stow.backends.lookup import Here, Lookup
from cargo_stow.backends.protocol import Image
from cargo_stow.errors import EngineError, EngineStoppedError, ImageNotFoundError, LockError
from cargo_stow.files import write_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from cargo_stow.backends.engine_values import EngineImage
    from cargo_stow.backends.protocol import BuildOrder, RunOptions
    from cargo_stow.families import BaseFacts
    from cargo_stow.lock import Pin
    from cargo_stow.oci.blobs import Blobs
    from cargo_stow.oci.descriptor import Descriptor
    from cargo_stow.oci.progress import Progress
    from cargo_stow.platforms import Platform
    from cargo_stow.process import Runner
    from cargo_stow.reference import ImageRef


class DockerBackend:
    """A Backend on a Docker Engine. Nothing is asked of the engine before the first request."""

    lays_out = False

    def __init__(self, runner: Runner, environment: Mapping[str, str], print_result: Callable[[str], None]) -> None:
        self._runner = DockerClient(runner)
        self._environment = environment
        self._engine = Engine(environment)
        self._print_result = print_result

    def where(self) -> str:
        return f"docker {self._engine.address}"

    def resolve(self, reference: ImageRef, platform: Platform, known: Pin | None, *, offline: bool = False) -> Pin:
        lookup = Lookup(
            ask=self._ask_registry,
            find=self._find_here,
            nowhere="not in the engine",
            remedy="`docker pull --platform {platform} {reference}`",
        )
        return lookup.resolve(reference, platform, known, offline=offline)

    def _ask_registry(self, reference: ImageRef) -> str:
        with self._answering():
            return self._engine.registry_digest(reference)

    def _find_here(self, reference: ImageRef, _platform: Platform) -> Here | None:
        image = self._engine.image(str(reference))
        if image is None:
            return None
        return Here(place="the engine", platform=image.platform, id=image.id, digest=_digest(image, reference))

    def inspect_base(self, pin: Pin, directory: Path) -> BaseFacts:
        from cargo_stow.backends.inspection import inspect_base  # noqa: PLC0415 - a base is looked into once

        self.check(pin)
        with self._answering():
            self._engine.ping()
        return inspect_base(pin, directory, self._runner, self._environment)

    def check(self, pin: Pin) -> None:
        if pin.id is None:
            return
        image = self._engine.image(str(pin.reference))
        if image is None:
            raise ImageNotFoundError(
                f"{pin.reference} is not in this engine; Stow.lock names an image that only an engine had ({pin.id})",
                hint="load that image again, or pin another one: `cargo stow update`",
            )
        if image.id != pin.id:
            raise LockError(
                f"{pin.reference} is now {image.id}, but Stow.lock says {pin.id}",
                hint="to build on the new one: `cargo stow update`",
            )

    def build(self, orders: Sequence[BuildOrder]) -> list[Image]:
        with self._answering():
            self._engine.ping()  # Of an engine that is stopped, `docker build` would only say that it failed.
        if any(order.plan.config.annotations for order in orders):
            self._check_annotations()
        files = [_write(order) for order in orders]
        return [self._built(digests) for digests in build(orders, files, self._runner, self._environment)]

    def _check_annotations(self) -> None:
        """An engine of old would drop them without a word."""
        if not self._engine.has_containerd_store():
            raise EngineError(
                f"the engine at {self._engine.address} keeps no annotations: its image store is not containerd's",
                hint="say it in `labels`; or turn on containerd's image store: feature `containerd-snapshotter` in"
                " daemon.json, from Docker 24 on",
            )

    def _built(self, digests: tuple[str, ...]) -> Image:
        for digest in digests:
            image = self.find(digest)
            if image is not None:
                return image
        names = " or ".join(digests)
        raise ImageNotFoundError(
            f"the build ended well, but the engine at {self._engine.address} does not have its image {names}",
            hint="is the chosen builder (`docker buildx ls`) that engine's own? `docker buildx use default` chooses it",
        )

    def check_export(self) -> None:
        check_export(self._runner, self._environment, self._engine.address, self._engine.has_containerd_store)

    def export_cache(self, order: BuildOrder, targets: tuple[str, ...]) -> None:
        export_cache(order, targets, _write(order), self._runner, self._environment)

    def find(self, name: ImageRef | str) -> Image | None:
        image = self._engine.image(str(name))
        reference = None if isinstance(name, str) else name
        return None if image is None else Image(id=image.id, reference=_immovable(image, reference))

    def tag(self, image: Image, reference: ImageRef) -> Image:
        self._engine.tag(image.id, reference)
        return self.find(reference.tagged) or image

    def untag(self, reference: ImageRef) -> None:
        self._engine.untag(str(reference.tagged))

    def sweep(self, repository: str, is_left: Callable[[str], bool]) -> None:
        with self._answering():
            containers = self._engine.stopped_containers(f"{repository}-")
        for stopped in containers:  # First, since they would keep their images.
            if is_left(stopped.removeprefix(f"{repository}-")):
                self._engine.remove_stopped_container(stopped)
        for image in self._engine.images_named(repository):
            names = [name for name in image.tags if name.startswith(f"{repository}:")]
            left = [name for name in names if is_left(name.removeprefix(f"{repository}:"))]
            if left and not self._engine.container_count_using(image.id):
                for name in left:
                    self._engine.untag(name)

    @contextlib.contextmanager
    def save(self, images: Sequence[Image], directory: Path) -> Iterator[tuple[Blobs, Sequence[Descriptor]]]:
        from cargo_stow.oci.blobs import Blobs  # noqa: PLC0415 - few builds write their image to a file

        blobs = Blobs(directory / "blobs")
        yield blobs, [self._saved(image, blobs) for image in images]

    def _saved(self, image: Image, blobs: Blobs) -> Descriptor:
        from cargo_stow.oci.imports import import_archive  # noqa: PLC0415

        with self._engine.saved(image.id) as archive:
            found = import_archive(archive, blobs)
        if len(found) != 1:
            raise EngineError(
                f"the engine at {self._engine.address} gave {len(found)} images for {image.id}",
                hint=f"look at what `docker save {image.id}` writes",
            )
        return found[0][1]

    def push(self, reference: ImageRef, progress: Callable[[Progress], None]) -> str:
        return self._engine.push(reference, progress)

    def push_index(self, names: Sequence[ImageRef], digests: Sequence[str]) -> str:
        from cargo_stow.backends.engine_registries import configured_by  # noqa: PLC0415 - most are for one platform
        from cargo_stow.oci.registry.client import Registry  # noqa: PLC0415
        from cargo_stow.oci.registry.publish import publish_index  # noqa: PLC0415

        with Registry(self._environment, load=configured_by(self._engine)) as registry:
            return publish_index(registry, names, digests)

    def check_run(self, options: RunOptions) -> None:
        """Nothing: `docker run` reads them."""

    def run(self, image: Image, options: RunOptions) -> int:
        from cargo_stow.backends import container  # noqa: PLC0415

        if not options.detach:
            return container.run_attached(image.reference, options, self._engine, self._runner, self._environment)
        self._print_result(
            container.run_detached(image.reference, options, self._engine, self._runner, self._environment)
        )
        return 0

    @contextlib.contextmanager
    def _answering(self) -> Iterator[None]:
        """Where nothing answers, say so of a machine that has docker; on another, docker is what is missing."""
        try:
            yield
        except EngineStoppedError:
            self._runner.capture(["docker", "--version"], env=self._environment)  # or ToolMissingError
            raise


def _write(order: BuildOrder) -> Path:
    from cargo_stow.dockerfile import render_dockerfile, render_dockerignore  # noqa: PLC0415 - a no-op renders nothing

    path = order.directory / f"{order.plan.name}.Dockerfile"
    write_text(path, render_dockerfile(order.plan), durable=False)
    write_text(path.with_name(path.name + ".dockerignore"), render_dockerignore(order.plan.context), durable=False)
    return path


def _digest(image: EngineImage, reference: ImageRef) -> str | None:
    """The digest that a registry has for an image in the repository of a reference, as far as the engine knows.

    In containerd's image store every image has one, its ID, whether a registry ever saw it or not. That is no name to
    keep: BuildKit would ask the registry for it, and `name@digest` is gone when the tag moves.
    """
    prefix = f"{reference.familiar.name}@"
    digests = (name.removeprefix(prefix) for name in image.digests if name.startswith(prefix))
    return next((digest for digest in digests if digest != image.id), None)


def _immovable(image: EngineImage, reference: ImageRef | None) -> str:
    digest = _digest(image, reference) if reference else None
    return f"{reference.name}@{digest}" if reference and digest else image.id
