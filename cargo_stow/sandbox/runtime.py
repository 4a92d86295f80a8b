"""Which OCI runtime there is, and one container run to its end."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from cargo_stow.errors import RuntimeFailedError, ToolMissingError
from cargo_stow.sandbox.bundle import make_bundle

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cargo_stow.process import Result, Runner
    from cargo_stow.sandbox.bundle import Bind, Process

DEFAULT = "youki"
_INSTALL = {
    "youki": "`cargo install youki --locked --features v1,v2,seccomp` (it needs libseccomp-dev and pkg-config), or take"
    " a release of youki; or name another runtime: --runtime runc",
    "runc": "install your distribution's package `runc`",
    "crun": "install your distribution's package `crun`",
}
CGROUP = "/cargo-stow"
"""The parent of the control groups of all of our containers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """An OCI runtime: its name, and its program's absolute path."""

    name: str
    program: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """One container: a directory for its bundle and the runtime's state, and what the bundle says.

    `joined` are namespaces that it does not make itself, paths by their types.
    """

    directory: Path
    root: Path
    process: Process
    binds: tuple[Bind, ...] = ()
    joined: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.directory.name

    def command(self, runtime: Runtime) -> list[str]:
        """Write the bundle; returns the command that runs the container to its end. Raises OSError."""
        bundle = make_bundle(
            str(self.root),
            self.process,
            self.binds,
            self.joined,
            cgroup=f"{CGROUP}/{self.name}",
            machine=os.uname().machine,
        )
        self.directory.mkdir(parents=True, exist_ok=True)
        (self.directory / "config.json").write_text(json.dumps(bundle), encoding="utf-8")
        state = self.directory / "state"
        return [runtime.program, "--root", str(state), "run", "--bundle", str(self.directory), self.name]


def check_rights() -> None:
    """Raise RuntimeFailedError for a user who may neither mount nor own what is in an image."""
    if os.geteuid() != 0:
        raise RuntimeFailedError(
            "a build without a daemon mounts file systems, which this user may not",
            hint="run it as root, or with an engine: --backend docker",
        )


def find_runtime(name: str, environment: Mapping[str, str]) -> Runtime:
    """Find a runtime by its name or path. Raises ToolMissingError that says how to install it."""
    hint = _INSTALL.get(name, f"install {name}, or name another one: --runtime youki")
    return Runtime(name=Path(name).name, program=find_program(name, environment, kind="OCI runtime", hint=hint))


def find_program(name: str, environment: Mapping[str, str], *, hint: str, kind: str = "program") -> str:
    """Return the absolute path of a program. Raises ToolMissingError with the hint."""
    program = shutil.which(name, path=environment.get("PATH"))
    if program is None:
        raise ToolMissingError(f"the {kind} `{name}` is not installed, or not on PATH", hint=hint)
    return os.path.abspath(program)  # noqa: PTH100 - a link stays the name it has


def run(container: Container, runtime: Runtime, runner: Runner, *, quiet: bool) -> Result:
    """Run a container and wait; its output goes to stderr or, `quiet`, into the result. Raises OSError."""
    command = container.command(runtime)
    try:
        return runner.capture(command) if quiet else runner.show(command)
    finally:
        remove_groups(container.name)


def container_name(directory: str) -> str:
    """The name of the container that runs for a directory of this name."""
    return f"c-{directory}"


def remove_groups(name: str) -> None:
    """Remove the control groups of a container that ended without its runtime.

    Of no other: one that is being made is empty, too.
    """
    root = Path("/sys/fs/cgroup")
    for group in (*root.glob(f"{CGROUP[1:]}/{name}"), *root.glob(f"*{CGROUP}/{name}")):
        with contextlib.suppress(OSError):
            group.rmdir()
