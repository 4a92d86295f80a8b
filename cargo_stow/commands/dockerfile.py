"""`cargo stow dockerfile`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cargo_stow.actions import dockerfile as action
from cargo_stow.commands.doing import do
from cargo_stow.errors import UsageError
from cargo_stow.lock import load_lock

if TYPE_CHECKING:
    from cargo_stow.work import Work

_STDOUT = "-"


def write(work: Work, output: str | None) -> None:
    """Run `stow_dockerfile`; `-` prints the Dockerfile instead, which is no task: it makes nothing."""
    if output == _STDOUT:
        project = work.project()
        lock, _ = action.settled(work.session, project, locked=work.request.locked)
        path = action.default_output(project)
        work.session.report.result_text(action.render(project, lock, path)[path])
        return
    work.output = Path(output).absolute() if output and work.project() else None
    if do(work, "stow_dockerfile") or not work.written:
        for project in work.images():
            work.session.report.status("Fresh", str(work.output or action.default_output(project)))


def check(work: Work, output: str | None) -> None:
    """Compare the files on disk with what would be written; needs neither network nor engine."""
    if output == _STDOUT:
        raise UsageError("--check compares files, and `--output -` names none", hint="leave one of the two out")
    for project in [work.project()] if output else work.images():
        path = Path(output).absolute() if output else action.default_output(project)
        action.check(project, load_lock(project.lock_file), path)
        work.session.report.status("Fresh", str(path))
