"""`stow_run`: the program runs in a container of a temporary image, and both are gone afterwards."""

from __future__ import annotations

import contextlib
import re
import time
import uuid
from typing import TYPE_CHECKING

from cargo_stow.actions.build import find_current, make_images, settle_sources
from cargo_stow.errors import StowError
from cargo_stow.reference import ImageRef

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cargo_stow.backends.protocol import Image, RunOptions
    from cargo_stow.project import Project
    from cargo_stow.session import Session

# All temporary images have this repository, so that those of detached or killed runs can be found and swept; their tags
# begin with the time they were made at, in seconds, so that nobody sweeps what has no container yet.
REPOSITORY = "cargo-stow-run"
_GRACE = 60
_NAME = re.compile(r"([0-9]+)\.[0-9a-f]{32}")


def run(session: Session, project: Project, options: RunOptions, *, locked: bool) -> int:
    """Run a project's program; returns its exit code. Neither the image of `build` nor its tag is touched."""
    session.backend().check_run(options)
    session.backend().sweep(REPOSITORY, _is_left)
    with _temporary_image(session, project, locked=locked, keep=options.detach) as image:
        session.report.status("Running", f"{project.settings.bins[0]} of {project.package.name}")
        return session.backend().run(image, options)


@contextlib.contextmanager
def _temporary_image(session: Session, project: Project, *, locked: bool, keep: bool) -> Iterator[Image]:
    """The image under a name of its own; a detached program keeps it until a later run sweeps."""
    reference: ImageRef | None = None
    kept = False
    try:
        with session.locked(project):
            image = find_current(session, project) or _build(session, project, locked=locked)
            # Not before: waiting and building may take longer than the grace of a sweep.
            reference = ImageRef(name=REPOSITORY, tag=f"{int(time.time())}.{uuid.uuid4().hex}")
            image = session.backend().tag(image, reference)
        yield image
        kept = keep
    finally:
        if reference is not None and not kept:
            _remove(session, reference)


def _is_left(name: str) -> bool:
    """Say of a temporary image's tag whether a run that still needs it would have a container by now.

    Of a container likewise, whether it would run by now. Names that we do not make are somebody else's.
    """
    ours = _NAME.fullmatch(name)
    return ours is not None and int(ours[1]) < time.time() - _GRACE


def _remove(session: Session, reference: ImageRef) -> None:
    """Take the name away; failing at that must hide neither the program's exit code nor what went wrong before."""
    try:
        session.backend().untag(reference)
    except StowError as error:
        session.report.warn(f"the temporary image {reference} is left for a later run to remove: {error}")


def _build(session: Session, project: Project, *, locked: bool) -> Image:
    session.caches.check(offline=session.offline)
    lock = settle_sources(session, [project], locked=locked)
    _, images = make_images(session, [project], lock, [project])
    return images[0]
