"""Images that were built are written to where `--output` says."""

from __future__ import annotations

import contextlib
import shutil
from typing import TYPE_CHECKING

from cargo_stow.errors import FileError, ImageNotFoundError
from cargo_stow.oci.choice import choose
from cargo_stow.oci.descriptor import INDEXES
from cargo_stow.oci.output import Named, write_output

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from cargo_stow.backends.protocol import Image
    from cargo_stow.oci.blobs import Blobs
    from cargo_stow.oci.descriptor import Descriptor
    from cargo_stow.oci.output import Output
    from cargo_stow.project import Project
    from cargo_stow.session import Session


def save(session: Session, projects: Sequence[Project], output: Output) -> None:
    """Write the images of projects of one workspace, under their own references.

    Raises ImageNotFoundError where one went away meanwhile, FileError and ImageFormatError; the old files stay then.
    """
    with session.locked(projects[0]), scratch(projects[0]) as directory:
        images = [_find(session, project) for project in projects]
        with session.backend().save(images, directory) as (blobs, found):
            named = [
                Named(manifest=_manifest(blobs, descriptor, project), names=project.targets)
                for project, descriptor in zip(projects, found, strict=True)
            ]
            write_output(output, blobs, named)
    session.report.status("Saved", f"{', '.join(str(project.target) for project in projects)} as {output}")


def _find(session: Session, project: Project) -> Image:
    image = session.backend().find(project.target)
    if image is None:
        raise ImageNotFoundError(
            f"{project.target} was removed while it was to be written", hint="run `cargo stow build` again"
        )
    return image


def _manifest(blobs: Blobs, descriptor: Descriptor, project: Project) -> Descriptor:
    """An engine may keep an image as an index, with its attestations: of that, the image."""
    if descriptor.media_type not in INDEXES:
        return descriptor
    return choose(blobs.read(descriptor), project.platform, str(project.target))


@contextlib.contextmanager
def scratch(project: Project) -> Iterator[Path]:
    """A directory for while the lock is held; one that a killed command left goes first. Raises FileError."""
    path = project.directory / "saved"
    shutil.rmtree(path, ignore_errors=True)
    try:
        path.mkdir()
        yield path
    except OSError as error:
        raise FileError(f"cannot write {path}: {error.strerror}", hint="check its permissions") from error
    finally:
        shutil.rmtree(path, ignore_errors=True)
