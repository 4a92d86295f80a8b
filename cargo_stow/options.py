"""The options that commands share, and what was typed of them as values. The keys' own come from their catalog."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cargo_stow.caches import MODES, Caches
from cargo_stow.completion import complete_names
from cargo_stow.report import COLOURS, Report
from cargo_stow.settings import KEYS, read_flag
from cargo_stow.settings.keys import flag

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cargo_stow.work import Work

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
        declared.append((tuple(["-t", *names] if key == "tags" else names), more))
    return _options("Image", *declared)


def crate_options(*, without: Iterable[str] = ()) -> Callable[[Decorated], Decorated]:
    """The options that say which crates, how they are compiled, and what their images are; keys can be left out."""

    def decorate(command: Decorated) -> Decorated:
        return _selection(_compilation(_key_options(without)(_voice(command))))

    return decorate


def make_work(options: dict[str, Any]) -> Work:
    """What was typed, as a value. Raises UsageError for what cannot be the value of its key."""
    from cargo_stow.project import Request  # noqa: PLC0415
    from cargo_stow.selection import Selection  # noqa: PLC0415
    from cargo_stow.session import Session  # noqa: PLC0415
    from cargo_stow.work import Work  # noqa: PLC0415

    request = Request(
        manifest_path=options["manifest_path"],
        selection=Selection(packages=options["package"], workspace=options["workspace"], exclude=options["exclude"]),
        flags=_flags(options),
        locked=options["locked"] or options["frozen"],
    )
    session = Session(
        environment=_environment(options),
        report=_report(options),
        offline=options["offline"] or options["frozen"],
        caches=_caches(options),
    )
    return Work(session=session, request=request, prints=False)


def _flags(options: dict[str, Any]) -> dict[str, object]:
    texts = {key: options[f"key_{key}"] for key in KEYS if options.get(f"key_{key}")}
    flags = {key: read_flag(key, given) for key, given in texts.items()}
    bins = options["bin_"]
    cargo = {
        "bin": bins[0] if len(bins) == 1 and not options["bins"] else None,
        "bins": True if options["bins"] else list(bins) if len(bins) > 1 else None,
        "profile": _profile(options),
        "features": read_flag("features", options["features"]) if options["features"] else None,
        "all_features": options["all_features"] or None,
        "no_default_features": options["no_default_features"] or None,
    }
    # An empty text was typed too: it is refused where a value cannot be empty.
    return {**flags, **{key: value for key, value in cargo.items() if value is not None}}


def _environment(options: dict[str, Any]) -> dict[str, str]:
    """The environment, with what flags say that programs which are started read there."""
    environment = dict(os.environ)
    if options["target_dir"]:
        environment["CARGO_TARGET_DIR"] = str(options["target_dir"])
    if options["color"] == "never":
        environment["NO_COLOR"] = "1"
    return environment


def _caches(options: dict[str, Any]) -> Caches:
    return Caches(
        mode=options.get("cache_mode"), sources=options.get("cache_from", ()), targets=options.get("cache_to", ())
    )


def _profile(options: dict[str, Any]) -> str | None:
    """The one profile that was asked for; cargo refuses two of these flags as well."""
    flags = {"--release": options["release"], "--debug": options["debug"], "--profile": options["profile"]}
    given = [flag for flag, value in flags.items() if value not in (None, False)]
    if len(given) > 1:
        raise click.UsageError(f"{given[0]} and {given[1]} cannot be used together")
    named = {"--release": "release", "--debug": "dev"}
    return named.get(given[0], options["profile"]) if given else None


def _report(options: dict[str, Any]) -> Report:
    if options["quiet"] and options["verbose"]:
        raise click.UsageError("--quiet and --verbose cannot be used together")
    return Report(quiet=options["quiet"], verbose=options["verbose"], colour=options["color"])
