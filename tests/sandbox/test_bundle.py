"""What a runtime is told, against the OCI runtime specification."""

from __future__ import annotations

import json
import operator
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pytest

from cargo_stow.sandbox import calls
from cargo_stow.sandbox.bundle import SYSTEM_TARGETS, Bind, Process, make_bundle
from cargo_stow.sandbox.filter import make_filter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PROCESS = Process(arguments=("/bin/sh", "-c", "x"), environment=(("A", "b=c"), ("E", "")), directory="/srv")
BINDS = (Bind(source="/host/a", target="/a"), Bind(source="/host/b", target="/b", is_writable=True))
# sched.h.
NAMESPACES = {
    "CLONE_NEWNS": 0x00020000,
    "CLONE_NEWCGROUP": 0x02000000,
    "CLONE_NEWUTS": 0x04000000,
    "CLONE_NEWIPC": 0x08000000,
    "CLONE_NEWUSER": 0x10000000,
    "CLONE_NEWPID": 0x20000000,
    "CLONE_NEWNET": 0x40000000,
}
# capabilities(7): with any of these a container's root could leave it.
DANGEROUS = {
    *("CAP_SYS_ADMIN", "CAP_SYS_MODULE", "CAP_SYS_PTRACE", "CAP_SYS_RAWIO", "CAP_SYS_BOOT", "CAP_SYS_TIME"),
    *("CAP_DAC_READ_SEARCH", "CAP_NET_ADMIN", "CAP_BPF", "CAP_PERFMON", "CAP_SYSLOG", "CAP_MAC_ADMIN"),
}


def bundle(
    process: Process = PROCESS, machine: str = "x86_64", joined: Mapping[str, str] = MappingProxyType({})
) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        json.dumps(make_bundle("/root/fs", process, BINDS, joined, cgroup="/cargo-stow/c", machine=machine))
    )
    return found


def test_what_the_specification_requires() -> None:
    found = bundle()
    assert found["ociVersion"].startswith("1.")
    assert found["root"] == {"path": "/root/fs", "readonly": False}
    assert found["process"]["cwd"].startswith("/")
    assert all(each["destination"].startswith("/") for each in found["mounts"])
    assert found["linux"]["cgroupsPath"] == "/cargo-stow/c"


def test_the_process() -> None:
    found = bundle(replace(PROCESS, user=7, group=8, groups=(9, 10)))["process"]
    assert found["args"] == ["/bin/sh", "-c", "x"]
    assert found["env"] == ["A=b=c", "E="]
    assert found["cwd"] == "/srv"
    assert found["user"] == {"uid": 7, "gid": 8, "additionalGids": [8, 9, 10]}
    assert found["noNewPrivileges"] is True
    assert found["terminal"] is False


def test_devices_of_this_machine_are_not_opened() -> None:
    found = bundle()
    first, *others = found["linux"]["resources"]["devices"]
    assert first == {"allow": False, "access": "rwm"}
    opened = [(each.get("type"), each.get("major")) for each in others if set(each["access"]) & set("rw")]
    assert {*opened} == {("c", 1), ("c", 5), ("c", 136)}
    assert not any("CAP_MKNOD" in held for held in found["process"]["capabilities"].values())


def test_in_a_user_namespace() -> None:
    """Which has neither control groups nor the network, whose sysfs it so cannot mount."""
    found = make_bundle("/root/fs", PROCESS, BINDS, cgroup=None, machine="x86_64")
    assert not {"cgroupsPath", "resources"} & found["linux"].keys()
    system = next(each for each in found["mounts"] if each["destination"] == "/sys")
    assert (system["source"], "rbind" in system["options"], "ro" in system["options"]) == ("/sys", True, True)
    assert [each["destination"] for each in found["mounts"]] == [each["destination"] for each in bundle()["mounts"]]


def test_namespaces_of_its_own_but_for_the_network() -> None:
    assert {each["type"] for each in bundle()["linux"]["namespaces"]} == {"pid", "ipc", "uts", "mount"}
    assert all(set(each) == {"type"} for each in bundle()["linux"]["namespaces"])


def test_namespaces_that_are_there_already() -> None:
    joined = {"pid": "/proc/7/ns/pid", "network": "/proc/7/ns/net"}
    found = make_bundle("/r", PROCESS, (), joined, cgroup="/c", machine="x86_64")["linux"]["namespaces"]
    assert {each["type"]: each.get("path") for each in found} == {"ipc": None, "uts": None, "mount": None, **joined}
    assert len(found) == 5


def test_a_network_of_its_own_has_ports_for_all() -> None:
    found = make_bundle("/r", PROCESS, (), {"network": "/n"}, cgroup="/c", machine="x86_64")["linux"]
    assert found["sysctl"]["net.ipv4.ip_unprivileged_port_start"] == "0"
    assert "sysctl" not in bundle()["linux"]


def test_a_terminal_of_its_own() -> None:
    found = bundle(replace(PROCESS, terminal=(24, 80)))["process"]
    assert found["terminal"] is True
    assert found["consoleSize"] == {"height": 24, "width": 80}
    assert "consoleSize" not in bundle()["process"]


class TestCapabilities:
    @pytest.mark.parametrize(("joined", "count"), [({}, 12), ({"network": "/n"}, 13)])
    def test_root_has_what_docker_gives_but_mknod(self, joined: dict[str, str], count: int) -> None:
        """And but raw packets, unless the network is its own."""
        found = bundle(joined=joined)["process"]["capabilities"]
        assert found["bounding"] == found["effective"] == found["permitted"]
        assert len(found["bounding"]) == len(set(found["bounding"])) == count
        assert all(each.startswith("CAP_") for each in found["bounding"])
        assert not DANGEROUS & set(found["bounding"])
        assert not {"inheritable", "ambient"} & set(found)

    def test_others_have_none(self) -> None:
        found = bundle(replace(PROCESS, user=1000))["process"]["capabilities"]
        assert found["effective"] == found["permitted"] == []
        assert found["bounding"] == bundle()["process"]["capabilities"]["bounding"]


class TestMounts:
    def test_ours_come_after_the_system_s(self) -> None:
        found = bundle()["mounts"]
        assert [each["destination"] for each in found[-2:]] == ["/a", "/b"]
        assert [each["options"] for each in found[-2:]] == [["rbind", "rprivate", "ro"], ["rbind", "rprivate", "rw"]]
        assert all(each["type"] == "bind" for each in found[-2:])
        targets = {each["destination"] for each in found[:-2]}
        assert set(SYSTEM_TARGETS) <= targets
        assert all(target.startswith(SYSTEM_TARGETS) for target in targets)

    def test_the_system_s_cannot_be_written_where_it_is_the_kernel_s(self) -> None:
        options = {each["destination"]: each["options"] for each in bundle()["mounts"]}
        assert "ro" in options["/sys"]
        assert all("nosuid" in options[target] for target in SYSTEM_TARGETS)

    @pytest.mark.parametrize("path", ["/proc/kcore", "/proc/keys", "/sys/firmware", "/proc/timer_list", "/proc/scsi"])
    def test_what_is_hidden(self, path: str) -> None:
        assert path in bundle()["linux"]["maskedPaths"]

    @pytest.mark.parametrize("path", ["/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus", "/proc/fs"])
    def test_what_is_read_only(self, path: str) -> None:
        assert path in bundle()["linux"]["readonlyPaths"]


def rules(name: str, machine: str = "x86_64") -> list[dict[str, Any]]:
    return [each for each in make_filter(machine)["syscalls"] if name in each["names"]]


def answer(name: str, value: int = 0) -> tuple[str, int | None]:
    """What a call gets with a first argument, as a runtime reads the rules: those about equality come first."""
    compare: dict[str, Callable[[int, int], bool]] = {
        "EQ": operator.eq, "NE": operator.ne, "LT": operator.lt, "GE": operator.ge,
    }  # fmt: skip
    found = make_filter("x86_64")
    ordered = sorted(rules(name), key=lambda rule: "SCMP_CMP_EQ" not in str(rule.get("args")))
    for rule in ordered:
        if all(compare[each["op"].removeprefix("SCMP_CMP_")](value, each["value"]) for each in rule.get("args", ())):
            return rule["action"], rule.get("errnoRet")
    return found["defaultAction"], found["defaultErrnoRet"]


ALLOWED, REFUSED, UNKNOWN = ("SCMP_ACT_ALLOW", None), ("SCMP_ACT_ERRNO", 1), ("SCMP_ACT_ERRNO", 38)


class TestFilter:
    @pytest.mark.parametrize(
        "name",
        [
            *("mount", "umount2", "unshare", "setns", "pivot_root", "open_by_handle_at", "fsopen", "move_mount"),
            *("bpf", "init_module", "finit_module", "kexec_load", "reboot", "swapon", "clock_settime", "sethostname"),
            *("keyctl", "add_key", "request_key", "perf_event_open", "userfaultfd", "io_uring_setup", "mbind"),
        ],
    )
    def test_refused_whatever_the_arguments(self, name: str) -> None:
        (found,) = rules(name)
        assert "args" not in found
        assert answer(name) == REFUSED

    @pytest.mark.parametrize("name", ["read", "execve", "fork", "chroot", "ptrace", "clock_gettime", "arch_prctl"])
    def test_let_through(self, name: str) -> None:
        (found,) = rules(name)
        assert "args" not in found
        assert answer(name) == ALLOWED

    @pytest.mark.parametrize("name", ["clone3", "a_call_of_next_year"])
    def test_as_if_the_kernel_did_not_have_it(self, name: str) -> None:
        assert answer(name) == UNKNOWN

    @pytest.mark.parametrize("bit", NAMESPACES.values(), ids=NAMESPACES)
    def test_clone_makes_no_namespace(self, bit: int) -> None:
        """CLONE_NEWNS alone is the kernel's to refuse, since it needs CAP_SYS_ADMIN: not with a user namespace."""
        assert answer("clone", 17 | bit) == (ALLOWED if bit == NAMESPACES["CLONE_NEWNS"] else REFUSED)
        assert answer("clone", 17 | bit | NAMESPACES["CLONE_NEWUSER"]) == REFUSED

    @pytest.mark.parametrize("flags", [17, 0x4111, 0x01200011, 0x003D0F00, 0x01000000], ids=hex)
    def test_clone_makes_processes_and_threads(self, flags: int) -> None:
        assert answer("clone", flags) == ALLOWED

    def test_no_bits_are_compared(self) -> None:
        """youki 0.7 and runc read such a rule differently."""
        assert "MASKED" not in json.dumps(make_filter("x86_64"))

    @pytest.mark.parametrize(
        ("family", "found"),
        [
            *((each, ALLOWED) for each in (0, 1, 2, 10, 16, 17, 37, 39, 41, 45)),
            *((each, REFUSED) for each in (38, 40, 46, -1 % (1 << 64), 1 << 32 | 40)),
        ],
    )
    def test_sockets(self, family: int, found: tuple[str, int | None]) -> None:
        assert answer("socket", family) == found

    @pytest.mark.parametrize(
        ("value", "found"), [(0, ALLOWED), (8, ALLOWED), (0xFFFFFFFF, ALLOWED), (1, REFUSED), (0x40000, REFUSED)]
    )
    def test_personalities(self, value: int, found: tuple[str, int | None]) -> None:
        assert answer("personality", value) == found

    def test_no_name_twice(self) -> None:
        names = [*calls.ALLOWED, *calls.REFUSED, *(name for each in calls.OF_MACHINE.values() for name in each)]
        assert len(names) == len(set(names))
        assert not {"clone", "clone3", "socket", "personality"} & set(names)

    def test_calls_of_a_machine(self) -> None:
        assert rules("cacheflush", "aarch64")
        assert not rules("cacheflush", "x86_64")
        assert not rules("arch_prctl", "aarch64")

    @pytest.mark.parametrize(
        ("machine", "found"),
        [
            ("x86_64", ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"]),
            ("aarch64", ["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"]),
            ("riscv64", []),
        ],
    )
    def test_architectures(self, machine: str, found: list[str]) -> None:
        """Without the other ones of a machine, a program for them would pass by the filter, or be killed."""
        assert make_filter(machine)["architectures"] == found
        assert bundle(machine=machine)["linux"]["seccomp"] == make_filter(machine)
