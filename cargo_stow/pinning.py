"""From names of images to the pins that a build stands on: what Stow.lock says, completed or moved.

Asks a backend only for what the lock does not say, and writes the lock. The base comes first: which image lends the
toolchain depends on what the base is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cargo_stow.errors import LockError
from cargo_stow.families import check_architecture, find_package_manager
from cargo_stow.files import write_text
from cargo_stow.includes import find_repository
from cargo_stow.lock import load_lock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cargo_stow.backends.protocol import Backend
    from cargo_stow.lock import Lock, Pin
    from cargo_stow.model import PackageManager
    from cargo_stow.platforms import Platform
    from cargo_stow.project import Project
    from cargo_stow.reference import ImageRef
    from cargo_stow.report import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Pins:
    """The images a build stands on; `toolchain` is None where no image lends one."""

    base: Pin
    package_manager: PackageManager
    toolchain: Pin | None

    def __iter__(self) -> Iterator[Pin]:
        yield self.base
        if self.toolchain is not None:
            yield self.toolchain


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Whom to ask what a lock does not say, and how; `known` is what was said before."""

    backend: Backend
    report: Report
    known: Lock
    offline: bool

    def complete(self, lock: Lock, project: Project) -> Lock:
        """Return a lock with all of a project's images. What it has already is not asked again."""
        base = self._pin(lock, project.base, project.platform)
        manager = base.package_manager or self._look_into(base, project)
        lock = lock.having([replace(base, package_manager=manager)])
        toolchain = project.toolchain_image(manager)
        return lock if toolchain is None else lock.having([self._pin(lock, toolchain, project.platform)])

    def _pin(self, lock: Lock, reference: ImageRef, platform: Platform) -> Pin:
        """Ask what a reference means now, saying so, since a registry may take its time."""
        found = lock.find(reference, platform)
        if found is not None:
            return found
        self.report.status("Resolving", str(reference))
        before = self.known.find(reference, platform)
        pin = self.backend.resolve(reference, platform, before, offline=self.offline)
        if pin.doubt:
            self.report.warn(f"{pin.doubt}; taking what this machine has as {reference}")
        if before is not None and before.value == pin.value:
            return replace(pin, package_manager=before.package_manager)
        return pin

    def _look_into(self, base: Pin, project: Project) -> PackageManager:
        self.report.status("Inspecting", str(base.reference))
        facts = self.backend.inspect_base(base, project.directory)
        check_architecture(facts, base.reference, base.platform)
        return find_package_manager(facts, base.reference)


def settle(project: Project, backend: Callable[[], Backend], report: Report, *, locked: bool, offline: bool) -> Lock:
    """Return the lock with everything this project needs, and write it when something was missing.

    Raises LockError when something is missing and `locked` forbids to add it. With `offline` no registry is asked.
    """
    lock = load_lock(project.lock_file)
    found = _look_up(project, lock)
    if isinstance(found, Pins):
        return lock
    if locked:
        raise LockError(
            f"{project.lock_file} has no {found}, and --locked forbids to add one",
            hint="run `cargo stow build` once without --locked, and commit Stow.lock",
        )
    lock = Asking(backend=backend(), report=report, known=lock, offline=offline).complete(lock, project)
    write_text(project.lock_file, lock.text(), within=find_repository(project.workspace.root))
    return lock


def find_lock(project: Project) -> Lock | None:
    """Return the lock if it has all that the project needs."""
    lock = load_lock(project.lock_file)
    return lock if isinstance(_look_up(project, lock), Pins) else None


def pins(project: Project, lock: Lock) -> Pins:
    """The pins of base and toolchain. Raises LockError when the lock does not have them."""
    found = _look_up(project, lock)
    if isinstance(found, Pins):
        return found
    raise LockError(f"{project.lock_file} has no {found}", hint="run `cargo stow update`, and commit Stow.lock")


def _look_up(project: Project, lock: Lock) -> Pins | str:
    """The pins of a project, or what of them a lock does not have."""
    base = lock.find(project.base, project.platform)
    if base is None:
        return f"entry for {project.base} on {project.platform}"
    if base.package_manager is None:
        return f"package_manager for {project.base} on {project.platform}"
    reference = project.toolchain_image(base.package_manager)
    toolchain = None if reference is None else lock.find(reference, project.platform)
    if reference is not None and toolchain is None:
        return f"entry for {reference} on {project.platform}"
    return Pins(base=base, package_manager=base.package_manager, toolchain=toolchain)
