"""A container started by a runtime, whose end we wait for ourselves.

Runtimes differ in how they tell that a signal ended a program (youki gives its bare number), and youki 0.7 was seen to
wait without end for one that was over at once. So the runtime only starts it, and the kernel then hands its first
process to us: to whoever is the first process of our namespace, or asked for that (PR_SET_CHILD_SUBREAPER, prctl(2)).
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from cargo_stow.errors import RuntimeFailedError
from cargo_stow.sandbox.runtime import remove_groups

if TYPE_CHECKING:
    from collections.abc import Callable

    from cargo_stow.process import Result, Runner
    from cargo_stow.sandbox.runtime import Container, Runtime


def start(
    container: Container, runtime: Runtime, launch: Callable[[list[str]], Result], *options: str
) -> tuple[int, Result]:
    """Start a container by a way to launch programs; returns the number of its first process, and what was said.

    Raises RuntimeFailedError where there is none afterwards, ToolMissingError and OSError.
    """
    file = container.directory / "pid"
    command = container.command(runtime)
    at = command.index("run") + 1
    said = launch([*command[:at], "--detach", "--pid-file", str(file), *options, *command[at:]])
    if said.code != 0 or not file.exists():
        raise RuntimeFailedError(
            f"the OCI runtime {runtime.program} cannot start a container",
            hint="what it said is above; to take another one: --runtime runc, or --runtime youki",
            detail=said.stderr.strip(),
        )
    return int(file.read_text(encoding="ascii")), said


def run(container: Container, runtime: Runtime, runner: Runner, *, quiet: bool) -> Result:
    """Run a container to its end; its output goes to stderr or, `quiet`, into the result. Raises what `start` does.

    The runtime is not told of the end: its state is in the container's directory, and goes with it.
    """
    try:
        pid, said = start(container, runtime, runner.capture if quiet else runner.show)
        return replace(said, code=exit_code(os.waitpid(pid, 0)[1]))
    finally:
        remove_groups(container.name)


def exit_code(status: int) -> int:
    """The exit code of a process by what waitpid(2) tells, 128+n for one that signal n ended."""
    return os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)
