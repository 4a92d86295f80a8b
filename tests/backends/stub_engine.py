"""Stands in for `backends.engine.Engine`, as values: what a test puts in is what it answers."""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cargo_stow.backends.engine_values import ContainerState, EngineImage
from cargo_stow.errors import ImageNotFoundError
from cargo_stow.oci.progress import Progress
from cargo_stow.platforms import Platform

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

    from cargo_stow.reference import ImageRef

AMD64 = Platform(os="linux", architecture="amd64")


def image(identity: str, *, digests: tuple[str, ...] = (), tags: tuple[str, ...] = ()) -> EngineImage:
    return EngineImage(id=identity, digests=digests, tags=tags, platform=AMD64)


@dataclass
class StubEngine:
    """`images` by every name and ID they are asked for; `digest` what the registry says, or the error it raises.

    `used` are the IDs of images that containers have, `stopped_names` containers that do not run, with their images.
    `archive` is what any image is saved as, `insecure` are registries without TLS.
    """

    images: dict[str, EngineImage] = field(default_factory=dict)
    digest: str | Exception = field(default_factory=lambda: ImageNotFoundError("the registry has no such image"))
    state: ContainerState | None = field(default_factory=lambda: ContainerState(running=False, exit_code=0, error=""))
    stopped: Exception | None = None
    used: tuple[str, ...] = ()
    stopped_names: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, ...]] = field(default_factory=list)
    archive: bytes = b""
    insecure: frozenset[str] = frozenset()
    address: str = "unix:///run/engine.sock"

    def image(self, name: str) -> EngineImage | None:
        return self.images.get(name)

    @contextlib.contextmanager
    def saved(self, name: str) -> Iterator[BinaryIO]:
        self.asked.append(("save", name))
        yield io.BytesIO(self.archive)

    def insecure_registries(self) -> frozenset[str]:
        return self.insecure

    def ping(self) -> None:
        self._answer()

    def registry_digest(self, reference: ImageRef) -> str:
        self._answer()
        self.asked.append(("look up", str(reference)))
        if isinstance(self.digest, Exception):
            raise self.digest
        return self.digest

    def tag(self, identity: str, reference: ImageRef) -> None:
        self.asked.append(("tag", identity, str(reference)))

    def untag(self, name: str) -> None:
        self.asked.append(("untag", name))

    def images_named(self, repository: str) -> tuple[EngineImage, ...]:
        self._answer()
        return tuple(each for each in self.images.values() if any(t.startswith(f"{repository}:") for t in each.tags))

    def container_count_using(self, identity: str) -> int:
        return self.used.count(identity)

    def end_of_container(self, container: str, within: int | None = None) -> ContainerState | None:
        self.asked.append(("state", container) if within is None else ("state", container, f"within {within}"))
        return self.state

    def signal_container(self, container: str, signum: int) -> None:
        self.asked.append(("signal", container, str(int(signum))))

    def stopped_containers(self, prefix: str) -> tuple[str, ...]:
        self._answer()
        return tuple(name for name in self.stopped_names if name.startswith(prefix))

    def remove_stopped_container(self, container: str) -> None:
        self.asked.append(("remove stopped", container))
        self.used = tuple(identity for identity in self.used if identity != self.stopped_names[container])

    def remove_container(self, container: str) -> None:
        self.asked.append(("remove", container))

    def push(self, reference: ImageRef, progress: Callable[[Progress], None]) -> str:
        progress(Progress(layer="a", status="Pushed"))
        self.asked.append(("push", str(reference)))
        return "sha256:pushed"

    def _answer(self) -> None:
        if self.stopped is not None:
            raise self.stopped
