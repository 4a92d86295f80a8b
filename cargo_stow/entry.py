"""The console script, and the boundary where every error becomes a message and an exit code."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from cargo_stow import __version__
from cargo_stow.cli import ReaderGoneError, cli
from cargo_stow.errors import StowError, Terminated
from cargo_stow.report import Report

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

_INTERRUPTED, _TERMINATED, _CRASHED, _BROKEN_PIPE = 130, 128, 70, 141


def main() -> NoReturn:
    """The console script: `cargo-stow …`, and `cargo stow …`, which cargo turns into `cargo-stow stow …`."""
    # A stream that the caller closed (`>&-`) is None here; what is written to it goes nowhere.
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - open until we end
    arguments = sys.argv[1:]
    sys.exit(run_cli(arguments[1:] if arguments[:1] == ["stow"] else arguments))


def run_cli(arguments: Sequence[str]) -> int:  # noqa: PLR0911 - one return for each way to end
    """Run one command; returns its exit code. The three-way boundary: expected failure, interruption, crash."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # `nohup` has a hang-up ignored
            signal.signal(number, _terminate)
    try:
        return cli.main(list(arguments), prog_name="cargo stow", standalone_mode=False) or 0
    except StowError as error:
        _forget_unwritten()
        Report().error(error)
        return error.exit_code
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        error.show(sys.stderr)
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        Report().warn("interrupted")
        return _INTERRUPTED
    except Terminated as stop:
        return _TERMINATED + stop.signum
    except (ReaderGoneError, BrokenPipeError):
        _forget_unwritten()
        return _BROKEN_PIPE
    except Exception:  # the boundary: a crash becomes a report that can be pasted
        return _report_crash()


def _forget_unwritten() -> None:
    """Python flushes stdout at exit; where that cannot succeed, it must not complain a second time."""
    try:
        sys.stdout.flush()
    except OSError:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.close(null)


def _report_crash() -> int:
    import platform  # noqa: PLC0415
    import traceback  # noqa: PLC0415

    traceback.print_exc()
    system = f"cargo-stow {__version__}, Python {platform.python_version()}, {platform.platform()}"
    print(
        f"\nThis is a bug in cargo-stow; please report it with the text above and this line:\n{system}", file=sys.stderr
    )
    return _CRASHED


def _terminate(signum: int, _frame: FrameType | None) -> None:
    raise Terminated(signum)
