"""The only place a process is started. Arguments are lists; there is no shell.

Owns how a child is waited for, how it is ended when we are interrupted, and how a missing program is told apart from
a failing one. Does not know Docker or cargo, and prints nothing itself.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import termios
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from cargo_stow.errors import FileError, Terminated, ToolMissingError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path
    from types import FrameType

# How long a child may take to end by itself after SIGINT before it is killed, in seconds.
GRACE = 20.0
_FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How a child ended: its exit code (negative: the signal), and what was captured of its output, as text.

    `signals` are those that came to us while `attach` left acting on them to the child.
    """

    code: int
    stdout: str = ""
    stderr: str = ""
    signals: tuple[int, ...] = ()


class Runner(Protocol):
    """Starts programs. Passed in, so that tests and recorders can stand in for the real one."""

    def capture(self, argv: Sequence[str], *, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> Result:
        """Run to the end and return what the program wrote; its stdin is empty."""

    def show(self, argv: Sequence[str], *, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> Result:
        """Run to the end with stdout and stderr both on our stderr, for progress a user watches."""

    def attach(self, argv: Sequence[str], *, env: Mapping[str, str] | None = None) -> Result:
        """Run with the caller's own stdin, stdout, stderr and signals, as if it had been typed instead of us."""


class SystemRunner:
    """The real Runner. `environment` is the whole environment of the children; None inherits ours."""

    def capture(self, argv: Sequence[str], *, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> Result:
        child = _start(argv, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        with _ended_with_us(child):
            stdout, stderr = child.communicate()
        return Result(code=child.returncode, stdout=_text(stdout), stderr=_text(stderr))

    def show(self, argv: Sequence[str], *, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> Result:
        if sys.stderr:
            sys.stderr.flush()
        child = _start(argv, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=2, stderr=2)
        with _ended_with_us(child):
            child.wait()
        return Result(code=child.returncode)

    def attach(self, argv: Sequence[str], *, env: Mapping[str, str] | None = None) -> Result:
        for stream in filter(None, (sys.stdout, sys.stderr)):
            stream.flush()
        with _forwarded_signals() as forwarding, _terminal_kept():
            child = _start(argv, cwd=None, env=env, stdin=0, stdout=1, stderr=2)
            forwarding.to(child)
            child.wait()
        return Result(code=child.returncode, signals=tuple(forwarding.came))


def exchange(argv: Sequence[str], data: bytes) -> bytes:
    """Run to the end and return the bytes that the program wrote; its stdin has ours, and ends when we do."""
    child = _start(argv, cwd=None, env=None, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=2)
    given, taken = child.stdin, child.stdout
    if given is None or taken is None:
        raise AssertionError("both are pipes")
    try:
        with contextlib.suppress(BrokenPipeError):  # Its answer says why.
            given.write(data)
            given.flush()
        return taken.read()
    finally:
        with contextlib.suppress(OSError):
            given.close()  # Upon which a child that is still there ends.
        _wait(child)
        taken.close()


def start_copy(work: Callable[[], int]) -> int:
    """Do some work in a copy of this process, whose exit code it returns; returns the number of that process."""
    number = os.fork()
    if number:
        return number
    code = 1
    try:
        code = work()
    finally:
        os._exit(code)


def wait_for_copy(number: int) -> int:
    """Wait for the end of a copy; returns its exit code."""
    return os.waitstatus_to_exitcode(os.waitpid(number, 0)[1])


def become(argv: Sequence[str]) -> NoReturn:
    """Be another program, as the same process. Raises ToolMissingError."""
    try:
        os.execvp(argv[0], list(argv))  # noqa: S606 - no shell
    except OSError as error:
        raise _unstarted(argv[0], error) from error


@contextlib.contextmanager
def held(argv: Sequence[str]) -> Iterator[int | None]:
    """Run a program beside this block; yields its process number once it wrote something, None if it never does.

    Its stdin is empty and ends with the block, or with us, whatever ends us: upon that it has to end. No key of our
    terminal signals it.
    """
    child = _start(
        argv, cwd=None, env=None, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=2, start_new_session=True
    )
    given, taken = child.stdin, child.stdout
    if given is None or taken is None:
        raise AssertionError("both are pipes")
    try:
        yield child.pid if taken.read(1) else None
    finally:
        given.close()
        _reap_until_gone(child)
        taken.close()


def _reap_until_gone(child: subprocess.Popen[bytes]) -> None:
    """Wait for a child whose end may wait for others that the kernel has made ours (PR_SET_CHILD_SUBREAPER, prctl(2)).

    The first process of a process namespace does not end before all of them are reaped (pid_namespaces(7)).
    """
    end = time.monotonic() + GRACE
    while child.poll() is None and time.monotonic() < end:
        with contextlib.suppress(ChildProcessError):
            number, status = os.waitpid(-1, os.WNOHANG)
            if number == child.pid:
                child.returncode = os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    _wait(child)


def _start(
    argv: Sequence[str],
    *,
    cwd: Path | None,
    env: Mapping[str, str] | None,
    stdin: int,
    stdout: int,
    stderr: int,
    start_new_session: bool = False,
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            list(argv),
            cwd=cwd,
            env=env,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            start_new_session=start_new_session,
        )
    except OSError as error:
        if cwd is not None and not cwd.is_dir():
            raise FileError(f"cannot start `{argv[0]}` in {cwd}: there is no such directory") from error
        raise _unstarted(argv[0], error) from error


def _unstarted(name: str, error: OSError) -> ToolMissingError:
    if isinstance(error, FileNotFoundError):
        return ToolMissingError(
            f"the program `{name}` is not installed, or not on PATH", hint=f"install {name} and try again"
        )
    # Not executable, made for another machine, arguments too long.
    return ToolMissingError(
        f"the program `{name}` cannot be started: {error.strerror or error}", hint=f"check what `{name}` is on PATH"
    )


@contextlib.contextmanager
def _ended_with_us(child: subprocess.Popen[bytes]) -> Iterator[None]:
    """End the child before an exception passes: a build must not go on after Ctrl-C gave the prompt back."""
    try:
        yield
    except BaseException:
        end(child)
        for pipe in (child.stdout, child.stderr):
            if pipe is not None:
                pipe.close()
        raise


def end(child: subprocess.Popen[bytes]) -> None:
    """Ask a child to end, wait for GRACE seconds, then kill it."""
    if child.poll() is None:
        child.send_signal(signal.SIGINT)
        _wait(child)


def _wait(child: subprocess.Popen[bytes]) -> None:
    """Wait for a child that was told to end."""
    try:
        child.wait(timeout=GRACE)
    except (subprocess.TimeoutExpired, KeyboardInterrupt, Terminated):
        child.kill()
        child.wait()


class _Forwarding:
    """Passes signals on to a child instead of acting on them; those that come before it exists wait for it."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        self._waiting: list[int] = []
        self.came: list[int] = []

    def to(self, child: subprocess.Popen[bytes]) -> None:
        self._child = child
        for signum in self._waiting:
            self._send(signum)

    def handle(self, signum: int, _frame: FrameType | None) -> None:
        self.came.append(signum)
        # The terminal's keys send these two to its whole foreground group, so the child has them already.
        if signum in {signal.SIGINT, signal.SIGQUIT} and _keys_signal_us():
            return
        if self._child is None:
            self._waiting.append(signum)
        else:
            self._send(signum)

    def _send(self, signum: int) -> None:
        if self._child is not None:
            with contextlib.suppress(ProcessLookupError):
                self._child.send_signal(signum)


@contextlib.contextmanager
def _forwarded_signals() -> Iterator[_Forwarding]:
    """Forward while in this block. What we ignore (`nohup` does that) the child ignores too, so it stays ignored."""
    forwarding = _Forwarding()
    before: dict[int, Any] = {}
    try:
        # doit can run tasks in threads, where no handler can be set; signals then do what they do to doit.
        if threading.current_thread() is threading.main_thread():
            for number in _FORWARDED:
                if signal.getsignal(number) is not signal.SIG_IGN:
                    before[number] = signal.signal(number, forwarding.handle)
        yield forwarding
    finally:
        for changed, handler in before.items():
            signal.signal(changed, signal.SIG_DFL if handler is None else handler)


@contextlib.contextmanager
def _terminal_kept() -> Iterator[None]:
    """Give the terminal back as it was: a client that a signal ended may leave it without echo and line ends."""
    try:
        before = termios.tcgetattr(0)
    except (OSError, termios.error):
        before = None
    try:
        yield
    finally:
        if before is not None:
            with contextlib.suppress(OSError, termios.error):
                termios.tcsetattr(0, termios.TCSANOW, before)


def _keys_signal_us() -> bool:
    """Whether we are in the foreground of our terminal, wherever stdin comes from, and its Ctrl-C is a signal.

    It is none where a child has made the terminal raw: a signal then comes from elsewhere.
    """
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        is_cooked = termios.tcgetattr(terminal)[3] & termios.ISIG
        return bool(is_cooked) and os.tcgetpgrp(terminal) == os.getpgrp()
    except (OSError, termios.error):
        return False
    finally:
        os.close(terminal)


def _text(data: bytes) -> str:
    return data.decode("utf-8", errors="replace")
