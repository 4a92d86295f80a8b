"""The commands and their options, and the boundary where every error becomes a message and an exit code. No work."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from cargo_stow import __version__
from cargo_stow.errors import StowError, Terminated
from cargo_stow.report import Report

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

    from cargo_stow.work import Work

_INTERRUPTED, _TERMINATED, _CRASHED, _BROKEN_PIPE = 130, 128, 70, 141


class _ReaderGoneError(Exception):
    """Whoever read our output has gone; by a name of its own, since click turns a BrokenPipeError into exit code 1."""


class _Group(click.Group):
    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise _ReaderGoneError from error


@click.group(
    cls=_Group,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="The crate's Cargo.toml needs one section, [package.metadata.container], with at least `base_image`.",
)
@click.version_option(__version__, "-V", "--version", prog_name="cargo-stow")
def cli() -> None:
    """Turn a Rust crate into a clean container image, with no Dockerfile to write."""


def _crate_options(command: Any) -> Any:
    """The options that say which crate and how it is compiled, spelled as cargo spells them."""
    for option in reversed(
        [
            click.option("-p", "--package", metavar="NAME", help="Package of the workspace."),
            click.option("--bin", "bin_", metavar="NAME", help="Executable that goes into the image."),
            click.option("-r", "--release", is_flag=True, help="Profile release (the default)."),
            click.option("-d", "--debug", is_flag=True, help="Profile dev."),
            click.option("--profile", metavar="NAME", help="A Cargo profile by name."),
            click.option("-F", "--features", multiple=True, metavar="LIST", help="Cargo features, by comma or space."),
            click.option("--all-features", is_flag=True, help="All Cargo features."),
            click.option("--no-default-features", is_flag=True, help="Without the default features."),
            click.option(
                "--manifest-path", type=click.Path(path_type=Path), metavar="PATH", help="Path to Cargo.toml."
            ),
            click.option("--locked", is_flag=True, help="Fail instead of writing Stow.lock."),
            click.option("-v", "--verbose", is_flag=True, help="Say more, such as where each setting came from."),
            click.option("-q", "--quiet", is_flag=True, help="Only results, warnings and errors."),
        ]
    ):
        command = option(command)
    return command


@cli.command()
@_crate_options
def build(**options: Any) -> None:
    """Build the image; print a reference to it that cannot move.

    An unchanged crate is not built again, as long as its image still is in the engine.
    """
    from cargo_stow.commands.build import build as command  # noqa: PLC0415

    command(_work(options))


@cli.command()
@_crate_options
def push(**options: Any) -> None:
    """Build the image if needed and push it to `target_image`; print name@digest."""
    from cargo_stow.commands.push import push as command  # noqa: PLC0415

    command(_work(options))


@cli.command(context_settings={"ignore_unknown_options": False})
@_crate_options
@click.option("--publish", multiple=True, metavar="PORTS", help="Publish ports, as `docker run --publish`.")
@click.option("-e", "--env", multiple=True, metavar="NAME[=VALUE]", help="Set a variable, as `docker run --env`.")
@click.option("--volume", multiple=True, metavar="VOLUME", help="Mount a volume, as `docker run --volume`.")
@click.option("--detach", is_flag=True, help="Leave the program running; print the container's ID.")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[-- ARGUMENTS...]")
def run(
    publish: tuple[str, ...], env: tuple[str, ...], volume: tuple[str, ...], detach: bool,
    arguments: tuple[str, ...], **options: Any,
) -> None:  # fmt: skip
    """Run the program in a container of a temporary image; both are removed afterwards.

    The program has your terminal, stdin and signals, and its exit code is the command's.
    """
    from cargo_stow.backends.protocol import RunOptions  # noqa: PLC0415
    from cargo_stow.commands.run import run as command  # noqa: PLC0415

    work = _work(options)
    work.options = RunOptions(arguments=arguments, publish=publish, environment=env, volumes=volume, detach=detach)
    sys.exit(command(work))


@cli.command()
@_crate_options
@click.option("-o", "--output", metavar="PATH", help="Where to write; `-` is stdout. Default: beside Cargo.toml.")
@click.option("--check", is_flag=True, help="Write nothing; fail with a diff if a file is out of date.")
def dockerfile(output: str | None, check: bool, **options: Any) -> None:
    """Write the Dockerfile that the build uses, and its .dockerignore companion.

    `docker build` makes the same image of it on a machine without cargo-stow.
    """
    from cargo_stow.commands import dockerfile as commands  # noqa: PLC0415

    work = _work(options)
    if check:
        commands.check(work, output)
    else:
        commands.write(work, output)


@cli.command()
@_crate_options
def update(**options: Any) -> None:
    """Look up base and toolchain images anew and move Stow.lock; say from what to what.

    Without --package, those of every image of the workspace.
    """
    from cargo_stow.commands.update import update as command  # noqa: PLC0415

    command(_work(options))


def _work(options: dict[str, Any]) -> Work:
    """What was typed, as a value."""
    from cargo_stow.project import Request  # noqa: PLC0415
    from cargo_stow.session import Session  # noqa: PLC0415
    from cargo_stow.settings.grammar import split  # noqa: PLC0415
    from cargo_stow.work import Work  # noqa: PLC0415

    features = [name for text in options["features"] for name in split(text)]
    flags = {
        "bin": options["bin_"],
        "profile": _profile(options),
        "features": features,
        "all_features": options["all_features"],
        "no_default_features": options["no_default_features"],
    }
    request = Request(
        manifest_path=options["manifest_path"],
        package=options["package"],
        flags={key: value for key, value in flags.items() if value},
        locked=options["locked"],
    )
    return Work(session=Session(report=_report(options)), request=request, prints=False)


def _profile(options: dict[str, Any]) -> str | None:
    """The one profile that was asked for; cargo refuses two of these flags as well."""
    flags = {"--release": options["release"], "--debug": options["debug"], "--profile": options["profile"]}
    given = [flag for flag, value in flags.items() if value]
    if len(given) > 1:
        raise click.UsageError(f"{given[0]} and {given[1]} cannot be used together")
    named = {"--release": "release", "--debug": "dev"}
    return named.get(given[0], options["profile"]) if given else None


def _report(options: dict[str, Any]) -> Report:
    if options["quiet"] and options["verbose"]:
        raise click.UsageError("--quiet and --verbose cannot be used together")
    return Report(quiet=options["quiet"], verbose=options["verbose"])


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
    except (_ReaderGoneError, BrokenPipeError):
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
