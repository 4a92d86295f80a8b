"""`stow_push`: the image of the last build goes to its registry."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from cargo_stow.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cargo_stow.project import Project
    from cargo_stow.session import Session


def check_pushable(session: Session, project: Project) -> None:
    """Raise UsageError when nothing says where to push, or nobody may be asked; before anything is built."""
    if session.offline:
        raise UsageError(
            f"{project.target} cannot be pushed: --offline (or CARGO_NET_OFFLINE=true) forbids to ask its registry",
            hint="do without it; to build alone, `cargo stow build --offline`",
        )
    if project.settings.target_image is None:
        raise UsageError(
            f"{project.package.manifest}, [package.metadata.container]: `target_image` is missing, so there is nowhere"
            " to push to",
            hint=f'for example target_image = "registry.example.org/team/{project.package.name}:latest"',
        )


def push(session: Session, projects: Sequence[Project]) -> list[str]:
    """Push images under their names; returns for each `name@sha256:…`, by which anyone can pull it.

    Those of one image for several platforms become an index, which gets the names when all of them are in the registry.
    """
    for project in projects:
        check_pushable(session, project)
    return [_push(session, list(each)) for _, each in itertools.groupby(projects, lambda project: project.identity)]


def _push(session: Session, projects: Sequence[Project]) -> str:
    """Push one image, for all of its platforms."""
    first = projects[0]
    digests = tuple(_push_image(session, project) for project in projects)
    digest = _push_index(session, first, digests) if first.is_one_of_several else digests[0]
    return f"{first.target.name}@{digest}"


def _push_image(session: Session, project: Project) -> str:
    for target in project.targets:
        session.report.status("Pushing", str(target))
        with session.report.moving("Pushing") as progress:
            digest = session.backend().push(target, progress)
        session.report.status("Pushed", f"{target}")
    return digest


def _push_index(session: Session, project: Project, digests: tuple[str, ...]) -> str:
    names = ", ".join(map(str, project.names))
    session.report.status("Indexing", f"{names} ({', '.join(map(str, project.platforms))})")
    digest = session.backend().push_index(project.names, digests)
    session.report.status("Pushed", names)
    return digest
