"""Runs steps of a Plan on this machine, as an engine would. What the plan calls `/build` lies below a directory here.

No network, no root file system: only stages that compile, with the machine's own cargo and the `stow` program.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from cargo_stow.context import list_files
from cargo_stow.generated import write_generated
from cargo_stow.plan import ContextMount, Copy, Run, Write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cargo_stow.plan import Plan, Step

STOW_RS = Path(__file__).parents[1] / "cargo_stow/templates/stow.rs"
_PLACES = re.compile(r'(?:^|(?<=")|(?<=file://))/(?=(?:build|cargo|context|lock|out|stow|whole)(?:/|$))')


def compile_program(directory: Path) -> Path:
    """Compile the program of stage `tools`, as that stage does."""
    program = directory / "stow"
    subprocess.run(["rustc", "--edition", "2018", "-C", "debuginfo=0", "-o", program, STOW_RS], check=True)
    return program


def snapshot(directory: Path) -> dict[str, tuple[int, bytes]]:
    files = sorted(path for path in directory.rglob("*") if path.is_file())
    return {str(path.relative_to(directory)): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


@dataclass
class Machine:
    """`directory` is where the plan's absolute paths are, `root` the root of the context; `output` what cargo said."""

    directory: Path
    root: Path
    program: Path
    output: str = ""
    ran: list[tuple[str, ...]] = field(default_factory=list)

    def path(self, text: str) -> str:
        return _PLACES.sub(lambda _: f"{self.directory}/", text)

    def run(self, plan: Plan, *names: str) -> str:
        """Run these stages in turn; returns what their commands wrote, and raises for one that failed."""
        self.output = ""
        write_generated(plan, self.root)
        self._send(plan)
        for stage in plan.stages:
            for step in stage.steps if stage.name in names else ():
                self._step(plan, step)
        return self.output

    def _send(self, plan: Plan) -> None:
        """Give the plan the files that its context admits, with other times than here, and no others."""
        shutil.rmtree(self.directory / "context", ignore_errors=True)
        (self.directory / "context").mkdir(parents=True)
        for file in list_files(self.root, plan.context):
            copy = self.directory / "context" / file.relative_to(self.root)
            copy.parent.mkdir(parents=True, exist_ok=True)
            if file.is_dir() and not file.is_symlink():
                copy.mkdir()
            else:
                shutil.copy(file, copy, follow_symlinks=False)
            os.utime(copy, (1, 1), follow_symlinks=False)

    def _step(self, plan: Plan, step: Step) -> None:
        match step:
            case Copy():
                source = Path(self.path(step.source)) if step.stage else self.directory / "context" / step.source
                self._copy(source, Path(self.path(step.target)))
            case Write() if plan.generated:
                self._step(plan, Copy(source=str(plan.generated / step.name), target=step.target))
            case Write():
                for path, text in step.files:
                    file = Path(self.path(step.target)) / path
                    file.parent.mkdir(parents=True, exist_ok=True)
                    file.write_text(text, encoding="utf-8")
            case Run():
                self._run(step)

    def _copy(self, source: Path, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True)
        else:
            shutil.copy2(source, target)

    def _run(self, step: Run) -> None:
        mounted = [(mount, Path(self.path(mount.target))) for mount in step.mounts if isinstance(mount, ContextMount)]
        mounted = [(mount, target) for mount, target in mounted if target != self.directory / "context"]
        for mount, target in mounted:
            self._copy(self.directory / "context" / mount.source, target)
        before = [snapshot(target) for _, target in mounted]
        for command in step.commands:
            self._command(step, command)
        assert [snapshot(target) for _, target in mounted] == before, "what is mounted is read-only"
        for _, target in mounted:
            if target.is_file():
                target.write_text("")
            else:
                shutil.rmtree(target)
                target.mkdir()

    def _command(self, step: Run, command: tuple[str, ...]) -> None:
        self.ran.append(command)
        if command[:2] == ("/stow/stow", "link"):
            return  # there is no image to link to
        words = [str(self.program) if word == "/stow/stow" else self.path(word) for word in command]
        ended = subprocess.run(
            words,
            cwd=self.path(step.directory) if step.directory else None,
            env=dict(self._environment(step)),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        self.output += ended.stdout.decode()
        assert ended.returncode == 0, f"{words}\n{self.output}"

    def _environment(self, step: Run) -> Iterator[tuple[str, str]]:
        rustup = os.environ.get("RUSTUP_HOME") or str(Path.home() / ".rustup")
        yield from {"PATH": os.environ["PATH"], "HOME": str(self.directory), "CARGO_NET_OFFLINE": "true"}.items()
        yield from ((name, self.path(value)) for name, value in step.environment)
        yield "RUSTUP_HOME", rustup
