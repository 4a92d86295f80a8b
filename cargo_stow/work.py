"""What one run of doit is asked to do, and how it ended: the one thing that tasks and commands share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cargo_stow.errors import UsageError
from cargo_stow.project import Request
from cargo_stow.projects import load_projects, one_of_each
from cargo_stow.session import Session

if TYPE_CHECKING:
    from pathlib import Path

    from cargo_stow.backends.protocol import RunOptions
    from cargo_stow.project import Project


@dataclass(slots=True, kw_only=True)
class Work:
    """What one run of doit is asked to do, and how it ended.

    `results` are the lines for stdout of the last task, one an image, `error` what ended it, `exit_code` that of the
    program `stow_run` ran, `written` whether `stow_dockerfile` wrote a file. With `prints`, every task prints its own
    results, as a foreign doit wants it; the CLI prints the last ones.
    """

    session: Session = field(default_factory=Session)
    request: Request = field(default_factory=Request)
    output: Path | None = None
    options: RunOptions | None = None
    error: Exception | None = None
    exit_code: int = 0
    results: tuple[str, ...] = ()
    written: bool = False
    prints: bool = True
    _projects: tuple[Project, ...] | None = None

    def projects(self, image: str | None = None) -> tuple[Project, ...]:
        """The projects that were asked for, read once in one run; with `image`, that one of them."""
        if self._projects is None:
            self._projects = load_projects(self.request, self.session.environment, self.session.runner)
            self.session.choose(self._projects)
        return tuple(project for project in self._projects if image in {None, project.image})

    def images(self, image: str | None = None) -> tuple[Project, ...]:
        """Each image that was asked for, for one platform."""
        return one_of_each(self.projects(image))

    def project(self, image: str | None = None) -> Project:
        """The one image that was asked for. Raises UsageError where there are several."""
        found = self.images(image)
        if len(found) != 1:
            names = ", ".join(project.image for project in found)
            raise UsageError(
                f"one image is needed here, but several were asked for: {names}",
                hint=f"choose one: --package {found[0].package.name}"
                + (f" --bin {found[0].settings.bins[0]}" if found[0].settings.is_split else ""),
            )
        return found[0]

    def peek(self) -> tuple[Project, ...]:
        """The projects as their files alone tell them, read anew, which takes less time than to ask cargo."""
        found = load_projects(self.request, self.session.environment, self.session.runner, cargo=False)
        self.session.choose(found)
        return found

    def settle(self, projects: tuple[Project, ...]) -> None:
        """Go on with projects that turned out to be those that cargo tells."""
        self._projects = projects

    def finish(self, *results: str) -> None:
        """Take a task's results."""
        self.results = results
        if self.prints:
            for result in results:
                self.session.report.result(result)
