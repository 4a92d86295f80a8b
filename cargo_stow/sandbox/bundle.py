"""What a runtime is told of one container: its configuration as an object for JSON. Pure.

Source: OCI runtime specification, config.md and config-linux.md. Capabilities, masked paths and read-only ones are
those that Docker gives by default, but for CAP_MKNOD: no layer can have a device, and youki built without eBPF does not
keep those that are made from being opened, as the disk of this machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from cargo_stow.sandbox.filter import make_filter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_CAPABILITIES = (
    *("CAP_AUDIT_WRITE", "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL"),
    *(
        "CAP_NET_BIND_SERVICE",
        "CAP_NET_RAW",
        "CAP_SETFCAP",
        "CAP_SETGID",
        "CAP_SETPCAP",
        "CAP_SETUID",
        "CAP_SYS_CHROOT",
    ),
)
_MASKED = (
    *("/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats"),
    *("/proc/sched_debug", "/proc/scsi", "/proc/timer_list", "/proc/timer_stats", "/sys/firmware"),
    "/sys/devices/virtual/powercap",
)
_READ_ONLY = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")
_SAFE = ("nosuid", "noexec", "nodev")
_SYSTEM = (
    {"destination": "/proc", "type": "proc", "source": "proc", "options": list(_SAFE)},
    {
        "destination": "/dev",
        "type": "tmpfs",
        "source": "tmpfs",
        "options": ["nosuid", "strictatime", "mode=755", "size=65536k"],
    },
    {
        "destination": "/dev/pts",
        "type": "devpts",
        "source": "devpts",
        "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"],
    },
    {
        "destination": "/dev/shm",  # noqa: S108 - a mount point of the container's
        "type": "tmpfs",
        "source": "shm",
        "options": [*_SAFE, "mode=1777", "size=65536k"],
    },
    {"destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue", "options": list(_SAFE)},
)
_SYS = {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": [*_SAFE, "ro"]}
# Only the root of a network's user namespace may mount its sysfs.
_SYS_BOUND = {"destination": "/sys", "type": "none", "source": "/sys", "options": ["rbind", "rprivate", *_SAFE, "ro"]}
# Of a network of its own: who is not root listens on any port, and may ping. A user namespace has no higher groups.
_NETWORK = {"net.ipv4.ip_unprivileged_port_start": "0", "net.ipv4.ping_group_range": "0 65535"}
# Null, zero, full, random, urandom, and terminals: the devices that Docker lets be opened. Without this youki lets all.
_OPENED = ((1, 3), (1, 5), (1, 7), (1, 8), (1, 9), (5, 0), (5, 1), (5, 2), (136, None))
SYSTEM_TARGETS = ("/proc", "/dev", "/sys")
"""Where the runtime mounts what each container has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bind:
    """A file or directory of this machine, by its absolute path, in a container.

    `flags` are options of mount(8) besides.
    """

    source: str
    target: str
    is_writable: bool = False
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """What runs in a container: words, the whole of its environment, where, and as whom (numbers).

    `terminal` is the size of one of its own, in rows and columns; None where it has our streams.
    """

    arguments: tuple[str, ...]
    environment: tuple[tuple[str, str], ...]
    directory: str = "/"
    user: int = 0
    group: int = 0
    groups: tuple[int, ...] = ()
    terminal: tuple[int, int] | None = None


def make_bundle(
    root: str,
    process: Process,
    binds: tuple[Bind, ...],
    joined: Mapping[str, str] = MappingProxyType({}),
    *,
    cgroup: str | None,
    machine: str,
) -> dict[str, Any]:
    """Return the configuration of a container in the network of this machine, if it joins no other.

    `root` is the absolute path of its root file system, `machine` what the kernel calls the architecture; `joined` has
    paths of namespaces that are there already, by their types. `cgroup` is None for one in a user namespace, which can
    have no control group.
    """
    return {
        "ociVersion": "1.0.2",
        "root": {"path": root, "readonly": False},
        "hostname": "cargo-stow",
        "process": _process(process, has_network="network" in joined),
        "mounts": [*_SYSTEM, _SYS if cgroup else _SYS_BOUND, *map(_mount, binds)],
        "linux": {
            # In a user namespace no device can be made.
            **({"cgroupsPath": cgroup, "resources": {"devices": list(_devices())}} if cgroup else {}),
            "namespaces": _namespaces(joined),
            "maskedPaths": list(_MASKED),
            "readonlyPaths": list(_READ_ONLY),
            "seccomp": make_filter(machine),
            **({"sysctl": dict(_NETWORK)} if "network" in joined else {}),
        },
    }


def _namespaces(joined: Mapping[str, str]) -> list[dict[str, str]]:
    own = [{"type": each} for each in ("pid", "ipc", "uts", "mount") if each not in joined]
    return [*own, *({"type": kind, "path": path} for kind, path in joined.items())]


def _devices() -> Iterator[dict[str, Any]]:
    """Rules of which the last one that fits counts: all may be made, few opened."""
    yield {"allow": False, "access": "rwm"}
    yield from ({"allow": True, "type": kind, "access": "m"} for kind in "bc")
    for major, minor in _OPENED:
        number = {} if minor is None else {"minor": minor}
        yield {"allow": True, "type": "c", "major": major, **number, "access": "rwm"}


def _process(process: Process, *, has_network: bool) -> dict[str, Any]:
    # In the network of this machine it would read, and forge, what others say there.
    most = [each for each in _CAPABILITIES if has_network or each != "CAP_NET_RAW"]
    # Who is not root gains them only through a program that is root's.
    held = [] if process.user else most
    # Never none: youki would leave it those of whoever builds, as `docker` or `disk`. Docker names its own first, too.
    groups = list(dict.fromkeys((process.group, *process.groups)))
    return {
        **_terminal(process.terminal),
        "user": {"uid": process.user, "gid": process.group, "additionalGids": groups},
        "args": list(process.arguments),
        "env": [f"{name}={value}" for name, value in process.environment],
        "cwd": process.directory,
        "capabilities": {"bounding": most, "effective": held, "permitted": held},
        # For programs too: youki loads the filter when it has given up the privilege that this takes without it.
        "noNewPrivileges": True,
    }


def _terminal(size: tuple[int, int] | None) -> dict[str, Any]:
    if size is None:
        return {"terminal": False}
    return {"terminal": True, "consoleSize": {"height": size[0], "width": size[1]}}


def _mount(bind: Bind) -> dict[str, Any]:
    options = ["rbind", "rprivate", "rw" if bind.is_writable else "ro", *bind.flags]
    return {"destination": bind.target, "type": "bind", "source": bind.source, "options": options}
