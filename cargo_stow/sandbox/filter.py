"""Which system calls a container may make: what Docker's profile lets through, for its default capabilities. Pure.

What is not known here is answered as by a kernel that does not have it, so that a program takes its older way: an
answer EPERM would be final (glibc's `fchmodat`). Docker's runtime does so for calls that are newer than its filter.
"""

from __future__ import annotations

from typing import Any

from cargo_stow.sandbox.calls import ALLOWED, OF_MACHINE, REFUSED

# The least of CLONE_NEW* of sched.h, bits that make namespaces, that needs no privilege by itself or with others above
# it. Below it is CLONE_NEWNS alone, which the kernel refuses to who has not CAP_SYS_ADMIN; above it CLONE_IO, which
# nobody misses. No bits are compared: youki 0.7 takes SCMP_CMP_MASKED_EQ's mask for its value.
_FIRST_NAMESPACE = 0x02000000
# Families of socket(2): all that are known but AF_ALG and AF_VSOCK, as Docker has it since 2026. What is let through is
# named: a filter compares 64 bits and the kernel takes 32, so that one more bit would pass by what is refused.
_ALG, _VSOCK, _FIRST_UNKNOWN = 38, 40, 46
_FAMILIES = (39, *range(41, _FIRST_UNKNOWN))
# Of personality(2): Linux and its 32-bit one, both also with UNAME26, and the question which one it is.
_PERSONALITIES = (0, 0x8, 0x20000, 0x20008, 0xFFFFFFFF)
_ENOSYS, _EPERM = 38, 1
_ARCHITECTURES = {
    "x86_64": ("SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"),
    "aarch64": ("SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"),
}
_ALLOW = {"action": "SCMP_ACT_ALLOW"}
_REFUSE = {"action": "SCMP_ACT_ERRNO", "errnoRet": _EPERM}


def make_filter(machine: str) -> dict[str, Any]:
    """Return the object `linux.seccomp` for an architecture, as the kernel calls it.

    Source: OCI runtime specification, config-linux.md, "Seccomp".
    """
    return {
        "defaultAction": "SCMP_ACT_ERRNO",
        "defaultErrnoRet": _ENOSYS,
        "architectures": list(_ARCHITECTURES.get(machine, ())),
        "syscalls": [
            {"names": [*ALLOWED, *OF_MACHINE.get(machine, ())], **_ALLOW},
            {"names": list(REFUSED), **_REFUSE},
            {"names": ["clone"], **_ALLOW, "args": [_compare("LT", _FIRST_NAMESPACE)]},
            {"names": ["clone"], **_REFUSE, "args": [_compare("GE", _FIRST_NAMESPACE)]},
            {"names": ["socket"], **_ALLOW, "args": [_compare("LT", _ALG)]},
            *({"names": ["socket"], **_ALLOW, "args": [_compare("EQ", each)]} for each in _FAMILIES),
            *({"names": ["socket"], **_REFUSE, "args": [_compare("EQ", each)]} for each in (_ALG, _VSOCK)),
            {"names": ["socket"], **_REFUSE, "args": [_compare("GE", _FIRST_UNKNOWN)]},
            *({"names": ["personality"], **_ALLOW, "args": [_compare("EQ", each)]} for each in _PERSONALITIES),
            # Of all else; libseccomp compares for equality first.
            {"names": ["personality"], **_REFUSE, "args": [_compare("GE", 1)]},
            # Its flags are in memory, where no filter looks; who is told that it is not there uses `clone`.
            {"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": _ENOSYS},
        ],
    }


def _compare(operator: str, value: int) -> dict[str, Any]:
    return {"index": 0, "value": value, "op": f"SCMP_CMP_{operator}"}
