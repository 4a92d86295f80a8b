"""Which runtime there is, and what one is told of a container."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from cargo_stow.errors import RuntimeFailedError, ToolMissingError
from cargo_stow.sandbox.bundle import make_bundle
from cargo_stow.sandbox.rights import AS_WE_ARE, Rights

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cargo_stow.process import Runner
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
_GROUPS = Path("/sys/fs/cgroup")
_FLAGS = ((os.ST_NOSUID, "nosuid"), (os.ST_NODEV, "nodev"), (os.ST_NOEXEC, "noexec"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """An OCI runtime: its name, its program's absolute path, and with what rights it runs."""

    name: str
    program: str
    rights: Rights = AS_WE_ARE


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
        """Write the bundle; returns the command that runs the container. Raises OSError."""
        is_confined = runtime.rights.is_confined
        bundle = make_bundle(
            str(self.root),
            self.process,
            tuple(map(_as_mounted, self.binds)) if is_confined else self.binds,
            self.joined,
            cgroup=None if is_confined else f"{CGROUP}/{self.name}",
            machine=os.uname().machine,
        )
        self.directory.mkdir(parents=True, exist_ok=True)
        (self.directory / "config.json").write_text(json.dumps(bundle), encoding="utf-8")
        state = self.directory / "state"
        return [runtime.program, "--root", str(state), "run", "--bundle", str(self.directory), self.name]


def _as_mounted(bind: Bind) -> Bind:
    """A bind with the flags of the mount that its source is in, none of which a user namespace may take away.

    runc 1.1 tries that when it makes a bind read-only; /etc/resolv.conf is often in such a mount, `/run`.
    """
    flags = os.statvfs(bind.source).f_flag
    return replace(bind, flags=tuple(name for bit, name in _FLAGS if flags & bit))


def find_runtime(name: str, environment: Mapping[str, str], rights: Rights = AS_WE_ARE) -> Runtime:
    """Find a runtime by its name or path. Raises ToolMissingError that says how to install it."""
    hint = _INSTALL.get(name, f"install {name}, or name another one: --runtime youki")
    program = find_program(name, environment, kind="OCI runtime", hint=hint)
    return Runtime(name=Path(name).name, program=program, rights=rights)


def find_program(name: str, environment: Mapping[str, str], *, hint: str, kind: str = "program") -> str:
    """Return the absolute path of a program. Raises ToolMissingError with the hint."""
    program = shutil.which(name, path=environment.get("PATH"))
    if program is None:
        raise ToolMissingError(f"the {kind} `{name}` is not installed, or not on PATH", hint=hint)
    return os.path.abspath(program)  # noqa: PTH100 - a link stays the name it has


def hide_groups(runtime: Runtime, runner: Runner) -> None:
    """Where a runtime may make no control groups, show it a tree of version 2 that nobody can write.

    youki and runc do without, if that is what refuses them; without this, youki fails on those of version 1. In our
    mount namespace only. We set no limits, so that nothing is lost.
    """
    if not runtime.rights.is_confined:
        return
    result = runner.capture(["mount", "-t", "cgroup2", "-o", "ro", "cgroup2", str(_GROUPS)])
    if result.code != 0:
        raise RuntimeFailedError(
            f"cannot hide {_GROUPS}, where a container could reach control groups of this user's",
            hint="build as root, or with an engine: --backend docker",
            detail=result.stderr.strip(),
        )


def container_name(directory: str) -> str:
    """The name of the container that runs for a directory of this name."""
    return f"c-{directory}"


def remove_groups(name: str) -> None:
    """Remove the control groups of a container that ended without its runtime.

    Of no other: one that is being made is empty, too.
    """
    for group in (*_GROUPS.glob(f"{CGROUP[1:]}/{name}"), *_GROUPS.glob(f"*{CGROUP}/{name}")):
        with contextlib.suppress(OSError):
            group.rmdir()
