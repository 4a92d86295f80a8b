"""What decides an image, on this disk: the files, and one hash over them, the settings and the pins."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
from typing import TYPE_CHECKING

from cargo_stow import __version__
from cargo_stow.context import hash_files, list_files
from cargo_stow.hashes import Hashes
from cargo_stow.manifest.paths import is_file
from cargo_stow.pinning import pins
from cargo_stow.planner import OBJECTS, make_context
from cargo_stow.sent import name_context, settle_context

if TYPE_CHECKING:
    from pathlib import Path

    from cargo_stow.lock import Lock
    from cargo_stow.project import Project


class Inputs:
    """One look at the files of a project: they are listed once and hashed once, each when it is first asked for."""

    def __init__(self, project: Project) -> None:
        self.project = project

    @functools.cached_property
    def _listed(self) -> list[Path]:
        closure = self.project.closure
        found = list_files(closure.root, make_context(self.project.workspace, closure))
        # Their names are their contents, and references say which of them count.
        objects = closure.history / OBJECTS if closure.history else None
        return [path for path in found if not (objects and path.is_relative_to(objects))]

    @functools.cached_property
    def contents(self) -> str:
        """A hash of the names and contents of the context."""
        _ = self._states  # first, so that an edit since then shows
        found = hash_files(self.project.closure.root, self._listed, self._hashes.digest)
        self._hashes.save()
        return found

    @functools.cached_property
    def _hashes(self) -> Hashes:
        # One for all platforms of an image, which have the same files: each is read once.
        return Hashes(self.project.directory / "hashes" / f"{self.project.image}.json")

    @functools.cached_property
    def _states(self) -> list[list[int] | None]:
        return [_state(path) for path in self._listed]

    def are_untouched(self) -> bool:
        """Say whether no file was written since they were looked at, not even with what was in it before."""
        return [_state(path) for path in self._listed] == self._states

    def context(self) -> Path:
        """The root of the context, by a path under which BuildKit was sent nothing that looks like it and is not.

        To be settled when it was sent.
        """
        _ = self.contents
        return name_context(self.project.closure.root, self._hashes.versions, self._contexts)

    def settle(self) -> None:
        """Go on with that path, if nobody can have sent anything under it but what was looked at."""
        settle_context(self._contexts, is_sound=self.are_untouched())

    @property
    def _contexts(self) -> Path:
        return self.project.directory / "contexts" / f"{self.project.image}.{self.project.platform.name}"

    def files(self) -> list[Path]:
        """Return every file that decides the image, as doit's file dependencies: no directory, no dangling link."""
        project = self.project
        cargo = [project.package.manifest, project.workspace.root / "Cargo.toml", project.workspace.lockfile]
        others = [project.lock_file, *([project.toolchain_file] if project.toolchain_file else [])]
        return sorted(path for path in {*self._listed, *cargo, *others} if is_file(path))


def _state(path: Path) -> list[int] | None:
    """What the file system says of a file; nobody can set a ctime."""
    with contextlib.suppress(OSError):
        status = path.lstat()
        return [status.st_dev, status.st_ino, status.st_mode, status.st_size, status.st_ctime_ns]
    return None


def hash_inputs(inputs: Inputs, lock: Lock) -> str:
    """Return a hash of all that decides the image: what a plan is made from, and the contents of the context.

    Our own version counts too: it decides on the steps.
    """
    project = inputs.project
    pinned = [(pin.value, pin.package_manager) for pin in pins(project, lock)]
    decided = f"{__version__}\n{project.closure!r}\n{project.settings!r}\n{project.platform}\n{pinned}"
    return hashlib.sha256(os.fsencode(f"{decided}\n{inputs.contents}")).hexdigest()
