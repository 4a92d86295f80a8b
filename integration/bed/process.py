"""The only place of the bed where a process is started, always from a list of arguments."""

from __future__ import annotations

import os
import shlex
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from integration.bed.failure import BedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

_NOT_FOUND = 127  # what a shell returns for a missing command
_TIMED_OUT = 124  # what timeout(1) returns
_TAIL_LINES = 12


@dataclass(frozen=True, kw_only=True)
class Result:
    """How a process ended: its exit code and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def ok(self) -> bool:
        """Whether it exited with 0."""
        return self.code == 0


def attempt(
    argv: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    timeout: float | None = None,
) -> Result:
    """Run `argv` to its end and return how it ended; never raises. `timeout` is in seconds, `env` adds to ours."""
    environment = {**os.environ, **(env or {})}
    try:
        done = subprocess.run(
            argv, env=environment, cwd=cwd, timeout=timeout, stdin=subprocess.DEVNULL, capture_output=True, check=False
        )
    except FileNotFoundError as error:
        return Result(code=_NOT_FOUND, out="", err=str(error))
    except subprocess.TimeoutExpired:
        return Result(code=_TIMED_OUT, out="", err=f"no end within {timeout} s")
    return Result(code=done.returncode, out=_text(done.stdout), err=_text(done.stderr))


def run(
    argv: Sequence[str],
    *,
    doing: str,
    hint: str | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> str:
    """Run `argv` and return its stdout without the last line end; BedError with the end of its output if it fails."""
    result = attempt(argv, env=env, cwd=cwd)
    if not result.ok:
        raise BedError(f"{doing} failed: {_tail(result.err or result.out)}", hint=hint or f"try: {shlex.join(argv)}")
    return result.out.rstrip("\n")


def pipe(source: Sequence[str], sink: Sequence[str], *, doing: str) -> None:
    """Run `source | sink`; BedError if either fails."""
    with subprocess.Popen(source, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as writer:
        reader = subprocess.run(sink, stdin=writer.stdout, capture_output=True, check=False)
        complaint = writer.stderr.read() if writer.stderr else b""
    if writer.returncode or reader.returncode:
        text = _tail(_text(complaint + reader.stderr))
        raise BedError(f"{doing} failed: {text}", hint=f"try: {shlex.join(source)} | {shlex.join(sink)}")


def start(argv: Sequence[str], *, log: Path) -> Callable[[], bool]:
    """Start `argv` in the background, in a session of its own so that it outlives us, writing to `log`.

    Returns a question: whether it still runs.
    """
    with log.open("ab") as sink:
        started = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, start_new_session=True)
    return lambda: started.poll() is None


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _tail(text: str) -> str:
    return "\n    ".join(text.strip().splitlines()[-_TAIL_LINES:]) or "it said nothing"
