"""Carries out a plan: each stage that the image needs, each step whose inputs are others than before.

Runs in namespaces of its own (`sandbox/isolation.py`), where mounts are seen by nobody else.
"""

from __future__ import annotations

import functools
import os
import shutil
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cargo_stow.backends.youki.keys import make_key, step_key, tree_key
from cargo_stow.backends.youki.lending import AGENT, Lender, find_in_context, gather_context, network_binds
from cargo_stow.backends.youki.rootfs import Rootfs
from cargo_stow.backends.youki.script import describe, make_environment, make_script
from cargo_stow.backends.youki.store import touch
from cargo_stow.backends.youki.stubs import places, targets_of
from cargo_stow.backends.youki.trees import copy_into, write_files
from cargo_stow.context import hash_files
from cargo_stow.errors import BuildError
from cargo_stow.plan import SCRATCH, CacheMount, ContextMount, Copy, Run, SshMount, StageMount, Write
from cargo_stow.sandbox.bundle import Process
from cargo_stow.sandbox.rooted import resolve
from cargo_stow.sandbox.running import run
from cargo_stow.sandbox.runtime import Container, container_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cargo_stow.backends.protocol import BuildOrder
    from cargo_stow.backends.youki.store import Store
    from cargo_stow.plan import Stage, Step
    from cargo_stow.process import Runner
    from cargo_stow.sandbox.overlay import Mounts
    from cargo_stow.sandbox.runtime import Runtime

_LITTLE = 32 << 20
"""Less than what any compiler writes, in bytes."""


@dataclass(kw_only=True)
class Builder:
    """One plan. `bases` gives the file system of a stage that begins with an image; `epoch` is in seconds.

    `scratch` is a directory of the store, where the context is gathered and views are mounted.
    """

    order: BuildOrder
    store: Store
    runtime: Runtime
    runner: Runner
    mounts: Mounts
    scratch: Path
    bases: Callable[[str], Rootfs]
    epoch: int
    _done: dict[str, Rootfs] = field(default_factory=dict)
    _views: dict[str, Path] = field(default_factory=dict)

    @functools.cached_property
    def _stages(self) -> dict[str, Stage]:
        return {stage.name: stage for stage in self.order.plan.stages}

    @functools.cached_property
    def _context(self) -> Path:
        return gather_context(self.order.root, self.order.plan.context, self.scratch / "context")

    def stage(self, name: str) -> Rootfs:
        """Return the file system of a stage, built where it is not there yet. Raises BuildError."""
        if name not in self._done:
            stage = self._stages[name]
            rootfs = self._parent(stage)
            for number, step in enumerate(stage.steps, 1):
                rootfs = self.step(rootfs, step, f"{name} {number}/{len(stage.steps)}")
            self._done[name] = rootfs
        return self._done[name]

    def key(self, name: str) -> str:
        return self.stage(name).key

    def view(self, name: str) -> Path:
        """The file system of a stage, to be read. Mounted once."""
        if name not in self._views:
            self._views[name] = self.merged(self.stage(name), f"view-{name}")
        return self._views[name]

    def merged(self, rootfs: Rootfs, name: str) -> Path:
        """Return a file system as one directory, to be read."""
        return self.mounts.merged(rootfs.layers, self.scratch / name)

    def _parent(self, stage: Stage) -> Rootfs:
        if stage.parent == SCRATCH:
            empty = self.scratch / "empty"
            empty.mkdir(exist_ok=True)
            empty.chmod(0o755)
            return Rootfs(key=SCRATCH, layers=(empty,))
        return self.stage(stage.parent) if isinstance(stage.parent, str) else self.bases(stage.name)

    def step(self, rootfs: Rootfs, step: Step, title: str) -> Rootfs:
        """Return a file system after a step, which is carried out unless that was done before."""
        key = step_key(rootfs.key, step, self._inputs(step), self.epoch)
        if not self.store.layer(key).is_dir():
            self._tell(title, step)
            self._carry_out(rootfs, step, key)
        touch(self.store.layer(key))
        return rootfs.with_layer(key, self.store.layer(key))

    def _tell(self, title: str, step: Step) -> None:
        if self.order.quiet:
            return
        lines = describe(step) if isinstance(step, Run) else [_shown(step)]
        for line in lines:
            print(f"  [{title}] {line}", file=sys.stderr, flush=True)

    def _inputs(self, step: Step) -> Iterator[str]:
        """The contents that a step reads. Of a whole stage its key says it, of a part of one that part."""
        if isinstance(step, Copy):
            yield self._content(step.stage, step.source)
        for mount in step.mounts if isinstance(step, Run) else ():
            if isinstance(mount, StageMount):
                yield self._content(mount.stage, mount.source)
            elif isinstance(mount, CacheMount) and mount.stage:
                yield self.key(mount.stage)
            elif isinstance(mount, ContextMount):
                yield self._content(None, mount.source)

    def _content(self, stage: str | None, source: str) -> str:
        if stage is None:
            path = find_in_context(self._context, source)
            return hash_files(path.parent, [path]) if path.is_file() else hash_files(path, _files(path))
        if source == "/" or not isinstance(self._stages[stage].parent, str):
            return make_key(self.key(stage), source)
        return tree_key(resolve(self.view(stage), source))

    def _carry_out(self, rootfs: Rootfs, step: Step, key: str) -> None:
        with self.store.scratch() as directory, self.mounts.scope() as mounts:
            root = mounts.overlay(rootfs.layers, directory / "root", directory / "upper")
            match step:
                case Copy():
                    source = find_in_context(self._context, step.source) if step.stage is None else None
                    copy_into(source or resolve(self.view(step.stage or ""), step.source), root, step.target)
                case Write():
                    write_files(root, step.target, step.files)
                case Run():
                    self._run(rootfs, step, root, directory, mounts)
            mounts.close()
            self.store.adopt(directory / "upper", self.store.layer(key))

    def _run(self, rootfs: Rootfs, step: Run, root: Path, directory: Path, mounts: Mounts) -> None:
        lender = Lender(
            order=self.order, store=self.store, mounts=mounts, directory=directory, context=self._context, stages=self
        )
        binds = (*network_binds(), *lender.binds(step))
        container = Container(
            directory=directory / container_name(directory.name),
            root=root,
            process=Process(
                arguments=("/bin/sh", "-c", make_script(step)),
                environment=make_environment(step, rootfs.environment, self._lent(step), self.epoch),
                directory=rootfs.directory,
            ),
            binds=binds,
        )
        with places(root, [(rootfs.directory, True), *targets_of(binds)]):
            result = run(container, self.runtime, self.runner, quiet=self.order.quiet)
        if result.code != 0:
            raise self._failed(step, result.code, result.stdout + result.stderr)

    def _lent(self, step: Run) -> dict[str, str]:
        """Variables that only the container has: proxies, and the way to the agent."""
        found = {name: os.environ.get(name, "") for name in self.order.proxies}
        if self.order.ssh and any(isinstance(mount, SshMount) for mount in step.mounts):
            found["SSH_AUTH_SOCK"] = AGENT
        return found

    def _failed(self, step: Run, code: int, output: str) -> BuildError:
        plan = self.order.plan
        what = ", ".join(f"`{each}`" for each in plan.bins)
        last = list(describe(step))[-1] if len(step.commands) == 1 else f"one of: {'; '.join(describe(step))}"
        return BuildError(
            f"building {what} of package `{plan.package}` failed: a step ended with code {code}",
            hint=self._shortage() or "see its output above",
            detail=output or last,
        )

    def _shortage(self) -> str:
        """What to do about a full disk, of which compilers and linkers do not always speak (lld dies of SIGBUS)."""
        left = shutil.disk_usage(self.store.directory).free
        if left > _LITTLE:
            return ""
        return f"{left / 1e6:.1f} MB are left on the disk of {self.store.directory}: `cargo stow cache prune`"


def _files(directory: Path) -> list[Path]:
    found = []
    for parent, directories, files in os.walk(directory):
        inside = [*files, *(name for name in directories if os.path.islink(f"{parent}/{name}"))]  # noqa: PTH114
        found += [directory / parent / name for name in inside]
        if not files and not directories:
            found.append(directory / parent)
    return sorted(found)


def _shown(step: Step) -> str:
    if isinstance(step, Copy):
        return f"copy {step.source} to {step.target}"
    return f"write {step.name} to {step.target}" if isinstance(step, Write) else ""
