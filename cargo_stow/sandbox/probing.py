"""What an OCI runtime can do, asked before a container runs: one that would leave out the filter is refused.

Source: OCI runtime specification, features.md. Not all runtimes have `features`, and youki 0.7 says nothing of seccomp
there; but what they are compiled with is in their `--version`. youki runs a container without its filter, and only
warns, where it was compiled without libseccomp.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from cargo_stow.errors import RuntimeFailedError

if TYPE_CHECKING:
    from cargo_stow.process import Runner
    from cargo_stow.sandbox.runtime import Runtime

_KNOWN = ("youki", "runc", "crun")
_UNIFIED = Path("/sys/fs/cgroup/unified")


def check_runtime(runtime: Runtime, runner: Runner) -> Runtime:
    """Return a runtime that can run our containers. Raises RuntimeFailedError that says what it lacks.

    One that says nothing of itself is taken as it is.
    """
    if not _has_seccomp(runtime, runner):
        raise RuntimeFailedError(
            f"the OCI runtime {runtime.program} does not say that it can filter system calls (seccomp)",
            hint=f"{_other(runtime)}; or, as for youki: `cargo install youki --locked --features v1,v2,seccomp`",
        )
    if runtime.name == "crun" and _UNIFIED.is_dir():
        raise RuntimeFailedError(
            f"the OCI runtime {runtime.program} cannot run containers here: cgroups are in hybrid mode ({_UNIFIED} is"
            " there), which crun does not support",
            hint=f"{_other(runtime)}, or boot with systemd.unified_cgroup_hierarchy=1",
        )
    return runtime


def _has_seccomp(runtime: Runtime, runner: Runner) -> bool:
    said = runner.capture([runtime.program, "features"])
    enabled = _enabled(said.stdout) if said.code == 0 else None
    if enabled is not None or runtime.name not in _KNOWN:
        return enabled is not False
    version = runner.capture([runtime.program, "--version"]).stdout
    return not version.strip() or "seccomp" in version.lower().replace("-seccomp", "")


def _enabled(text: str) -> bool | None:
    """What `features` says of seccomp; None where it says nothing."""
    try:
        found = json.loads(text)["linux"]["seccomp"]["enabled"]
    except (ValueError, KeyError, TypeError):
        return None
    return found if isinstance(found, bool) else None


def _other(runtime: Runtime) -> str:
    return f"take another runtime: --runtime {'youki' if runtime.name == 'runc' else 'runc'}"
