"""What builds several images, for one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cargo_stow.actions import build as actions
from cargo_stow.backends import buildx
from cargo_stow.projects import load_projects

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cargo_stow.backends.protocol import BuildOrder, Image
    from cargo_stow.process import Runner
    from cargo_stow.project import Project, Request
    from cargo_stow.session import Session


def build(session: Session, project: Project, *, locked: bool) -> Image:
    (image,) = actions.build(session, [project], locked=locked)
    return image


def build_file(order: BuildOrder, dockerfile: Path, runner: Runner, environment: Mapping[str, str]) -> tuple[str, ...]:
    (digests,) = buildx.build([order], [dockerfile], runner, environment)
    return digests


def load_project(request: Request, environment: Mapping[str, str], runner: Runner) -> Project:
    (project,) = load_projects(request, environment, runner)
    return project
