"""The files that the keys `assets` and `include` name, on this disk."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cargo_stow.errors import UsageError
from cargo_stow.globs import expand
from cargo_stow.manifest.paths import exists, is_directory, is_file
from cargo_stow.patterns import Pattern

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from cargo_stow.image_values import Asset

_GIT = ".git"


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Files and directories that a build reads besides its packages; `history` is the repository's, if it is one."""

    files: tuple[Path, ...] = ()
    directories: tuple[Path, ...] = ()
    history: Path | None = None


def find_named(
    package: Path, patterns: Iterable[str], limit: Path, origin: str, without: Collection[Path] = ()
) -> Named:
    """Find what the patterns of `include` mean, relative to a package's directory and not out of `limit`.

    Directories `without` have nothing of it. Raises UsageError, which names `origin`, where the key stands.
    """
    files: set[Path] = set()
    directories: set[Path] = set()
    history = None
    for text in patterns:
        pattern = Pattern(text)
        # `.git` is the repository's, wherever in it a package is: a workspace says it once for all.
        if text == _GIT or os.path.normpath(package / text) == str(limit / _GIT):
            history = _find_history(limit, origin)
            continue
        try:
            found = expand(package, pattern, limit, without)
        except ValueError as error:
            raise _wrong("include", text, origin, str(error)) from error
        if not found:
            raise _wrong("include", text, origin, "there is no such file")
        whole = Path(os.path.normpath(package / pattern.fixed))
        if is_directory(whole) and (pattern.is_plain or pattern.parts == (*pattern.fixed.parts, "**")):
            directories.add(whole)
        else:
            files.update(found)
    return Named(files=tuple(sorted(files)), directories=tuple(sorted(directories)), history=history)


def _find_history(repository: Path, origin: str) -> Path:
    """Hold that git's directory is one that is there as a whole."""
    directory = repository / _GIT
    if is_file(directory):
        raise _wrong(
            "include", _GIT, origin, f"{directory} is a file: this is a work tree or a submodule of another one"
        )
    if not is_file(directory / "HEAD"):
        raise _wrong("include", _GIT, origin, f"{repository} is no repository of git's")
    for name, what in (("reftable", "keeps its references in a table"), ("objects/info/alternates", "borrows objects")):
        if exists(directory / name):
            raise _wrong("include", _GIT, origin, f"{directory} {what}, which cannot be sent")
    return directory


def check_assets(package: Path, assets: Iterable[Asset], sent: Collection[Path], origin: str) -> None:
    """Hold that each asset means files of the package which are among those that are `sent` to a build.

    Raises UsageError, which names `origin`, where the key stands.
    """
    known = frozenset(sent)
    for asset in assets:
        text = str(asset.source)
        try:
            found = expand(package, asset.source, package)
        except ValueError as error:
            raise _wrong("assets", text, origin, str(error)) from error
        lost = [path for path in found if path.resolve() not in known]
        if asset.source.fixed.parts[:1] == (_GIT,) or (found and len(lost) == len(found)):
            raise _wrong(
                "assets", text, origin, f"{package / asset.source.fixed} is left out of what is sent to a build"
            )
        if not found:
            raise _wrong("assets", text, origin, "there is no such file")


def _wrong(key: str, text: str, origin: str, reason: str) -> UsageError:
    hints = {
        "assets": "assets are files of the package, by paths relative to its directory; `target` and what git keeps are"
        " never sent",
        "include": "paths are relative to the package's directory, and stay within the repository",
    }
    return UsageError(f"{origin}: {text!r} cannot be `{key}`: {reason}", hint=hints[key])
