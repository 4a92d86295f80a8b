"""A Backend without an engine: the test double of the seam, for our tests and for those of who builds on us.

Images are names and hashes, made from the contents of the context as a real build would read them. It counts what it
is asked for, and does at any call whatever a test says: raise, or change a file. With `state`, what it holds is kept in
a file, so that several processes see one engine.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from cargo_stow.backends.protocol import Image
from cargo_stow.context import hash_files, list_files
from cargo_stow.errors import ImageNotFoundError, LockError
from cargo_stow.families import BaseFacts
from cargo_stow.lock import Pin
from cargo_stow.oci.blobs import Blobs
from cargo_stow.oci.descriptor import CONFIG, LAYER, MANIFEST
from cargo_stow.oci.documents import as_bytes
from cargo_stow.oci.image import Manifest
from cargo_stow.oci.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from cargo_stow.backends.protocol import BuildOrder, RunOptions
    from cargo_stow.oci.descriptor import Descriptor
    from cargo_stow.platforms import Platform
    from cargo_stow.reference import ImageRef


_DEBIAN = BaseFacts(os_release='PRETTY_NAME="Debian"\nID=debian\n', programs=frozenset({"apt-get"}))


def digest_of(text: str) -> str:
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


class MemoryBackend:
    """Images in memory.

    `tags` are names with the ID each has now, `images` the IDs that exist, `pushed` digests by repository,
    `indexes` those of images by the name of what joins them. `registry`
    says what a reference resolves to (None: nothing has it); one that is not in it resolves to a hash of its text.
    `bases` says what is found in a base image; in one that is not in it, a Debian with apt-get.
    `local` are references that only the engine has, with their IDs; `doubt` is put into every pin of the registry.
    `counts` counts calls by the method's name, and `orders`, `exports` and `runs` keep what they were given.
    """

    lays_out = False

    def __init__(self, *, state: Path | None = None, print_result: Callable[[str], None] = print) -> None:
        self.tags: dict[str, str] = {}
        self.images: set[str] = set()
        self.pushed: dict[str, str] = {}
        self.indexes: dict[str, tuple[str, ...]] = {}
        self.counts: Counter[str] = Counter()
        self.registry: dict[str, str | None] = {}
        self.local: dict[str, str] = {}
        self.bases: dict[str, BaseFacts] = {}
        self.doubt = ""
        self.orders: list[BuildOrder] = []
        self.exports: list[tuple[BuildOrder, tuple[str, ...]]] = []
        self.runs: list[tuple[Image, RunOptions]] = []
        self.exit_code = 0
        self._state = state
        self._print_result = print_result
        self._plans: dict[str, list[Callable[[], None]]] = {}

    def at(self, call: str, *actions: Callable[[], None]) -> None:
        """Do something at the next calls of a method, one action a call, before it has any effect."""
        self._plans.setdefault(call, []).extend(actions)

    def fail(self, call: str, error: BaseException) -> None:
        """Raise at the next call of a method."""

        def raise_it() -> None:
            raise error

        self.at(call, raise_it)

    def where(self) -> str:
        return "memory"

    def resolve(self, reference: ImageRef, platform: Platform, known: Pin | None, *, offline: bool = False) -> Pin:  # noqa: ARG002
        self._called("resolve")
        name = str(reference.tagged)
        if name in self.local:
            return Pin(reference=reference.tagged, platform=platform, id=self.local[name])
        digest = self.registry.get(name, digest_of(f"{name} {platform}"))
        if digest is None:
            raise ImageNotFoundError(f"there is no image {name}", hint="check the name")
        return Pin(reference=reference.tagged, platform=platform, digest=digest, doubt=self.doubt)

    def inspect_base(self, pin: Pin, directory: Path) -> BaseFacts:  # noqa: ARG002 - nothing is written here
        self._called("inspect_base")
        return self.bases.get(str(pin.reference), _DEBIAN)

    def check_export(self) -> None:
        self._called("check_export")

    def export_cache(self, order: BuildOrder, targets: tuple[str, ...]) -> None:
        self._called("export_cache")
        self.exports.append((order, targets))

    def check(self, pin: Pin) -> None:
        self._called("check")
        if pin.id is not None and self.local.get(str(pin.reference)) != pin.id:
            raise LockError(f"{pin.reference} is not {pin.id}", hint="`cargo stow update`")

    def build(self, orders: Sequence[BuildOrder]) -> list[Image]:
        self._called("build")
        return [self._build(order) for order in orders]

    def _build(self, order: BuildOrder) -> Image:
        self.orders.append(order)
        identity = digest_of(f"{order.plan!r} {hash_files(order.root, list_files(order.root, order.plan.context))}")
        self.images.add(identity)
        self._save()
        return Image(id=identity, reference=identity)

    def find(self, name: ImageRef | str) -> Image | None:
        self._called("find")
        identity = name if isinstance(name, str) else self.tags.get(str(name.tagged))
        if identity is None or identity not in self.images:
            return None
        pushed = None if isinstance(name, str) else self.pushed.get(name.name)
        is_known = pushed == digest_of(f"manifest of {identity}")
        return Image(id=identity, reference=f"{name.name}@{pushed}" if is_known else identity)  # type: ignore[union-attr]

    def tag(self, image: Image, reference: ImageRef) -> Image:
        self._called("tag")
        if image.id not in self.images:
            raise ImageNotFoundError(f"there is no image {image.id}")
        self.tags[str(reference.tagged)] = image.id
        self._save()
        return self.find(reference) or image

    def untag(self, reference: ImageRef) -> None:
        self._called("untag")
        self._untag(str(reference.tagged))

    def sweep(self, repository: str, is_left: Callable[[str], bool]) -> None:
        self._called("sweep")
        for name in [name for name in self.tags if name.startswith(f"{repository}:")]:
            if is_left(name.removeprefix(f"{repository}:")):
                self._untag(name)

    @contextlib.contextmanager
    def save(self, images: Sequence[Image], directory: Path) -> Iterator[tuple[Blobs, Sequence[Descriptor]]]:
        self._called("save")
        blobs = Blobs(directory / "blobs")
        yield blobs, [_write_image(image, blobs) for image in images]

    def push(self, reference: ImageRef, progress: Callable[[Progress], None]) -> str:
        self._called("push")
        image = self.find(reference)
        if image is None:
            raise ImageNotFoundError(f"there is no image {reference}")
        for status, current in (("Pushing", 1), ("Pushing", 2), ("Pushed", 2)):
            progress(Progress(layer=image.id[7:19], status=status, current=current, total=2))
        self.pushed[reference.name] = digest_of(f"manifest of {image.id}")
        self._save()
        return self.pushed[reference.name]

    def push_index(self, names: Sequence[ImageRef], digests: Sequence[str]) -> str:
        self._called("push_index")
        digest = digest_of(f"index of {' '.join(digests)}")
        self.indexes.update({str(name): tuple(digests) for name in names})
        return digest

    def check_run(self, options: RunOptions) -> None:
        pass

    def run(self, image: Image, options: RunOptions) -> int:
        self._called("run")
        self.runs.append((image, options))
        if options.detach:
            self._print_result(digest_of(f"container of {image.id}")[7:])
        return self.exit_code

    def _untag(self, name: str) -> None:
        identity = self.tags.pop(name, None)
        if identity is not None and identity not in self.tags.values():
            self.images.discard(identity)
        self._save()

    def _called(self, name: str) -> None:
        self._load()
        self.counts[name] += 1
        self._save()
        if self._plans.get(name):
            self._plans[name].pop(0)()

    def _load(self) -> None:
        if self._state is not None and self._state.exists():
            state: dict[str, Any] = json.loads(self._state.read_text(encoding="utf-8"))
            self.tags, self.images, self.pushed = state["tags"], set(state["images"]), state["pushed"]
            self.counts = Counter(state["counts"])

    def _save(self) -> None:
        if self._state is not None:
            state = {"tags": self.tags, "images": sorted(self.images), "pushed": self.pushed, "counts": self.counts}
            self._state.write_text(json.dumps(state), encoding="utf-8")


def _write_image(image: Image, blobs: Blobs) -> Descriptor:
    """An image of one empty layer, whose label `id` says which it is."""
    layer = blobs.put(bytes(10240), LAYER)
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Labels": {"id": image.id}},
        "rootfs": {"type": "layers", "diff_ids": [layer.digest]},
    }
    manifest = Manifest(config=blobs.put(as_bytes(config), CONFIG), layers=(layer,))
    return blobs.put(as_bytes(manifest.as_json()), MANIFEST)
