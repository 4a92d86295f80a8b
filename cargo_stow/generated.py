"""The files of a plan that are generated on this machine, written where the build finds them in its context."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from cargo_stow.errors import FileError
from cargo_stow.files import read_text, write_text
from cargo_stow.plan import Write

if TYPE_CHECKING:
    from pathlib import Path

    from cargo_stow.plan import Plan


def write_generated(plan: Plan, root: Path) -> None:
    """Write what differs, and remove what no longer belongs there. Raises FileError."""
    if plan.generated is None:
        return
    directory = root / plan.generated
    steps = [step for stage in plan.stages for step in stage.steps if isinstance(step, Write)]
    wanted = {directory / step.name / path: text for step in steps for path, text in step.files}
    try:
        _remove_others(directory, wanted.keys() | {parent for path in wanted for parent in path.parents})
        for path, text in wanted.items():
            if read_text(path) != text:
                write_text(path, text, durable=False)
            # Modes count as content, and the umask of this machine must not.
            path.chmod(0o644)
        for parent in {parent for path in wanted for parent in path.parents if parent.is_relative_to(directory)}:
            parent.chmod(0o755)
    except OSError as error:
        raise FileError(f"cannot write {directory}: {error.strerror}", hint=f"remove {directory}") from error


def _remove_others(directory: Path, wanted: set[Path]) -> None:
    """Remove what is not wanted, and every link: what is written through one would be somewhere else."""
    for parent, directories, files in os.walk(directory):
        for name in [*directories, *files]:
            path = directory / parent / name
            if path.is_symlink() or (name in files and path not in wanted):
                path.unlink()
            elif path not in wanted:
                shutil.rmtree(path)
        directories[:] = [name for name in directories if (directory / parent / name).is_dir()]
