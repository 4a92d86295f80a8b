"""What the actions of one command share: how to start programs, how to speak, the environment, the backend."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cargo_stow.backends.catalog import BACKENDS, choose
from cargo_stow.caches import Caches, read_caches
from cargo_stow.errors import UsageError
from cargo_stow.inputs import Inputs
from cargo_stow.process import SystemRunner
from cargo_stow.record import Record, locked
from cargo_stow.report import Report

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cargo_stow.backends.protocol import Backend
    from cargo_stow.process import Runner
    from cargo_stow.project import Project


@dataclass(slots=True, kw_only=True)
class Session:
    """One command, or one task of a doit run. `offline` forbids to ask anyone but the engine."""

    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    runner: Runner = field(default_factory=SystemRunner)
    report: Report = field(default_factory=Report)
    offline: bool = False
    caches: Caches = field(default_factory=Caches)
    chosen: str = "auto"
    _backend: Backend | None = None
    _inputs: dict[int, Inputs] = field(default_factory=dict)
    _holds: int = 0

    def __post_init__(self) -> None:
        self.offline = self.offline or self.environment.get("CARGO_NET_OFFLINE") == "true"
        self.caches = read_caches(self.environment, self.caches)

    def backend(self) -> Backend:
        """The backend, made when it is first needed."""
        if self._backend is None:
            name, reason = choose(self.chosen, self.environment)
            if reason:
                self.report.status("Backend", f"{name}, since {reason}")
            # As if it had been said by cargo's own variable, so that nothing is fetched either.
            said = {"CARGO_NET_OFFLINE": "true"} if self.offline else {}
            self._backend = BACKENDS[name](self.runner, {**self.environment, **said}, self.report)
        return self._backend

    def choose(self, projects: Iterable[Project]) -> None:
        """Take the backend that the projects of a command name. Raises UsageError where they name several."""
        found = {project.settings.backend: project for project in projects}
        if len(found) > 1:
            (one, first), (other, second) = sorted(found.items())[:2]
            raise UsageError(
                f"one command builds with one backend, but `backend` is {one} for {first.package.name}"
                f" ({first.settings.origins['backend']}) and {other} for {second.package.name}"
                f" ({second.settings.origins['backend']})",
                hint=f"name one for all of them: --backend {one}; or build them apart, with --package",
            )
        self.chosen = next(iter(found), self.chosen)

    @contextlib.contextmanager
    def locked(self, project: Project) -> Iterator[None]:
        """Hold the lock of a project's target directory, saying so when another process has it."""
        directory = project.directory
        with locked(
            directory, lambda: self.report.status("Blocking", f"waiting for another cargo-stow in {directory}")
        ):
            self._holds += 1
            try:
                yield
            finally:
                self._holds -= 1
                if not self._holds:
                    self._inputs.clear()

    def inputs(self, project: Project) -> Inputs:
        """Look at what decides an image: once while the lock is held, anew each time while it is not.

        What changes after that look is not taken for what was built: the build looks again when it ends.
        """
        known = self._inputs.get(id(project))
        if known is not None and known.project is project:
            return known
        inputs = Inputs(project)
        if self._holds:
            self._inputs[id(project)] = inputs
        return inputs

    def record(self, project: Project) -> Record:
        return Record(project.directory)
