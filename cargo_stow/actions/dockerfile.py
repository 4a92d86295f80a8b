"""`stow_dockerfile`: the Dockerfile that `build` uses, written for people and machines without cargo-stow."""

from __future__ import annotations

import difflib
import os
import shlex
from typing import TYPE_CHECKING

from cargo_stow.dockerfile import render_dockerfile, render_dockerignore
from cargo_stow.errors import DifferenceError, UsageError
from cargo_stow.files import read_text, write_text
from cargo_stow.includes import find_repository
from cargo_stow.lock import load_lock
from cargo_stow.pinning import find_lock, settle
from cargo_stow.planning import plan_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cargo_stow.lock import Lock
    from cargo_stow.project import Project
    from cargo_stow.session import Session

IGNORE_SUFFIX = ".dockerignore"


def default_output(project: Project) -> Path:
    """Beside the manifest; where each executable has an image of its own, each has a file."""
    name = f"{project.settings.bins[0]}.Dockerfile" if project.settings.is_split else "Dockerfile"
    return project.package.directory / name


def render(project: Project, lock: Lock, output: Path) -> dict[Path, str]:
    """Return the text of the Dockerfile and of its companion, by path."""
    plans = [plan_of(each, lock, alone=True) for each in project.on_each_platform()]
    texts = [render_dockerfile(plan, command=_command(project, output)) for plan in plans]
    _check_alike(project, texts)
    return {
        output: texts[0],
        output.with_name(output.name + IGNORE_SUFFIX): render_dockerignore(plans[0].context),
    }


def _check_alike(project: Project, texts: Sequence[str]) -> None:
    """One file is for all platforms, which it can be where each image that it names is an index of all of them."""
    odd = [each for each, text in zip(project.platforms, texts, strict=True) if text != texts[0]]
    if odd:
        raise UsageError(
            f"{project.package.manifest}: no Dockerfile can be for all of `platforms`, since the images that it builds"
            f" on have one digest for {project.platforms[0]} and another one for {odd[0]}",
            hint=f"choose one platform, as --platforms {project.platforms[0]}, or a base that is an index of them all",
        )


def write(session: Session, project: Project, output: Path, *, locked: bool) -> list[Path]:
    """Write what differs from the files on disk, Stow.lock included; returns the paths that were written."""
    lock, written = settled(session, project, locked=locked)
    stale = [(path, text) for path, text in render(project, lock, output).items() if read_text(path) != text]
    # A place that somebody typed is theirs, wherever it leads.
    within = find_repository(project.workspace.root) if output == default_output(project) else None
    for path, text in stale:
        write_text(path, text, within=within)
    written += [path for path, _ in stale]
    for path in written:
        session.report.status("Wrote", str(path))
    return written


def settled(session: Session, project: Project, *, locked: bool) -> tuple[Lock, list[Path]]:
    """The complete lock, and what was written for it."""
    with session.locked(project):
        before = load_lock(project.lock_file)
        for each in project.on_each_platform():
            lock = settle(each, session.backend, session.report, locked=locked, offline=session.offline)
    return lock, [] if lock == before else [project.lock_file]


def check(project: Project, lock: Lock, output: Path) -> None:
    """Raise DifferenceError, with a diff, when files on disk are not what would be written. Asks nobody."""
    wanted = render(project, lock, output)
    found = {path: read_text(path) for path in wanted}
    stale = [path for path, text in wanted.items() if found[path] != text]
    if stale:
        reason = "does not exist" if found[stale[0]] is None else "is not what Cargo.toml and Stow.lock say"
        others = f"; so it is with {stale[1].name}" if len(stale) > 1 else ""
        raise DifferenceError(
            f"{stale[0]} {reason}{others}",
            hint="run `cargo stow dockerfile`, and commit what it writes",
            detail="".join(_difference(found[path] or "", wanted[path], path) for path in stale),
        )


def is_current(project: Project, output: Path) -> bool:
    """Say whether files and Stow.lock are what they should be. Raises DifferenceError, too, for files that are not."""
    locks = [find_lock(each) for each in project.on_each_platform()]
    if locks[0] is None or None in locks:
        return False
    check(project, locks[0], output)
    return True


def _difference(found: str, wanted: str, path: Path) -> str:
    lines = difflib.unified_diff(
        found.splitlines(keepends=True), wanted.splitlines(keepends=True), f"{path} (on disk)", f"{path} (expected)"
    )
    return "".join(lines)


def _command(project: Project, output: Path) -> str:
    """What to type, in the directory of the Dockerfile, to build it; empty where no plain line can say it."""
    root = os.path.relpath(project.closure.root, output.parent)
    if not root.isprintable() or not output.name.isprintable():
        return ""
    file = [] if output.name == "Dockerfile" and root == "." else ["-f", output.name]
    return shlex.join(["docker", "build", *file, root])
