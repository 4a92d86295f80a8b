"""What the verbs ask of a backend. Holds the interface only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from cargo_stow.families import BaseFacts
    from cargo_stow.lock import Pin
    from cargo_stow.oci.blobs import Blobs
    from cargo_stow.oci.descriptor import Descriptor
    from cargo_stow.oci.progress import Progress
    from cargo_stow.plan import Plan
    from cargo_stow.platforms import Platform
    from cargo_stow.reference import ImageRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An image that a backend holds. `id` is a digest of its bytes; `reference` one that cannot move and can be run."""

    id: str
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildOrder:
    """Everything one build needs besides the plan.

    `root` is the context's root, `directory` where generated files may be written. `secrets` maps secret IDs to the
    files on this machine that hold them, or to their texts; `ssh` lends the agent of SSH_AUTH_SOCK; `proxies` are the
    variables of this environment that name one. `cache_from` are caches to begin with, as BuildKit describes them.
    `quiet` hides the steps unless one fails.
    """

    plan: Plan
    root: Path
    directory: Path
    secrets: Mapping[str, Path | str]
    ssh: bool = False
    proxies: tuple[str, ...] = ()
    cache_from: tuple[str, ...] = ()
    quiet: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """How to run a program, in the words of `docker run`."""

    arguments: tuple[str, ...] = ()
    publish: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    detach: bool = False


class Voice(Protocol):
    """How a backend tells of what it does; `Report` is one."""

    def result(self, text: str) -> None:
        """Print one line of the command's result."""

    def status(self, verb: str, text: str) -> None:
        """Say what is being done."""

    def moving(self, verb: str) -> AbstractContextManager[Callable[[Progress], None]]:
        """What tells of layers under way."""


class Backend(Protocol):
    """One way to build and keep images."""

    @property
    def lays_out(self) -> bool:
        """Whether a build gives its image out as a layout, too: where no engine has it for others."""

    def where(self) -> str:
        """Where its images are, in words that tell two places apart (an engine's address)."""

    def resolve(self, reference: ImageRef, platform: Platform, known: Pin | None, *, offline: bool = False) -> Pin:
        """What a reference means now, asking the registry first, unless `offline`, then what is here.

        Where the registry cannot be asked, a pin that is `known` from one is not given up for what is here.
        """

    def inspect_base(self, pin: Pin, directory: Path) -> BaseFacts:
        """What the image of a pin says of its distribution, and which package managers it has.

        `directory` is where files may lie meanwhile. Raises BuildError where the image cannot be looked into.
        """

    def check(self, pin: Pin) -> None:
        """Raise LockError unless an image pinned by ID is the one its name means, ImageNotFoundError if it is gone."""

    def build(self, orders: Sequence[BuildOrder]) -> list[Image]:
        """Build plans, together; the images have no names yet, and nothing that existed before has changed."""

    def export_cache(self, order: BuildOrder, targets: tuple[str, ...]) -> None:
        """Keep the dependency layer of a build where BuildKit's `targets` say; what is missing of it is built."""

    def check_export(self) -> None:
        """Raise EngineError where `export_cache` cannot be done, so that nobody waits for a build to learn it."""

    def find(self, name: ImageRef | str) -> Image | None:
        """The image that has this name or this ID, None where there is none."""

    def tag(self, image: Image, reference: ImageRef) -> Image:
        """Give an image a name; returns it with the reference by which it can be run under that name."""

    def untag(self, reference: ImageRef) -> None:
        """Take a name from an image, which goes with its last name. An absent name is fine."""

    def sweep(self, repository: str, is_left: Callable[[str], bool]) -> None:
        """Remove the names in a repository whose tag `is_left` says yes to, where no container uses the image.

        Before that, containers named `{repository}-…` that do not run, where it says yes to the rest of the name.
        """

    def save(
        self, images: Sequence[Image], directory: Path
    ) -> AbstractContextManager[tuple[Blobs, Sequence[Descriptor]]]:
        """The bytes of images: blobs, and what describes each image among them, its manifest or an index.

        They stay until the end of the context; `directory` is an empty one where they may lie meanwhile.
        """

    def push(self, reference: ImageRef, progress: Callable[[Progress], None]) -> str:
        """Push the image of that name to its registry; returns the digest the registry gives it."""

    def push_index(self, names: Sequence[ImageRef], digests: Sequence[str]) -> str:
        """Give names to an index of images that are in their repository, all names to one; returns its digest.

        Source: OCI image specification, "OCI Image Index Specification".
        """

    def check_run(self, options: RunOptions) -> None:
        """Raise UsageError or ToolMissingError where `run` would, so that nobody waits for a build to learn it."""

    def run(self, image: Image, options: RunOptions) -> int:
        """Run an image's program with the caller's terminal and signals; returns the program's exit code.

        With `detach`, prints the container's ID and returns at once.
        """
