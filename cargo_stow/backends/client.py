"""The docker program, as a Runner that says what to install when there is none. Knows no command line of it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from cargo_stow.errors import ToolMissingError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from cargo_stow.process import Result, Runner

_HINT = (
    "install it with its engine: `apt-get install docker.io docker-buildx` (Debian, Ubuntu), or Docker's own packages"
    " docker-ce, docker-ce-cli and docker-buildx-plugin"
)


class DockerClient:
    """Wraps a Runner that starts `docker`."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def capture(self, argv: Sequence[str], *, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> Result:
        with _needed():
            return self._runner.capture(argv, cwd=cwd, env=env)

    def show(self, argv: Sequence[str], *, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> Result:
        with _needed():
            return self._runner.show(argv, cwd=cwd, env=env)

    def attach(self, argv: Sequence[str], *, env: Mapping[str, str] | None = None) -> Result:
        with _needed():
            return self._runner.attach(argv, env=env)


@contextlib.contextmanager
def _needed() -> Iterator[None]:
    try:
        yield
    except ToolMissingError as error:
        raise ToolMissingError(error.message, hint=_HINT) from error
