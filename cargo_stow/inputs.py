"""What decides an image, on this disk: the files, and one hash over them, the plan and the pins."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from cargo_stow import __version__
from cargo_stow.context import hash_files, list_files
from cargo_stow.pinning import pins
from cargo_stow.planner import make_context

if TYPE_CHECKING:
    from pathlib import Path

    from cargo_stow.lock import Lock
    from cargo_stow.plan import Plan
    from cargo_stow.project import Project


def input_files(project: Project) -> list[Path]:
    """Return every file that decides the image, as doit's file dependencies: no directory, no dangling link."""
    cargo = [project.package.manifest, project.workspace.root / "Cargo.toml", project.workspace.lockfile]
    others = [project.lock_file, *([project.toolchain_file] if project.toolchain_file else [])]
    context = make_context(project.workspace, project.closure)
    listed = {*list_files(project.closure.root, context), *cargo, *others}
    return sorted(path for path in listed if path.is_file())


def hash_inputs(project: Project, lock: Lock, plan: Plan) -> str:
    """Return a hash of all that decides the image: the plan, the pins and the contents of the context.

    An image pinned by ID is a tag in the plan, so the pins count too; so does our own version, which writes the steps.
    """
    pinned = [pin.value for pin in pins(project, lock)]
    decided = f"{__version__}\n{plan!r}\n{pinned}"
    files = hash_files(project.closure.root, list_files(project.closure.root, plan.context))
    return hashlib.sha256(os.fsencode(f"{decided}\n{files}")).hexdigest()
