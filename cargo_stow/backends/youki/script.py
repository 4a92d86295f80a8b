"""The commands of a step as one script for the `sh` of its root file system. Pure; every word is quoted here."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from cargo_stow.backends.youki.rootfs import DEFAULT_PATH

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cargo_stow.plan import Run


def make_script(step: Run) -> str:
    """Return the commands, each run only if those before it did not fail."""
    first = [("cd", step.directory)] if step.directory else []
    return " && ".join(shlex.join(command) for command in (*first, *step.commands))


def make_environment(
    step: Run, image: Mapping[str, str], lent: Mapping[str, str], epoch: int
) -> tuple[tuple[str, str], ...]:
    """Return the variables of a step: those of the image, ours, and what is lent to it. PATH begins with the step's."""
    own = image.get("PATH") or DEFAULT_PATH
    fixed = {"SOURCE_DATE_EPOCH": str(epoch), "PATH": ":".join((*step.path, own))}
    return tuple(sorted({"HOME": "/root", **image, **fixed, **lent, **dict(step.environment)}.items()))


def describe(step: Run) -> Iterator[str]:
    """Yield what to tell of the commands: the beginning of each."""
    for command in step.commands:
        words = shlex.join(command)
        yield words if len(words) < 100 else f"{words[:97]}..."  # noqa: PLR2004 - what fits on a line
