"""A container in the foreground: it has our streams or our terminal, gets our signals, and its end is ours."""

from __future__ import annotations

import contextlib
import os
from dataclasses import replace
from typing import TYPE_CHECKING

from cargo_stow.sandbox.console import give_size, listening, raw_mode, receive_master
from cargo_stow.sandbox.forwarding import Forwarding
from cargo_stow.sandbox.holding import hold
from cargo_stow.sandbox.network import published
from cargo_stow.sandbox.relay import Relay
from cargo_stow.sandbox.running import exit_code, start
from cargo_stow.sandbox.runtime import remove_groups

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TypeAlias

    from cargo_stow.process import Runner
    from cargo_stow.sandbox.network import Network
    from cargo_stow.sandbox.runtime import Container, Runtime

    Joined: TypeAlias = contextlib.AbstractContextManager[Container]


def run_foreground(container: Container, runtime: Runtime, runner: Runner, network: Network | None = None) -> int:
    """Run a container to its end; returns the program's exit code, 128+n for one that signal n ended.

    With `network` it has one of its own. Raises RuntimeFailedError where the container does not start,
    ToolMissingError, and OSError.
    """
    forwarding = Forwarding()
    attend = _on_terminal if container.process.terminal else _on_streams
    with _removed(container, runtime, runner):
        return attend(_joined(container, network, runner), runtime, runner, forwarding)


def _on_streams(joined: Joined, runtime: Runtime, runner: Runner, forwarding: Forwarding) -> int:
    with joined as container:
        pid, said = start(container, runtime, runner.attach)
        forwarding.to(pid, said.signals)
        return exit_code(os.waitpid(pid, 0)[1])


def _on_terminal(joined: Joined, runtime: Runtime, runner: Runner, forwarding: Forwarding) -> int:
    with contextlib.ExitStack() as stack:
        with joined as container:
            with listening(container.directory) as (path, listener):
                pid, said = start(container, runtime, runner.attach, "--console-socket", path)
                master = receive_master(listener)
            again, relay, ended = stack.enter_context(raw_mode()), Relay(master), _Ended(pid)
            forwarding.to(pid, said.signals, resized=lambda: give_size(master), resumed=again)
            relay.run(ended, forwarding.woken)
        relay.drain()  # When what ran in the background, and may have it open, has ended.
    return exit_code(ended.status)


class _Ended:
    """Whether a process has; then `status` says how."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self.status = 0

    def __call__(self) -> bool:
        found, self.status = os.waitpid(self._pid, os.WNOHANG)
        return bool(found)


@contextlib.contextmanager
def _joined(container: Container, network: Network | None, runner: Runner) -> Iterator[Container]:
    """Yield a container that joins namespaces of ours; what runs in them ends with the block."""
    with contextlib.ExitStack() as stack:
        namespaces = stack.enter_context(hold(network=bool(network)))
        if network:
            stack.enter_context(published(network, namespaces.network, container.directory, runner))
        yield replace(container, joined=namespaces.paths())


@contextlib.contextmanager
def _removed(container: Container, runtime: Runtime, runner: Runner) -> Iterator[None]:
    container.directory.mkdir(parents=True, exist_ok=True)
    try:
        yield
    finally:
        state = str(container.directory / "state")
        runner.capture([runtime.program, "--root", state, "delete", "--force", container.name])
        remove_groups(container.name)
