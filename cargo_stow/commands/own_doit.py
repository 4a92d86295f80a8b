"""doit's `run` command on tasks that are at hand, with nothing looked for: no dodo.py, no configuration, no plugin.

Looking for plugins takes time that grows with what is installed, and one that is broken would end our commands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from doit.cmd_base import TaskLoader2
from doit.cmd_run import Run
from doit.dependency import SqliteDB
from doit.task import dict_to_task

from cargo_stow.commands.state import State

if TYPE_CHECKING:
    from collections.abc import Mapping


class OwnRun(Run):  # type: ignore[misc]
    """`options` are those of `doit run`, by their names in DOIT_CONFIG."""

    name = "run"

    def __init__(self, tasks: Mapping[str, dict[str, Any]], options: Mapping[str, object]) -> None:
        super().__init__(task_loader=_Loader(tasks), config={"GLOBAL": dict(options)})

    def get_backends(self) -> dict[str, type]:
        backends = {"stow": State, "sqlite3": SqliteDB}
        self.cmdparser["backend"].choices = dict.fromkeys(backends, "")
        return backends

    def get_reporters(self) -> dict[str, type]:
        return {}  # Ours is given as a class.


class _Loader(TaskLoader2):  # type: ignore[misc]
    def __init__(self, tasks: Mapping[str, dict[str, Any]]) -> None:
        super().__init__()
        self._tasks = tasks

    def load_doit_config(self) -> dict[str, object]:
        return {}

    def load_tasks(self, cmd: object, pos_args: object) -> list[Any]:  # noqa: ARG002 - doit names them
        return [dict_to_task({"name": name, **task}) for name, task in self._tasks.items()]
