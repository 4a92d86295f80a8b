"""Running a program in a container of the engine, as if it had been started directly.

The docker client reads the options, so that they mean what they mean there, and lends the terminal. `docker run` does
it and not `docker create` and `docker start --attach`: of client 28 the latter ends at a signal while the program still
runs. The exit code is the engine's own word, since the client's cannot be told from its own failures (125 to 127).
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
import uuid
from typing import TYPE_CHECKING

from cargo_stow.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cargo_stow.backends.engine import Engine
    from cargo_stow.backends.engine_values import ContainerState
    from cargo_stow.backends.protocol import RunOptions
    from cargo_stow.process import Runner

# Of these a program is to end; who sends one waits as long as `docker stop` does before it is killed, in seconds.
_ENDING = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT})
_GRACE = 10
_CLIENT_FAILED = 125
_OPTIONS_HINT = "--publish, --env and --volume are written as for `docker run`"


def run_attached(image: str, options: RunOptions, engine: Engine, runner: Runner, env: Mapping[str, str]) -> int:
    """Run to the end and return the program's exit code; the container is gone afterwards, whatever happened."""
    container = _make_name()
    try:
        argv = ["docker", "run", "--name", container, *_flags(options), image, *options.arguments]
        client = runner.attach(argv, env=env)
        asked = next((signum for signum in reversed(client.signals) if signum in _ENDING), None)
        state = _find_end(container, engine, asked)
    finally:
        engine.remove_container(container)
    if asked is not None and (state is None or state.running or not state.started):
        return 128 + asked
    if state is None and 0 <= client.code < _CLIENT_FAILED:
        return client.code  # The sweep of another run removed the container as soon as it had stopped.
    if state is None:
        raise EngineError(
            f"the engine could not make a container of {image}; its own words are above", hint=_OPTIONS_HINT
        )
    if state.error:
        raise EngineError(f"the engine could not start the program of {image}", detail=state.error)
    return state.exit_code


def run_detached(image: str, options: RunOptions, engine: Engine, runner: Runner, env: Mapping[str, str]) -> str:
    """Start the program and return the container's ID; the engine removes the container when it ends."""
    container = _make_name()
    with _removed_on_failure(container, engine):
        identity = _create(container, image, options, runner, env)
        result = runner.capture(["docker", "start", container], env=env)
        if result.code != 0:
            raise EngineError(f"the engine could not start the program of {image}", detail=result.stderr.strip())
    return identity


def _find_end(container: str, engine: Engine, asked: int | None) -> ContainerState | None:
    """Wait for the program, which the client may have left: at a signal, which it may not have passed on, or detached.

    Only who detached wants to wait as long as it takes: after a signal, nobody may be there to send another.
    """
    if asked is None:
        return engine.end_of_container(container)
    engine.signal_container(container, asked)
    return engine.end_of_container(container, within=_GRACE)


def _make_name() -> str:
    """A name that is known before the container is made, so that one can be removed whose making was interrupted.

    It says when that was, so that the sweep of a later run can tell what a killed one left.
    """
    return f"cargo-stow-run-{int(time.time())}.{uuid.uuid4().hex}"


def _create(container: str, image: str, options: RunOptions, runner: Runner, env: Mapping[str, str]) -> str:
    argv = ["docker", "create", "--name", container, *_flags(options), image, *options.arguments]
    result = runner.capture(argv, env=env)
    if result.code != 0:
        raise EngineError(
            f"the engine could not make a container of {image}", hint=_OPTIONS_HINT, detail=result.stderr.strip()
        )
    return result.stdout.strip()


def _flags(options: RunOptions) -> list[str]:
    # --init: as process 1 a program without handlers would not end at SIGTERM, nor at Ctrl-C.
    flags = ["--init", "--pull=never", "--rm" if options.detach else "--interactive"]
    if not options.detach and all(os.isatty(descriptor) for descriptor in (0, 1)):
        flags.append("--tty")
    for flag, values in (("publish", options.publish), ("env", options.environment), ("volume", options.volumes)):
        flags += [f"--{flag}={value}" for value in values]
    return flags


@contextlib.contextmanager
def _removed_on_failure(container: str, engine: Engine) -> Iterator[None]:
    try:
        yield
    except BaseException:
        engine.remove_container(container)
        raise
