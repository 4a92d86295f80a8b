"""Keeping the dependency layer of a build. A local cache is replaced in one step, or stays as it was."""

from __future__ import annotations

import contextlib
import shutil
from typing import TYPE_CHECKING

from cargo_stow.actions.places import describe_local, describe_remote, local_directory
from cargo_stow.cache_text import shown
from cargo_stow.errors import BuildError, FileError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cargo_stow.backends.protocol import BuildOrder
    from cargo_stow.project import Project
    from cargo_stow.session import Session


def keep_cache(session: Session, project: Project, order: BuildOrder) -> None:
    """Export the dependency layer of a build to where caches are kept. Raises what the backend does, and FileError."""
    caches = session.caches
    session.report.status("Caching", f"the dependencies of {project.package.name}")
    try:
        with _place(project, caches.mode) as place:
            session.backend().export_cache(order, (*caches.targets, *([place] if place else [])))
    except BuildError as error:
        raise BuildError(
            f"the dependencies of `{project.package.name}` could not be kept in {', '.join(_names(session, project))};"
            f" the image is built, as {project.target}",
            hint="docker's own words are above; to keep them, run the same command again, which builds nothing anew",
            detail=error.detail,
        ) from error
    finally:
        session.inputs(project).settle()


def _names(session: Session, project: Project) -> Iterator[str]:
    """The places of the caches, in words that people know and that hold no secret."""
    caches = session.caches
    yield from map(shown, caches.targets)
    if caches.mode == "local":
        yield str(local_directory(project))
    elif caches.mode:
        yield shown(describe_remote(project, caches.mode)[1])


@contextlib.contextmanager
def _place(project: Project, mode: str | None) -> Iterator[str | None]:
    """What the mode exports to, in BuildKit's words."""
    if mode == "local":
        with _replaced(local_directory(project)) as new:
            yield f"{describe_local('dest', new)},mode=max"
    else:
        yield describe_remote(project, mode)[1] if mode else None


@contextlib.contextmanager
def _replaced(place: Path) -> Iterator[Path]:
    """A directory beside a cache, which takes its place if all went well and anything was put into it."""
    new, old = place.with_name(f"{place.name}.new"), place.with_name(f"{place.name}.old")
    _clear(place, new, old)
    try:
        yield new
        if (new / "index.json").is_file():
            _exchange(place, new, old)
    finally:
        _clear(place, new, old)


def _exchange(place: Path, new: Path, old: Path) -> None:
    try:
        if place.exists():
            place.rename(old)
        new.rename(place)
    except OSError as error:
        raise FileError(f"cannot write {place}: {error.strerror}", hint=f"remove {place}") from error


def _clear(place: Path, new: Path, old: Path) -> None:
    """Remove what is left of an export; one that ended between its two renames, even by SIGKILL, is undone."""
    if old.exists() and not place.exists():
        with contextlib.suppress(OSError):
            old.rename(place)
    for left in (new, old):
        shutil.rmtree(left, ignore_errors=True)
