"""A plan for people: what each of its steps does, in words. Pure.

Commands that cargo-stow gives its own program, and those of package managers, have sentences; any other stands here as
it is run, so that a new kind of command is told too.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cargo_stow.plan import Copy, Run, Write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cargo_stow.plan import Plan, Stage, Step

_MANAGERS = frozenset({"apt-get", "apk", "dnf", "microdnf"})
_OWN = {
    "adopt": "take over what was compiled before",
    "sync": "bring the sources up to date, by content",
    "forget": "forget the stubs of the crate's own packages",
    "link": "ask the image's loader for what the executables are linked with",
    "shrink": "take what the program needs, and what the image has beside the base",
    "present": "look whether what was missing is there",
}
# What comes with every installation, and tells nothing of this image.
_SILENT = frozenset({"rm", "mkdir"})


@dataclass(frozen=True, slots=True, kw_only=True)
class StageOutline:
    """One stage: `parent` is an image or the name of a stage, `does` one sentence for each thing that is done.

    `commands` are the words of what is run, in order; `packages` what is installed; `files` what is copied or written.
    """

    name: str
    parent: str
    comment: str
    does: tuple[str, ...]
    commands: tuple[tuple[str, ...], ...]
    packages: tuple[str, ...]
    files: tuple[str, ...]


def make_outline(plan: Plan) -> tuple[StageOutline, ...]:
    """Tell the stages of a plan in their order."""
    return tuple(_stage(stage) for stage in plan.stages)


def _stage(stage: Stage) -> StageOutline:
    commands = [command for step in stage.steps if isinstance(step, Run) for command in step.commands]
    return StageOutline(
        name=stage.name,
        parent=str(stage.parent),
        comment=stage.comment,
        does=tuple(sentence for step in stage.steps for sentence in _step(step)),
        commands=tuple(commands),
        packages=tuple(package for command in commands for package in _packages(command)),
        files=tuple(file for step in stage.steps for file in _files(step)),
    )


def _step(step: Step) -> Iterator[str]:
    if isinstance(step, Copy):
        yield f"copy {step.source} from {step.stage or 'the context'} to {step.target}"
    elif isinstance(step, Write):
        names = ", ".join(str(path) for path, _ in step.files)
        yield f"write {names} below {step.target}" if len(step.files) == 1 else _many(step)
    else:
        for command in step.commands:
            yield from _command(command)


def _many(step: Write) -> str:
    return f"write the {step.name}, {len(step.files)} files, below {step.target}"


def _command(command: tuple[str, ...]) -> Iterator[str]:
    program = command[0].rpartition("/")[2]
    if program in _MANAGERS:
        if packages := _packages(command):
            yield f"install {', '.join(packages)} ({program})"
    elif program == "stow" and command[1] in _OWN:
        yield _OWN[command[1]]
    elif program == "stow" and command[1] == "with":
        if "@" in command:
            yield f"install what was missing ({command[3]})"
    elif program not in _SILENT:
        yield shlex.join(command)


def _packages(command: tuple[str, ...]) -> tuple[str, ...]:
    """What a command of a package manager installs: the words behind its verb that are no options."""
    if command[0].rpartition("/")[2] not in _MANAGERS:
        return ()
    at = next((place for place, word in enumerate(command) if word in {"install", "add"}), len(command))
    return tuple(word for word in command[at + 1 :] if not word.startswith("-"))


def _files(step: Step) -> Iterator[str]:
    if isinstance(step, Copy):
        yield step.target
    elif isinstance(step, Write):
        yield from (f"{step.target}/{path}" for path, _ in step.files)
