"""The pre-commit entry: keep the committed Dockerfiles what the manifests and lock files say.

pre-commit names the changed files; every package with a container section in the workspaces of those files gets its
Dockerfile and companion written. Exit code 1 when something was written, so that the commit stops and can be looked
at: pre-commit itself does not notice a file that git does not track yet.
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from cargo_stow.actions.dockerfile import default_output, write
from cargo_stow.errors import StowError, UsageError
from cargo_stow.manifest import find_manifest, load_workspace
from cargo_stow.project import Request
from cargo_stow.projects import make_projects, one_of_each
from cargo_stow.session import Session

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cargo_stow.project import Project

_WROTE = 1


def main() -> int:
    """Write the Dockerfiles that the files on the command line decide; returns the exit code."""
    session = Session()
    try:
        written = [path for project in _projects(session, sys.argv[1:]) for path in _write(session, project)]
    except StowError as error:
        session.report.error(error)
        return error.exit_code
    return _WROTE if written else 0


def _write(session: Session, project: Project) -> list[Path]:
    return write(session, project, default_output(project), locked=False)


def _projects(session: Session, names: Iterable[str]) -> Iterator[Project]:
    """Each package with a container section, once, in the workspaces that the files belong to."""
    seen: set[Path] = set()
    for manifest in dict.fromkeys(filter(None, map(_manifest, map(Path, names)))):
        workspace = load_workspace(manifest, session.runner, environment=os.environ)
        for package in workspace.members:
            if package.container is not None and package.directory not in seen:
                seen.add(package.directory)
                found = make_projects(workspace, package, Request(), os.environ, session.runner)
                yield from one_of_each(found)


def _manifest(path: Path) -> Path | None:
    """The manifest that a file belongs to; None for a Dockerfile, say, that is no crate's."""
    with contextlib.suppress(UsageError):
        return find_manifest(path.absolute().parent)
    return None


if __name__ == "__main__":
    sys.exit(main())
