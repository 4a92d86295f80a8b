"""The four verbs as doit tasks, for the CLI, for our own dodo.py and for anybody's: `from cargo_stow.tasks import *`.

Creators do no work and cannot fail, so that a crate that is broken, or has no container section, does not disturb
`doit list` or the other tasks of a pipeline. What a task depends on is found when it is asked for (doit's `calc_dep`).
doit compares times and sizes first, so it is not the only judge: `uptodate` compares contents with our own record.

In a foreign dodo.py the crate is the one in the directory of the dodo.py; `CARGO_STOW_MANIFEST_PATH`,
`CARGO_STOW_PACKAGE` and the variables of the manifest keys say otherwise.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from cargo_stow.errors import StowError
from cargo_stow.inputs import input_files
from cargo_stow.work import Work

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = [
    "task__stow_inputs",
    "task__stow_target",
    "task_stow_build",
    "task_stow_dockerfile",
    "task_stow_push",
    "task_stow_run",
]

Task = dict[str, Any]


def inputs_task(work: Work) -> Task:
    """Find the files that the image is made of, once a task that needs them is asked for."""

    def find() -> dict[str, list[str]]:
        return {"file_dep": [str(path) for path in input_files(work.project())]}

    return _task(work, find, "find the files that the image is made of")


def target_task(work: Work) -> Task:
    """Check that there is somewhere to push to, before anything is built for it."""

    def check() -> None:
        from cargo_stow.actions.push import check_pushable  # noqa: PLC0415

        check_pushable(work.project())

    return _task(work, check, "check that there is somewhere to push to")


def build_task(work: Work) -> Task:
    """Build the image; up to date while its inputs are unchanged and it still is in the engine."""

    def act() -> None:
        from cargo_stow.actions.build import build  # noqa: PLC0415

        work.finish(build(work.session, work.project(), locked=work.request.locked).reference)

    def is_current() -> bool:
        from cargo_stow.actions.build import find_current  # noqa: PLC0415

        try:
            image = find_current(work.session, work.project())
        except StowError:
            return False  # The action meets the same failure, and reports it.
        work.result = image.reference if image else None
        return image is not None

    task = _task(work, act, "build the container image of the crate")
    return {**task, "calc_dep": ["_stow_inputs"], "uptodate": [is_current]}


def push_task(work: Work) -> Task:
    """Push the image of `stow_build`. Always runs: only the registry knows what it still has."""

    def act() -> None:
        from cargo_stow.actions.push import push  # noqa: PLC0415

        work.finish(push(work.session, work.project()))

    task = _task(work, act, "push the container image to its registry")
    return {**task, "calc_dep": ["_stow_target"], "task_dep": ["stow_build"]}


def run_task(work: Work) -> Task:
    """Run the program; what is typed after the task's name are its arguments."""

    def act(arguments: list[str]) -> bool:
        from cargo_stow.actions.run import run  # noqa: PLC0415
        from cargo_stow.backends.protocol import RunOptions  # noqa: PLC0415

        options = work.options or RunOptions(arguments=tuple(arguments or ()))
        work.exit_code = run(work.session, work.project(), options, locked=work.request.locked)
        return work.exit_code == 0

    return {**_task(work, act, "run the crate's program in a temporary container"), "pos_arg": "arguments"}


def dockerfile_task(work: Work) -> Task:
    """Write the Dockerfile and its companion; up to date while the files say what they should."""

    def act() -> None:
        from cargo_stow.actions.dockerfile import write  # noqa: PLC0415

        work.written = bool(write(work.session, work.project(), _output(work), locked=work.request.locked))

    def is_current() -> bool:
        from cargo_stow.actions.dockerfile import check  # noqa: PLC0415
        from cargo_stow.pinning import find_lock  # noqa: PLC0415

        try:
            project = work.project()
            lock = find_lock(project)
            if lock is not None:
                check(project, lock, _output(work))
        except StowError:
            return False
        return lock is not None

    task = _task(work, act, "write the Dockerfile that the build uses")
    return {**task, "calc_dep": ["_stow_inputs"], "uptodate": [is_current]}


def _output(work: Work) -> Path:
    from cargo_stow.actions.dockerfile import default_output  # noqa: PLC0415

    return work.output or default_output(work.project())


def _task(work: Work, act: Callable[..., object], doc: str) -> Task:
    """What all tasks share: stdout and stderr are not captured, and an expected failure is told without a traceback."""
    from doit.exceptions import TaskFailed  # noqa: PLC0415

    @functools.wraps(act)
    def guarded(*args: object, **kwargs: object) -> object:
        try:
            return act(*args, **kwargs)
        except Exception as error:
            work.error = error
            if isinstance(error, StowError):
                return TaskFailed("\n".join(filter(None, (error.message, error.detail, error.hint))))
            raise

    return {"actions": [guarded], "doc": doc, "io": {"capture": False}, "verbosity": 2}


@functools.cache
def _work() -> Work:
    """The work of a foreign doit, which has one process and one environment."""
    return Work()


def task__stow_inputs() -> Task:
    return inputs_task(_work())


def task__stow_target() -> Task:
    return target_task(_work())


def task_stow_build() -> Task:
    return build_task(_work())


def task_stow_push() -> Task:
    return push_task(_work())


def task_stow_run() -> Task:
    return run_task(_work())


def task_stow_dockerfile() -> Task:
    return dockerfile_task(_work())
