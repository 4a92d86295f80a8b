"""The mounts of a step as binds: stages, the context, caches, secrets and the ssh agent."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from cargo_stow.context import list_files
from cargo_stow.errors import BuildError
from cargo_stow.plan import CacheMount, ContextMount, SecretMount, SshMount, StageMount
from cargo_stow.sandbox.bundle import Bind
from cargo_stow.sandbox.network import RESOLVER
from cargo_stow.sandbox.rooted import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cargo_stow.backends.protocol import BuildOrder
    from cargo_stow.backends.youki.store import Store
    from cargo_stow.plan import Context, Mount, Run
    from cargo_stow.sandbox.overlay import Mounts

AGENT = "/run/cargo-stow/agent"
_NETWORK = (RESOLVER, "/etc/hosts")


class Stages(Protocol):
    """What a lender asks of the stages of a plan."""

    def view(self, name: str) -> Path:
        """The file system of a stage, to be read."""

    def key(self, name: str) -> str:
        """What stands for all that is in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lender:
    """Lends what a step's mounts ask for. `directory` is the step's own, `context` the files that it may read."""

    order: BuildOrder
    store: Store
    mounts: Mounts
    directory: Path
    context: Path
    stages: Stages

    def binds(self, step: Run) -> Iterator[Bind]:
        """Yield what is bound into the step's container; caches are held until the mounts end."""
        for number, mount in enumerate(step.mounts):
            bind = self._bind(mount, self.directory / f"m{number}")
            if bind:
                yield bind

    def _bind(self, mount: Mount, place: Path) -> Bind | None:
        match mount:
            case StageMount():
                source = resolve(self.stages.view(mount.stage), mount.source)
                if mount.scratch:
                    source = self.mounts.overlay([source], place / "merged", place / "upper")
                return Bind(source=str(source), target=mount.target, is_writable=mount.scratch)
            case ContextMount():
                return Bind(source=str(find_in_context(self.context, mount.source)), target=mount.target)
            case CacheMount():
                return Bind(source=str(self._cache(mount, place)), target=mount.target, is_writable=True)
            case SecretMount():
                return self._secret(mount, place)
            case SshMount():
                agent = os.environ.get("SSH_AUTH_SOCK") if self.order.ssh else None
                return Bind(source=agent, target=AGENT) if agent else None

    def _cache(self, mount: CacheMount, place: Path) -> Path:
        key = f"-{self.stages.key(mount.stage)}" if mount.stage else ""
        name = f"{mount.id}{key}"
        directory = self.mounts.enter(self.store.locked_cache(name, shared=mount.sharing == "shared"))
        if not mount.stage:
            return directory
        seed = resolve(self.stages.view(mount.stage), mount.target)
        return self.mounts.overlay([seed], place / "merged", directory / "upper")

    def _secret(self, mount: SecretMount, place: Path) -> Bind | None:
        """A copy in memory that anyone in the step may read, as BuildKit gives it."""
        secret = self.order.secrets.get(mount.id)
        if secret is None:
            if mount.is_required:
                raise BuildError(f"the secret `{mount.id}`, which the build needs, is not there")
            return None
        file = self.mounts.memory(place) / "secret"
        file.write_bytes(secret.read_bytes() if isinstance(secret, Path) else secret.encode())
        file.chmod(0o444)
        return Bind(source=str(file), target=mount.target)


def find_in_context(context: Path, source: str) -> Path:
    """Where a path of the context is. Its links came with sources: they are followed inside of it, as BuildKit does."""
    found = resolve(context, source)
    if not os.path.lexists(found):
        raise BuildError(
            f"{source} is needed by the build, and is a symbolic link to what is not sent, or there is one on the way",
            hint=f"put what it leads to in its place: `ls -l {source}`",
        )
    return found


def gather_context(root: Path, context: Context, target: Path) -> Path:
    """Make a directory with what a context admits, and nothing else.

    Copies, since a link would change the ctime by which it is known that nobody touched a file meanwhile.
    """
    target.mkdir(parents=True, exist_ok=True)
    for path in list_files(root, context):
        place = target / path.relative_to(root)
        place.parent.mkdir(parents=True, exist_ok=True)
        if path.is_symlink():
            place.symlink_to(os.readlink(path))  # noqa: PTH115 - Path.readlink would tidy up
        elif path.is_dir():
            place.mkdir(exist_ok=True)
        else:
            shutil.copy2(path, place)
    return target


def network_binds(resolver: Path | None = None) -> Iterator[Bind]:
    """Yield what a container needs to find names; `resolver` is another resolv.conf(5) than this machine's."""
    for path in _NETWORK:
        source = str(resolver) if resolver and path == RESOLVER else path
        if os.path.exists(source):  # noqa: PTH110 - a text all the way
            yield Bind(source=os.path.realpath(source), target=path)
