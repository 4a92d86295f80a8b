"""The four verbs as doit tasks, for the CLI, for our own dodo.py and for anybody's: `from cargo_stow.tasks import *`.

Of several images, each has a sub-task, as `stow_build:api`. Creators build nothing and cannot fail, so that
a crate that is broken, or has no container section, does not disturb `doit list` or the other tasks of a pipeline. What
a task depends on is found when it is asked for (doit's `calc_dep`). doit compares times and sizes first, so it is not
the only judge: `uptodate` compares contents with our own record.

In a foreign dodo.py the crate is the one in the directory of the dodo.py; `CARGO_STOW_MANIFEST_PATH`,
`CARGO_STOW_PACKAGE` (names of packages) and the variables of the manifest keys say otherwise.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from cargo_stow.errors import StowError
from cargo_stow.work import Work

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cargo_stow.project import Project

__all__ = [
    "task__stow_inputs",
    "task__stow_target",
    "task_stow_build",
    "task_stow_dockerfile",
    "task_stow_push",
    "task_stow_run",
]

Task = dict[str, Any]


def inputs_task(work: Work, image: str | None = None) -> Task:
    """Find the files that images are made of, once a task that needs them is asked for."""

    def find() -> dict[str, list[str]]:
        found = {path for project in work.projects(image) for path in work.session.inputs(project).files()}
        return {"file_dep": [str(path) for path in sorted(found)]}

    return _task(work, find, "find the files that the image is made of")


def target_task(work: Work, image: str | None = None) -> Task:
    """Check that there is somewhere to push to, before anything is built for it."""

    def check() -> None:
        from cargo_stow.actions.push import check_pushable  # noqa: PLC0415

        for project in work.projects(image):
            check_pushable(work.session, project)

    return _task(work, check, "check that there is somewhere to push to")


def build_task(work: Work, image: str | None = None) -> Task:
    """Build the images; up to date while their inputs are unchanged and they still are in the engine."""
    met: list[StowError] = []

    def act() -> None:
        from cargo_stow.actions.build import build  # noqa: PLC0415

        if met:
            raise met.pop()
        images = build(work.session, work.projects(image), locked=work.request.locked, among=work.projects())
        work.finish(*(each.reference for each in images))

    def is_current() -> bool:
        from cargo_stow.actions.build import find_current  # noqa: PLC0415
        from cargo_stow.actions.layout import find_given  # noqa: PLC0415

        if work.session.caches.are_kept:  # A cache is kept of an image that is up to date, too.
            return False
        try:
            projects = work.projects(image)
            images = [find_current(work.session, project) for project in projects]
        except StowError as error:
            met[:] = [error]  # The action would meet it again: of an engine that hangs, after a minute more.
            return False
        found = [each for each in images if each is not None]
        given = find_given(work.session, projects, found) if len(found) == len(projects) else None
        work.results = tuple(each.reference for each in given or ())
        return given is not None

    task = _task(work, act, "build the container image of the crate")
    return {**task, "calc_dep": [_name("_stow_inputs", image)], "uptodate": [is_current]}


def push_task(work: Work, image: str | None = None) -> Task:
    """Push the images of `stow_build`. Always runs: only the registry knows what it still has."""

    def act() -> None:
        from cargo_stow.actions.push import push  # noqa: PLC0415

        work.finish(*push(work.session, work.projects(image)))

    task = _task(work, act, "push the container image to its registry")
    return {**task, "calc_dep": [_name("_stow_target", image)], "task_dep": [_name("stow_build", image)]}


def run_task(work: Work, image: str | None = None) -> Task:
    """Run the program; what is typed after the task's name are its arguments."""

    def act(arguments: list[str]) -> bool:
        from cargo_stow.actions.run import run  # noqa: PLC0415
        from cargo_stow.backends.protocol import RunOptions  # noqa: PLC0415

        options = work.options or RunOptions(arguments=tuple(arguments or ()))
        work.exit_code = run(work.session, work.project(image), options, locked=work.request.locked)
        return work.exit_code == 0

    return {**_task(work, act, "run the crate's program in a temporary container"), "pos_arg": "arguments"}


def dockerfile_task(work: Work, image: str | None = None) -> Task:
    """Write Dockerfiles and their companions; up to date while the files say what they should."""

    def act() -> None:
        from cargo_stow.actions.dockerfile import write  # noqa: PLC0415

        for project in work.images(image):
            written = write(work.session, project, _output(work, project), locked=work.request.locked)
            work.written = bool(written) or work.written

    def is_current() -> bool:
        from cargo_stow.actions.dockerfile import is_current  # noqa: PLC0415

        try:
            return all(is_current(project, _output(work, project)) for project in work.images(image))
        except StowError:
            return False

    task = _task(work, act, "write the Dockerfile that the build uses")
    return {**task, "calc_dep": [_name("_stow_inputs", image)], "uptodate": [is_current]}


def _name(task: str, image: str | None) -> str:
    return f"{task}:{image}" if image else task


def _output(work: Work, project: Project) -> Path:
    from cargo_stow.actions.dockerfile import default_output  # noqa: PLC0415

    return work.output or default_output(project)


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


@functools.cache
def _images() -> tuple[str | None, ...]:
    """The images that there are sub-tasks for: none where there is one image only, or nothing that can be read."""
    try:
        names = dict.fromkeys(project.image for project in _work().peek())
    except StowError:
        return ()
    return tuple(names) if len(names) > 1 else ()


def _created(make: Callable[[Work, str | None], Task]) -> Task | Iterator[Task]:
    """Return the one task, or yield a sub-task for each image, named like it, and what their group is for."""
    return _sub_tasks(make) if _images() else make(_work(), None)


def _sub_tasks(make: Callable[[Work, str | None], Task]) -> Iterator[Task]:
    yield {"name": None, "doc": make(_work(), None)["doc"]}
    for image in _images():
        yield {"name": image, **make(_work(), image)}


def task__stow_inputs() -> Task | Iterator[Task]:
    return _created(inputs_task)


def task__stow_target() -> Task | Iterator[Task]:
    return _created(target_task)


def task_stow_build() -> Task | Iterator[Task]:
    return _created(build_task)


def task_stow_push() -> Task | Iterator[Task]:
    return _created(push_task)


def task_stow_run() -> Task | Iterator[Task]:
    return _created(run_task)


def task_stow_dockerfile() -> Task | Iterator[Task]:
    return _created(dockerfile_task)
