"""The commands and their options. No work."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from cargo_stow import __version__
from cargo_stow.completion import SHELLS, complete, load_script
from cargo_stow.options import Command, cache_options, crate_options, output_option, run_options
from cargo_stow.report import Report
from cargo_stow.typed import make_output, make_work


class ReaderGoneError(Exception):
    """Whoever read our output has gone; by a name of its own, since click turns a BrokenPipeError into exit code 1."""


# What stands apart from all other commands in the help.
_SECTIONS = {"Commands for editors and shells": ("schema", "completions")}


class _Group(click.Group):
    """Commands in the order in which they are defined here, those that build nothing under a heading of their own."""

    def list_commands(self, _context: click.Context) -> list[str]:
        return list(self.commands)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        apart = {name for names in _SECTIONS.values() for name in names}
        others = tuple(name for name in self.list_commands(ctx) if name not in apart)
        for title, names in {"Commands": others, **_SECTIONS}.items():
            shown = [self.commands[name] for name in names if not self.commands[name].hidden]
            with formatter.section(title):
                formatter.write_dl([(each.name or "", each.get_short_help_str()) for each in shown])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise ReaderGoneError from error


@click.group(
    cls=_Group,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="The crate's Cargo.toml needs one section, [package.metadata.container], with at least `base_image`; `init` "
    "writes one.",
)
@click.version_option(__version__, "-V", "--version", prog_name="cargo-stow")
def cli() -> None:
    """Turn a Rust crate into a clean container image, with no Dockerfile to write."""


@cli.command(cls=Command, short_help="Build the image; print a reference that cannot move.")
@crate_options()
@cache_options
@output_option
def build(output: str | None, **options: Any) -> None:
    """Build the image; print a reference to it that cannot move.

    An unchanged crate is not built again, as long as its image still is in the engine.
    """
    from cargo_stow.commands.build import build as command  # noqa: PLC0415

    command(make_work(options), make_output(output))


@cli.command(cls=Command, short_help="Build the image if needed and push it; print name@digest.")
@crate_options()
@cache_options
def push(**options: Any) -> None:
    """Build the image if needed and push it to `target_image`; print name@digest."""
    from cargo_stow.commands.push import push as command  # noqa: PLC0415

    command(make_work(options))


@cli.command(
    cls=Command,
    context_settings={"ignore_unknown_options": False},
    short_help="Run the program in a container of a temporary image.",
)
@crate_options(without=["env"])
@run_options
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

    work = make_work(options)
    work.options = RunOptions(arguments=arguments, publish=publish, environment=env, volumes=volume, detach=detach)
    sys.exit(command(work))


@cli.command(cls=Command, short_help="Write the Dockerfile that the build uses.")
@crate_options()
@click.option(
    "-o",
    "--output",
    metavar="PATH",
    type=click.Path(allow_dash=True),
    help="Where to write; `-` is stdout. Default: beside Cargo.toml.",
)
@click.option("--check", is_flag=True, help="Write nothing; fail with a diff if a file is out of date.")
def dockerfile(output: str | None, check: bool, **options: Any) -> None:
    """Write the Dockerfile that the build uses, and its .dockerignore companion.

    `docker build` makes the same image of it on a machine without cargo-stow.
    """
    from cargo_stow.commands import dockerfile as commands  # noqa: PLC0415

    work = make_work(options)
    if check:
        commands.check(work, output)
    else:
        commands.write(work, output)


@cli.command(cls=Command, short_help="Print what would be built, and where each setting is from.")
@crate_options()
@click.option(
    "--format", "form", type=click.Choice(("table", "json")), default="table", help="What to print; default table."
)
def plan(form: str, **options: Any) -> None:
    """Print what would be built: stages, base, context, and each setting with its origin.

    Asks no engine and no registry, and writes nothing.
    """
    from cargo_stow.commands.plan import plan as command  # noqa: PLC0415

    command(make_work(options), as_json=form == "json")


@cli.command(cls=Command, short_help="Look images up anew and move Stow.lock.")
@crate_options()
def update(**options: Any) -> None:
    """Look up base and toolchain images anew and move Stow.lock; say from what to what.

    Without --package, those of every image of the workspace.
    """
    from cargo_stow.commands.update import update as command  # noqa: PLC0415

    command(make_work(options))


@cli.group(invoke_without_command=True, short_help="Show what builds without a daemon have stored, load or remove it.")
@click.option(
    "--format", "form", type=click.Choice(("table", "json")), default="table", help="What to print; default table."
)
@click.pass_context
def cache(context: click.Context, form: str) -> None:
    """Show the store of the builds without a daemon: images, and what is kept to build the next one faster."""
    if context.invoked_subcommand is None:
        from cargo_stow.commands.cache import show  # noqa: PLC0415

        show(Report(), as_json=form == "json")


@cache.command(short_help="Take images out of a file, to build on them.")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--name", metavar="IMAGE", help="What the image is called, if the file has one image.")
@click.option("-q", "--quiet", is_flag=True, help="Only results, warnings and errors.")
def load(path: Path, name: str | None, quiet: bool) -> None:
    """Take the images of PATH into the store, so that builds find their base image or toolchain there.

    PATH is an OCI image layout, an archive of one, or what `docker save` wrote; archives may be compressed.
    """
    from cargo_stow.commands.load import load as command  # noqa: PLC0415

    command(Report(quiet=quiet), path, name)


@cache.command(short_help="Take names from images.")
@click.argument("names", metavar="IMAGE...", nargs=-1, required=True)
@click.option("-q", "--quiet", is_flag=True, help="Only warnings and errors.")
def remove(names: tuple[str, ...], quiet: bool) -> None:
    """Take the names IMAGE... from images of the store, all of them or none.

    What an image without a name consists of goes when `cargo stow cache prune` finds that nobody uses it.
    """
    from cargo_stow.commands.remove import remove as command  # noqa: PLC0415

    command(Report(quiet=quiet), names)


@cache.command(short_help="Remove what was not used for long.")
@click.option("--older-than", metavar="DURATION", help="What was not used since, such as 12h; default 30d.")
@click.option("--keep-size", metavar="SIZE", help="The oldest until the store is no larger, such as 10GB.")
@click.option("--all", "everything", is_flag=True, help="All that no image with a name consists of.")
@click.option("-q", "--quiet", is_flag=True, help="Only warnings and errors.")
def prune(older_than: str | None, keep_size: str | None, everything: bool, quiet: bool) -> None:
    """Remove bases, layers, caches and blobs that no image with a name consists of, least recently used first.

    It waits for builds that run; a build makes what it misses again.
    """
    from cargo_stow.commands.cache import prune as command  # noqa: PLC0415

    command(Report(quiet=quiet), older_than, keep_size, everything=everything)


@cli.command()
@click.option("-p", "--package", metavar="NAME", help="Package of the workspace.")
@click.option("--manifest-path", type=click.Path(path_type=Path), metavar="PATH", help="Path to Cargo.toml.")
@click.option("--base-image", metavar="IMAGE", help="The base image to write, and to propose packages of.")
@click.option("--target-image", metavar="IMAGE", help="The image's own reference.")
@click.option("-q", "--quiet", is_flag=True, help="Only results, warnings and errors.")
def init(package: str | None, manifest_path: Path | None, quiet: bool, **flags: str | None) -> None:
    """Write a [package.metadata.container] section into Cargo.toml; print that file's path.

    It proposes a base image, and the packages that the crate's dependencies need of it.
    """
    from cargo_stow.commands.init import init as command  # noqa: PLC0415
    from cargo_stow.project import Request  # noqa: PLC0415
    from cargo_stow.selection import Selection  # noqa: PLC0415
    from cargo_stow.session import Session  # noqa: PLC0415

    given: dict[str, object] = {key: value for key, value in flags.items() if value is not None}
    selection = Selection(packages=(package,) if package else ())
    request = Request(manifest_path=manifest_path, selection=selection, flags=given)
    command(Session(report=Report(quiet=quiet)), request)


@cli.command(short_help="Print a JSON Schema of the section in Cargo.toml.")
@click.option("--section", is_flag=True, help="Only of [package.metadata.container], not of a whole Cargo.toml.")
def schema(section: bool) -> None:
    """Print a JSON Schema of Cargo.toml with the container section, for editors."""
    from cargo_stow.commands.schema import schema as command  # noqa: PLC0415

    command(section=section)


@cli.command(short_help="Print a script by which a shell completes `cargo stow`.")
@click.argument("shell", type=click.Choice(SHELLS))
def completions(shell: str) -> None:
    """Print a script that teaches a shell to complete `cargo stow`.

    \b
    ~/.bashrc                   eval "$(cargo-stow completions bash)"
    ~/.zshrc, behind compinit   source <(cargo-stow completions zsh)
    ~/.config/fish/config.fish  cargo-stow completions fish | source
    """  # noqa: D301 - click goes by the character \\b
    Report().result_text(load_script(shell))


@cli.command("__complete", hidden=True, add_help_option=False, context_settings={"ignore_unknown_options": True})
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
def complete_words(words: tuple[str, ...]) -> None:
    """What those scripts ask for: what may be typed for the last of the words."""
    Report().result_text("".join(f"{line}\n" for line in complete(cli, words)))
