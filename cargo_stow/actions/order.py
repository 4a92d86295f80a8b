"""What a backend is told to build: the plan, with its generated files written, and what of this machine it may use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cargo_stow.actions.access import find_access
from cargo_stow.actions.places import cache_sources
from cargo_stow.backends.protocol import BuildOrder
from cargo_stow.generated import write_generated
from cargo_stow.planning import plan_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cargo_stow.lock import Lock
    from cargo_stow.project import Project
    from cargo_stow.session import Session


def make_order(session: Session, project: Project, lock: Lock, among: Sequence[Project] = ()) -> BuildOrder:
    """Prepare a build; `among` are all that were asked for, with which it shares its layer of dependencies.

    To be settled (`Inputs.settle`) when it was made, or was not.

    Raises FileError, and UsageError for what cargo's home holds. `session.caches` are checked.
    """
    plan = plan_of(project, lock, among)
    write_generated(plan, project.closure.root)
    access = find_access(session, project)
    return BuildOrder(
        plan=plan,
        root=session.inputs(project).context(),
        directory=project.directory,
        secrets=access.secrets,
        ssh=access.ssh,
        proxies=access.proxies,
        cache_from=cache_sources(session, project),
        quiet=session.report.quiet,
    )
