"""Running one task through doit inside our own process: its state in our directory, its voice ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cargo_stow import tasks
from cargo_stow.errors import FileError

if TYPE_CHECKING:
    from collections.abc import Callable

    from cargo_stow.work import Work

_STATE = "doit.json"


class _Silent:
    """A doit reporter that says nothing itself; it keeps what doit has to say for the one who runs it."""

    desc = "used by cargo-stow"

    def __init__(self, _outstream: object, _options: object) -> None:
        self.skipped = False
        self.complaints: list[str] = []
        _Silent.last = self

    last: _Silent

    def skip_uptodate(self, task: Any) -> None:
        self.skipped = self.skipped or not task.name.startswith("_")

    def add_failure(self, _task: object, fail: Any) -> None:
        self.complaints.append(fail.get_msg())

    def cleanup_error(self, fail: Any) -> None:
        self.complaints.append(fail.get_msg())

    def runtime_error(self, message: str) -> None:
        self.complaints.append(message)

    def __getattr__(self, _event: str) -> Callable[..., None]:
        return lambda *_args: None


def do(work: Work, name: str, *, alone: bool = False) -> bool:
    """Run one task and what it depends on; returns whether the task was up to date and so did not run.

    doit's state is kept, and locked meanwhile. A task that runs `alone`, without what it depends on, has no state.
    Raises the error that ended the task.
    """
    if alone:
        return _do(work, name, {"backend": "sqlite3", "dep_file": ":memory:", "single": True})
    project = work.projects()[0]
    with work.session.locked(project):
        return _do(work, name, {"backend": "stow", "dep_file": str(project.directory / _STATE)})


def _do(work: Work, name: str, options: dict[str, object]) -> bool:
    from cargo_stow.commands.own_doit import OwnRun  # noqa: PLC0415 - it imports doit

    made = {
        "_stow_inputs": tasks.inputs_task(work),
        "_stow_target": tasks.target_task(work),
        "stow_build": tasks.build_task(work),
        "stow_push": tasks.push_task(work),
        "stow_run": tasks.run_task(work),
        "stow_dockerfile": tasks.dockerfile_task(work),
    }
    # No configuration file is read: a `[tool.doit]` in the user's project is about the user's own pipeline.
    code = OwnRun(made, {"reporter": _Silent, "verbosity": 2, **options}).parse_execute([name])
    if work.error is not None:
        raise work.error
    if code != 0 and _Silent.last.complaints and not work.exit_code:
        # All that doit itself has to complain of: a file dependency that went away meanwhile.
        raise FileError(_Silent.last.complaints[0].strip(), hint="a file was removed meanwhile; run it again")
    if code != 0 and not work.exit_code:
        raise RuntimeError(f"doit could not run `{name}`")
    return _Silent.last.skipped
