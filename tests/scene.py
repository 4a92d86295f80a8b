"""cargo-stow and doit as processes of their own, on one backend in memory that is kept in a file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# Put before what a process runs: from then on `docker` is the backend whose state is in the given file.
PREAMBLE = """
import pathlib
from cargo_stow.backends import catalog, memory
def make(_runner, _environment, voice):
    backend = memory.MemoryBackend(state=pathlib.Path({state!r}), print_result=voice.result)
    {extra}
    return backend
catalog.BACKENDS["docker"] = make
"""
CLI = "\nimport sys\nfrom cargo_stow.entry import main\nsys.argv[0] = 'cargo-stow'\nmain()\n"
DODO = """
from cargo_stow.tasks import *

DOIT_CONFIG = {{"verbosity": 0, "dep_file": "../own.json", "backend": "json", {config}}}

def task_own():
    return {{"actions": ["echo own > own.txt"]}}
"""


@dataclass
class Scene:
    """`directory` is where things run; `extra` a line of Python about `backend`."""

    directory: Path
    state: Path
    environment: Mapping[str, str]

    def preamble(self, extra: str = "pass") -> str:
        return PREAMBLE.format(state=str(self.state), extra=extra)

    def argv(self, *words: str, extra: str = "pass") -> list[str]:
        return [sys.executable, "-c", self.preamble(extra) + CLI, *words]

    def stow(self, *words: str, extra: str = "pass", **more: Any) -> subprocess.CompletedProcess[str]:
        return self._run(self.argv(*words, extra=extra), **more)

    def doit(self, *words: str) -> subprocess.CompletedProcess[str]:
        return self._run([sys.executable, "-m", "doit", *words])

    def write_dodo(self, *, config: str = "", extra: str = "pass") -> None:
        (self.directory / "dodo.py").write_text(self.preamble(extra) + DODO.format(config=config), encoding="utf-8")

    def counts(self) -> dict[str, int]:
        counts: dict[str, int] = self._read()["counts"]
        return counts

    def tags(self) -> dict[str, str]:
        tags: dict[str, str] = self._read()["tags"]
        return tags

    def _read(self) -> dict[str, Any]:
        state: dict[str, Any] = json.loads(self.state.read_text())
        return state

    def _run(self, argv: list[str], **more: Any) -> subprocess.CompletedProcess[str]:
        options = {"capture_output": True, "text": True, "timeout": 120, **more}
        if {"stdout", "stderr"} & set(more):
            options.pop("capture_output")
        environment = {**os.environ, **self.environment, "PYTHONWARNINGS": "error"}
        return subprocess.run(argv, cwd=self.directory, env=environment, check=False, **options)
