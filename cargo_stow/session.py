"""What the actions of one command share: how to start programs, how to speak, the environment, the backend."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from cargo_stow.backends.catalog import BACKENDS
from cargo_stow.process import SystemRunner
from cargo_stow.record import Record, locked
from cargo_stow.report import Report

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

    from cargo_stow.backends.protocol import Backend
    from cargo_stow.process import Runner
    from cargo_stow.project import Project

# Where cargo and OpenSSL are told of a bundle of certificate authorities; cargo's own variable goes first.
_CA_VARIABLES = ("CARGO_HTTP_CAINFO", "SSL_CERT_FILE")


@dataclass(slots=True, kw_only=True)
class Session:
    """One command, or one task of a doit run."""

    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    runner: Runner = field(default_factory=SystemRunner)
    report: Report = field(default_factory=Report)
    _backend: Backend | None = None

    def backend(self) -> Backend:
        """The backend, made when it is first needed."""
        if self._backend is None:
            self._backend = BACKENDS["docker"](self.runner, self.environment, self.report.result)
        return self._backend

    def locked(self, project: Project) -> AbstractContextManager[None]:
        """Hold the lock of a project's target directory, saying so when another process has it."""
        directory = project.directory
        return locked(
            directory, lambda: self.report.status("Blocking", f"waiting for another cargo-stow in {directory}")
        )

    def record(self, project: Project) -> Record:
        return Record(project.directory)

    def secrets(self) -> dict[str, Path]:
        """The files on this machine that a build may see and no layer may keep."""
        for variable in _CA_VARIABLES:
            bundle = self.environment.get(variable)
            if bundle and Path(bundle).is_file():
                return {"cargo-stow-ca": Path(bundle)}
            if bundle:
                self.report.warn(f"the variable {variable} names {bundle}, which is no file; the build does without it")
        return {}
