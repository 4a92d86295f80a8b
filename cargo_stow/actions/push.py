"""`stow_push`: the image of the last build goes to its registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cargo_stow.errors import UsageError

if TYPE_CHECKING:
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


def push(session: Session, project: Project) -> str:
    """Push the image under its names; returns `name@sha256:…`, by which anyone can pull it."""
    check_pushable(session, project)
    for target in project.targets:
        session.report.status("Pushing", str(target))
        with session.report.pushing() as progress:
            digest = session.backend().push(target, progress)
        session.report.status("Pushed", f"{target}")
    return f"{project.target.name}@{digest}"
