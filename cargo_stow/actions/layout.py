"""Images that no engine has are given out as an image layout below the target directory, beside the record.

It can be removed at any time: what has to stay is in the backend's own store.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cargo_stow.backends.protocol import Image
    from cargo_stow.project import Project
    from cargo_stow.reference import ImageRef
    from cargo_stow.session import Session


def find_given(session: Session, projects: Sequence[Project], images: Sequence[Image]) -> list[Image] | None:
    """Images as they are given out; None where they have to be put there first. Costs a look or two."""
    if not session.backend().lays_out:
        return list(images)
    from cargo_stow.oci.shared import has_images  # noqa: PLC0415 - what an engine has is there

    directory = _directory(projects)
    digests = {name: image.id for name, image in _named(projects, images)}
    return [_given(image, directory) for image in images] if has_images(directory, digests) else None


def give_out(session: Session, projects: Sequence[Project], images: Sequence[Image]) -> list[Image]:
    """Give images out, in the place of the last ones of these projects; returns them with the references for that.

    The lock of the target directory is held. Raises FileError and ImageFormatError.
    """
    found = find_given(session, projects, images)
    return _make(session, projects, images) if found is None else found


def _make(session: Session, projects: Sequence[Project], images: Sequence[Image]) -> list[Image]:
    from cargo_stow.actions.save import scratch  # noqa: PLC0415 - a no-op has its images there
    from cargo_stow.oci.replacing import sweep  # noqa: PLC0415
    from cargo_stow.oci.shared import put_images  # noqa: PLC0415

    directory = _directory(projects)
    sweep(directory.parent)
    with scratch(projects[0]) as empty, session.backend().save(images, empty) as (blobs, found):
        described = {image.id: each for image, each in zip(images, found, strict=True)}
        named = {name: described[image.id] for name, image in _named(projects, images)}
        put_images(directory, blobs, named, session.record(projects[0]).tags())
    return [_given(image, directory) for image in images]


def _directory(projects: Sequence[Project]) -> Path:
    return projects[0].directory / "layout"


def _given(image: Image, directory: Path) -> Image:
    return replace(image, reference=f"oci-layout://{directory}@{image.id}")


def _named(projects: Sequence[Project], images: Sequence[Image]) -> list[tuple[ImageRef, Image]]:
    return [(name, image) for project, image in zip(projects, images, strict=True) for name in project.targets]
