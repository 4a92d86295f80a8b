"""What one run of doit is asked to do, and how it ended: the one thing that tasks and commands share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cargo_stow.project import Request, load_project
from cargo_stow.session import Session

if TYPE_CHECKING:
    from pathlib import Path

    from cargo_stow.backends.protocol import RunOptions
    from cargo_stow.project import Project


@dataclass(slots=True, kw_only=True)
class Work:
    """What one run of doit is asked to do, and how it ended.

    `result` is the line for stdout of the last task, `error` what ended it, `exit_code` that of the program `stow_run`
    ran, `written` whether `stow_dockerfile` wrote a file. With `prints`, every task prints its own result, as a foreign
    doit wants it; the CLI prints the last one.
    """

    session: Session = field(default_factory=Session)
    request: Request = field(default_factory=Request)
    output: Path | None = None
    options: RunOptions | None = None
    error: Exception | None = None
    exit_code: int = 0
    result: str | None = None
    written: bool = False
    prints: bool = True
    _project: Project | None = None

    def project(self) -> Project:
        """The project, read once in one run."""
        if self._project is None:
            self._project = load_project(self.request, self.session.environment, self.session.runner)
        return self._project

    def finish(self, result: str) -> None:
        """Take a task's result."""
        self.result = result
        if self.prints:
            self.session.report.result(result)
