"""The stages that compile every dependency, of a skeleton of the sources: the layer that the real build begins with."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from cargo_stow.errors import UsageError
from cargo_stow.plan import ContextMount, Copy, Run, Stage, StageMount, Write
from cargo_stow.planner.cargo import BUILD, SOURCE, fetch, run_cargo
from cargo_stow.planner.sources import relative
from cargo_stow.settings.kinds import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cargo_stow.model import Closure, Workspace
    from cargo_stow.plan import Step
    from cargo_stow.planner.group import Group
    from cargo_stow.planner.rust import Rust
    from cargo_stow.platforms import Platform

    Files = tuple[tuple[PurePosixPath, str], ...]

_TOOLS = PurePosixPath("/stow")
STOW = str(_TOOLS / "stow")
TOOLS = StageMount(stage="tools", source=str(_TOOLS), target=str(_TOOLS))
_LOCK = "/lock/Cargo.lock"
_WHOLE_LOCK = "/lock/whole"


def tools_stage(program: Files, rust: Rust) -> Stage:
    """Return the stage that compiles the program whose source is `stow.rs`, in Rust, and the modules beside it.

    It is the first one to need a compiler, and so the one that says what to do where there is none.
    """
    command = ("rustc", "--edition", "2018", "-C", "debuginfo=0", "-o", STOW, str(_TOOLS / "stow.rs"))
    return Stage(
        name="tools",
        parent="builder",
        steps=(
            Write(name="tools", target=str(_TOOLS), files=program),
            Run(mounts=rust.mounts, path=rust.path, environment=rust.environment, commands=(*rust.checks, command)),
        ),
        comment="keeps sources fresh by their content, for a cargo that goes by time, and asks what is linked",
    )


def lock_stage(workspace: Workspace, closure: Closure) -> Stage:
    """Return the stage that makes the lock of a skeleton which came without one."""
    whole = {each.name for each in closure.sources if each.directory in closure.patched} | workspace.homonyms
    return Stage(
        name="lock",
        parent="builder",
        steps=(
            Copy(source=str(relative(workspace.lockfile, closure.root)), target=_WHOLE_LOCK),
            Run(
                commands=(
                    ("sed", "-i", "s/\\r$//", _WHOLE_LOCK),
                    ("awk", _mask({each.name for each in closure.sources}, whole), _WHOLE_LOCK),
                )
            ),
        ),
        comment="Cargo.lock without the versions of path crates, so that a new one compiles no dependency again",
    )


def _mask(local: set[str], whole: set[str]) -> str:
    """Return the program that leaves out path crates other than `local`, and masks versions but those in `whole`.

    Path crates are those without a source; entries are paragraphs. What nothing needs, cargo itself leaves out.
    """
    others = "".join(f' && !/\\nname = "{_pattern(name)}"/' for name in sorted(whole))
    known = "|".join(map(_pattern, sorted(local)))
    return (
        'BEGIN { RS = ""; ORS = "\\n\\n" }'
        f' /^\\[\\[package/ && !/\\nsource = / && !/\\nname = "({known})"/ {{ next }}'
        f' !/\\nsource = /{others} {{ sub(/\\nversion = "[^"]*"/, "\\nversion = \\"0.0.0\\"") }}'
        f' {{ print > "{_LOCK}" }}'
    )


def _pattern(name: str) -> str:
    """Cargo lets a name be nearly anything."""
    return re.sub(r"[^A-Za-z0-9_-]+", '[^"]*', name)


def dependencies_stage(
    workspace: Workspace,
    group: Group,
    platforms: tuple[Platform, ...],
    *,
    skeleton: Files,
    rust: Rust,
    has_lock: bool,
    git: bool,
) -> Stage:
    """Return the stage that compiles the skeleton of a group; `has_lock` says that stage `lock` has its lock."""
    closure = group.closure
    mounts = lent(closure)
    stubs = [each.name for each in closure.sources if each.directory not in closure.patched]
    compiling = run_cargo(
        rust,
        group.directory,
        (TOOLS, *mounts),
        (
            (STOW, "adopt", str(BUILD), *(word for mount in mounts for word in ("--skip", mount.source))),
            fetch(closure, platforms, rust),
            *group.commands,
            (STOW, "forget", str(BUILD), *stubs),
        ),
        group.settings,
        git=git,
    )
    steps: list[Step] = [*_copies(closure), Write(name="skeleton", target=str(SOURCE), files=skeleton)]
    if has_lock:
        lock = SOURCE / relative(workspace.lockfile, closure.root)
        steps.append(Copy(stage="lock", source=_LOCK, target=str(lock)))
    return Stage(
        name="deps",
        parent="builder",
        steps=(*steps, compiling),
        comment="every dependency, compiled; it changes with what Cargo.toml and Cargo.lock say of dependencies",
    )


def _copies(closure: Closure) -> Iterator[Step]:
    """What the skeleton takes as it is: path crates that crates of a registry depend on."""
    whole = [package.directory for package in closure.sources if package.directory in closure.patched]
    for path in (*whole, *(closure.files if whole else ())):
        inside = relative(path, closure.root)
        apart = [relative(file, closure.root) for file in closure.configuration if file.is_relative_to(path)]
        yield _copy_without(inside, apart) if apart else Copy(source=str(inside), target=str(SOURCE / inside))


def _copy_without(directory: PurePosixPath, files: list[PurePosixPath]) -> Run:
    """Copy a directory but for some files, which are in no layer, not even below another one."""
    source, target = PurePosixPath("/whole"), SOURCE / directory
    return Run(
        mounts=(_mounted(directory, source),),
        commands=(
            ("mkdir", "-p", str(target)),
            ("cp", "-R", "-p", f"{source}/.", str(target)),
            ("rm", *(str(SOURCE / file) for file in files)),
        ),
    )


def lent(closure: Closure) -> tuple[ContextMount, ...]:
    """What is mounted where cargo looks for it: vendored crates, and its configuration, which may hold tokens.

    In the build, which has the whole context mounted, links take the place of these mounts.
    """
    inside = (relative(path, closure.root) for path in (*closure.vendored, *closure.configuration))
    return tuple(_mounted(path, SOURCE / path) for path in inside)


def _mounted(path: PurePosixPath, target: PurePosixPath) -> ContextMount:
    """Mount a path of the context.

    Newer versions of BuildKit read it as a shell would, for its variables; all of them read options byte by byte, as
    if each were a character (`extractBuilderFlags`).
    """
    odd = sorted(sign for sign in set(str(path)) if sign in "$'\"\\," or not sign.isascii())
    if odd:
        raise UsageError(
            f"the path {quoted(str(path))} has a {quoted(odd[0])}, but is mounted in the build, and no mount of"
            " Docker's can say that",
            hint="rename that directory or file",
        )
    return ContextMount(source=str(path), target=str(target))
