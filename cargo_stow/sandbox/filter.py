"""Which system calls a container may not make. Pure.

What Docker's own profile keeps from a container with its default capabilities (Docker's documentation, "Seccomp
security profiles for Docker", "Significant syscalls blocked by the default profile"), and the calls of the kernel's
newer interface for mounts. All else is let through, where Docker's lets through what it knows.
"""

from __future__ import annotations

from typing import Any

_REFUSED = (
    # Mounts, namespaces and roots.
    *("fsconfig", "fsmount", "fsopen", "fspick", "mount", "mount_setattr", "move_mount", "open_tree", "pivot_root"),
    *("setns", "umount", "umount2", "unshare", "open_by_handle_at"),
    # The kernel's own code, tables and clocks.
    *("bpf", "create_module", "delete_module", "finit_module", "get_kernel_syms", "init_module", "kexec_file_load"),
    *(
        "kexec_load",
        "query_module",
        "clock_adjtime",
        "clock_adjtime64",
        "clock_settime",
        "clock_settime64",
        "settimeofday",
    ),
    *("stime", "acct", "quotactl", "quotactl_fd", "reboot", "swapoff", "swapon", "_sysctl", "sysfs", "uselib", "ustat"),
    *("nfsservctl", "vm86", "vm86old", "ioperm", "iopl", "lookup_dcookie", "syslog", "vhangup"),
    # Keys, which no namespace separates, and other processes.
    *("add_key", "keyctl", "request_key", "perf_event_open", "userfaultfd", "fanotify_init", "kcmp"),
    *("io_uring_enter", "io_uring_register", "io_uring_setup"),
    *("mbind", "move_pages", "migrate_pages"),
)
# CLONE_NEW* of sched.h; bits that make namespaces.
_NAMESPACES = 0x7E020000
_VSOCK = 40
_ENOSYS, _EPERM = 38, 1
_ARCHITECTURES = {
    "x86_64": ("SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"),
    "aarch64": ("SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"),
}


def make_filter(machine: str) -> dict[str, Any]:
    """Return the object `linux.seccomp` for an architecture, as the kernel calls it.

    Source: OCI runtime specification, config-linux.md, "Seccomp".
    """
    refused = {"action": "SCMP_ACT_ERRNO", "errnoRet": _EPERM}
    return {
        "defaultAction": "SCMP_ACT_ALLOW",
        "architectures": list(_ARCHITECTURES.get(machine, ())),
        "syscalls": [
            {"names": list(_REFUSED), **refused},
            *({"names": ["clone"], **refused, "args": [_makes(bit)]} for bit in _bits(_NAMESPACES)),
            # Its flags are in memory, where no filter looks; who is told that it is not there uses `clone`.
            {"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": _ENOSYS},
            {"names": ["socket"], **refused, "args": [{"index": 0, "value": _VSOCK, "op": "SCMP_CMP_EQ"}]},
        ],
    }


def _bits(mask: int) -> list[int]:
    return [1 << place for place in range(mask.bit_length()) if mask >> place & 1]


def _makes(bit: int) -> dict[str, Any]:
    return {"index": 0, "value": bit, "valueTwo": bit, "op": "SCMP_CMP_MASKED_EQ"}
