"""From names of images to the pins that a build stands on: what Stow.lock says, completed or moved.

Asks a backend only for what the lock does not say, and writes the lock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cargo_stow.errors import LockError
from cargo_stow.files import write_text
from cargo_stow.lock import load_lock
from cargo_stow.planner import make_plan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cargo_stow.backends.protocol import Backend
    from cargo_stow.lock import Lock, Pin
    from cargo_stow.model import Platform
    from cargo_stow.plan import Plan
    from cargo_stow.project import Project
    from cargo_stow.reference import ImageRef
    from cargo_stow.report import Report


def settle(project: Project, backend: Callable[[], Backend], report: Report, *, locked: bool) -> Lock:
    """Return the lock with everything this project needs, and write it when something was missing.

    Raises LockError when something is missing and `locked` forbids to add it.
    """
    lock = load_lock(project.lock_file)
    missing = [image for image in project.images if lock.find(image, project.platform) is None]
    if not missing:
        return lock
    if locked:
        raise LockError(
            f"{project.lock_file} has no entry for {missing[0]} on {project.platform}, and --locked forbids to add one",
            hint="run `cargo stow build` once without --locked, and commit Stow.lock",
        )
    lock = lock.having(resolve(backend(), lock, [(image, project.platform) for image in missing], report))
    write_text(project.lock_file, lock.text())
    return lock


def resolve(backend: Backend, lock: Lock, wanted: Iterable[tuple[ImageRef, Platform]], report: Report) -> list[Pin]:
    """Ask what references mean now on their platforms, saying so, since a registry may take its time."""
    found = []
    for reference, platform in wanted:
        report.status("Resolving", str(reference))
        pin = backend.resolve(reference, platform, lock.find(reference, platform))
        if pin.doubt:
            report.warn(f"{pin.doubt}; taking what the engine has as {reference}")
        found.append(pin)
    return found


def find_lock(project: Project) -> Lock | None:
    """Return the lock if it has all that the project needs."""
    lock = load_lock(project.lock_file)
    return lock if all(lock.find(image, project.platform) for image in project.images) else None


def pins(project: Project, lock: Lock) -> tuple[Pin, Pin]:
    """The pins of base and toolchain. Raises LockError when the lock does not have them."""
    found = [lock.find(image, project.platform) for image in project.images]
    if found[0] is None or found[1] is None:
        missing = project.base if found[0] is None else project.toolchain
        raise LockError(
            f"{project.lock_file} has no entry for {missing} on {project.platform}",
            hint="run `cargo stow update`, and commit Stow.lock",
        )
    return found[0], found[1]


def plan_of(project: Project, lock: Lock) -> Plan:
    """Lay out the build of a project on the images that the lock names."""
    base, toolchain = pins(project, lock)
    return make_plan(
        workspace=project.workspace,
        closure=project.closure,
        settings=project.settings,
        base=base.source,
        toolchain=toolchain.source,
        platform=project.platform,
    )
