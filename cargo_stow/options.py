"""The options that commands share, as they are declared. The keys' own come from their catalog."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cargo_stow.caches import MODES
from cargo_stow.completion import complete_names
from cargo_stow.report import COLOURS
from cargo_stow.settings import KEYS
from cargo_stow.settings.keys import flag

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Decorated = Callable[..., Any]

# Keys that have flags as cargo spells them.
_CARGO_KEYS = {"bin", "bins", "profile", "features", "all_features", "no_default_features"}


class Option(click.Option):
    """An option that the help lists under a heading of its own."""

    def __init__(self, *names: Any, section: str, **more: Any) -> None:
        super().__init__(*names, **more)
        self.section = section


class Command(click.Command):
    """A command whose help has a heading for each kind of option."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        sections: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None:
                sections.setdefault(getattr(parameter, "section", "Options"), []).append(record)
        for name in sorted(sections, key=_place):
            with formatter.section(name):
                formatter.write_dl(sections[name])


def _place(section: str) -> int:
    order = ("Options", "Packages and executables", "Compilation", "Image", "Caches", "How to run")
    return order.index(section)


def _options(section: str, *declared: tuple[tuple[str, ...], dict[str, Any]]) -> Callable[[Decorated], Decorated]:
    def decorate(command: Decorated) -> Decorated:
        for names, more in reversed(declared):
            command = click.option(*names, cls=Option, section=section, **more)(command)
        return command

    return decorate


_selection = _options(
    "Packages and executables",
    (
        ("-p", "--package"),
        {
            "shell_complete": complete_names("package"),
            "multiple": True,
            "metavar": "NAME",
            "help": "Package, or a pattern; repeatable.",
        },
    ),
    (("--workspace",), {"is_flag": True, "help": "All packages with a container section."}),
    (
        ("--exclude",),
        {
            "shell_complete": complete_names("package"),
            "multiple": True,
            "metavar": "NAME",
            "help": "Package to leave out of --workspace.",
        },
    ),
    (
        ("--bin", "bin_"),
        {
            "shell_complete": complete_names("bin"),
            "multiple": True,
            "metavar": "NAME",
            "help": "Executable for the image; the first one runs.",
        },
    ),
    (("--bins",), {"is_flag": True, "help": "All executables of the package."}),
    (
        ("--manifest-path",),
        {"type": click.Path(path_type=Path), "metavar": "PATH", "help": "Path to Cargo.toml."},
    ),
)
_compilation = _options(
    "Compilation",
    (("-r", "--release"), {"is_flag": True, "help": "Profile release (the default)."}),
    (("-d", "--debug"), {"is_flag": True, "help": "Profile dev."}),
    (
        ("--profile",),
        {"shell_complete": complete_names("profile"), "metavar": "NAME", "help": "A Cargo profile by name."},
    ),
    (
        ("-F", "--features"),
        {
            "shell_complete": complete_names("features"),
            "multiple": True,
            "metavar": "LIST",
            "help": "Cargo features, by comma or space.",
        },
    ),
    (("--all-features",), {"is_flag": True, "help": "All Cargo features."}),
    (("--no-default-features",), {"is_flag": True, "help": "Without the default features."}),
    (
        ("--target-dir",),
        {"type": click.Path(path_type=Path), "metavar": "PATH", "help": "Where cargo-stow keeps its files."},
    ),
    (
        ("--runtime",),
        {"metavar": "NAME", "help": "The OCI runtime of --backend youki: youki (the default), runc, crun."},
    ),
    (("--locked",), {"is_flag": True, "help": "Fail instead of writing Stow.lock."}),
    (("--offline",), {"is_flag": True, "help": "Ask no registry; cargo uses what it has fetched before."}),
    (("--frozen",), {"is_flag": True, "help": "Both --locked and --offline."}),
)
_voice = _options(
    "Options",
    (("-v", "--verbose"), {"is_flag": True, "help": "Say more, such as where each setting came from."}),
    (("-q", "--quiet"), {"is_flag": True, "help": "Only results, warnings and errors."}),
    (("--color",), {"type": click.Choice(COLOURS), "default": "auto", "help": "Whether there is colour."}),
)
run_options = _options(
    "How to run",
    (("--publish",), {"multiple": True, "metavar": "PORTS", "help": "Publish ports, as `docker run --publish`."}),
    (
        ("-e", "--env"),
        {"multiple": True, "metavar": "NAME[=VALUE]", "help": "Set a variable, as `docker run --env`."},
    ),
    (("--volume",), {"multiple": True, "metavar": "VOLUME", "help": "Mount a volume, as `docker run --volume`."}),
    (("--detach",), {"is_flag": True, "help": "Leave the program running; print the container's ID."}),
)
output_option = _options(
    "Options",
    (
        ("--output",),
        {
            "metavar": "type=TYPE,dest=PATH",
            "help": "Write the image to a file or a directory, too; TYPE is oci-layout, oci-archive or docker-archive.",
        },
    ),
)
cache_options = _options(
    "Caches",
    (
        ("--cache-mode",),
        {
            "type": click.Choice(MODES),
            "help": "Begin with, and keep, the compiled dependencies:"
            " in a directory below target/stow, beside the image in its registry, or in GitHub Actions' cache.",
        },
    ),
    (
        ("--cache-from",),
        {"multiple": True, "metavar": "CACHE", "help": "As `docker buildx build --cache-from`."},
    ),
    (
        ("--cache-to",),
        {
            "multiple": True,
            "metavar": "CACHE",
            "help": "As `docker buildx build --cache-to`, for the compiled dependencies alone.",
        },
    ),
)


def _key_options(without: Iterable[str]) -> Callable[[Decorated], Decorated]:
    """An option for each key of the section; all are texts, which the catalog reads."""
    declared = []
    for key in (key for key in KEYS if key not in {*_CARGO_KEYS, *without}):
        kind, names = KEYS[key].kind, [flag(key), f"key_{key}"]
        meaning = KEYS[key].meaning
        more = {"multiple": True, "metavar": kind.metavar, "help": f"{meaning[0].upper()}{meaning[1:]}."}
        if kind.schema.get("type") == "boolean":  # `--minimal` alone is true
            more |= {"is_flag": False, "flag_value": "true", "metavar": "[true|false]"}
        declared.append((tuple(["-t", *names] if key == "tags" else names), more))
    return _options("Image", *declared)


def crate_options(*, without: Iterable[str] = ()) -> Callable[[Decorated], Decorated]:
    """The options that say which crates, how they are compiled, and what their images are; keys can be left out."""

    def decorate(command: Decorated) -> Decorated:
        return _selection(_compilation(_key_options(without)(_voice(command))))

    return decorate
