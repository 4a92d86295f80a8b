"""Images get their names: all of them, or none."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from cargo_stow.errors import StowError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cargo_stow.backends.protocol import Image
    from cargo_stow.project import Project
    from cargo_stow.reference import ImageRef
    from cargo_stow.session import Session


@contextlib.contextmanager
def name_images(session: Session, projects: Sequence[Project], images: Sequence[Image]) -> Iterator[list[Image]]:
    """Give images the names of their projects; yields them with the references by which they can be run.

    Where that, or what is done meanwhile, fails, each name goes back to the image that had it.
    """
    backend = session.backend()
    before = [(target, backend.find(target)) for project in projects for target in project.targets]
    try:
        yield [_name(session, project, image) for project, image in zip(projects, images, strict=True)]
    except BaseException:
        for target, image in before:
            with contextlib.suppress(StowError):  # The first failure is the one to tell of.
                _restore(session, target, image)
        raise


def _name(session: Session, project: Project, image: Image) -> Image:
    named = [session.backend().tag(image, target) for target in project.targets]
    return named[0]


def _restore(session: Session, target: ImageRef, image: Image | None) -> None:
    if image is None:
        session.backend().untag(target)
    else:
        session.backend().tag(image, target)
