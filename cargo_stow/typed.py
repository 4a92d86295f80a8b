"""What was typed, as values: the options of a command become a Work."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from cargo_stow.caches import Caches
from cargo_stow.report import Report
from cargo_stow.settings import KEYS, read_flag

if TYPE_CHECKING:
    from cargo_stow.oci.output import Output
    from cargo_stow.work import Work


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


def make_output(text: str | None) -> Output | None:
    """Where images are to be written, too; None for nowhere. Raises UsageError."""
    if text is None:
        return None
    from cargo_stow.oci.output import parse_output  # noqa: PLC0415

    return parse_output(text)


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
    if options["runtime"]:
        environment["CARGO_STOW_RUNTIME"] = options["runtime"]
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
