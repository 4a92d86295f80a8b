"""System calls of a program without a daemon, against the same program under Docker: the same answers, call by call.

Run as somebody who has no privilege, so that what the kernel itself refuses is refused by both.
"""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from integration.driver.engine import Engine
    from integration.driver.stow import Stow

# Each call in a process of its own, with arguments that no kernel takes for good; what it answers, by its number.
EACH_CALL = """\
use POSIX;
for my $number (0 .. 470) {
    pipe(my $from, my $to);
    my $child = fork;
    if (!$child) {
        alarm 1;
        $! = 0;
        my $answer = syscall($number, ($number == 101 ? 0xffff : -1), (-1) x 5);
        syswrite $to, $answer == -1 ? "errno " . ($! + 0) : "fine";
        POSIX::_exit(0);
    }
    close $to;
    my $said = "nothing";
    sysread $from, $said, 99;
    kill 9, $child;
    waitpid $child, 0;
    print "$number $said\\n";
}
"""
# personality(2), clone(2) and socket(2), for which arguments count.
ARGUMENTS = """\
use POSIX;
$| = 1;
for my $each (0, 8, 0x20000, 0x20008, 0xffffffff, 0x40000, 1, 0x80000000, 0x20009, -1, 1 << 32) {
    $! = 0;
    printf "personality %x %s\\n", $each, syscall(135, $each) == -1 ? $! + 0 : "fine";
}
for my $each (0, 0x10000000, 0x20000, 0x02000000, 0x04000000, 0x20000000, 0x40000000, 0x7e020000, 0x10020000) {
    $! = 0;
    my $child = syscall(56, 17 | $each, 0, 0, 0, 0);
    POSIX::_exit(0) if $child == 0;
    printf "clone %x %s\\n", $each, $child == -1 ? $! + 0 : "fine";
}
for my $each (1, 2, 10, 16, 17) {
    $! = 0;
    printf "socket %d %s\\n", $each, syscall(41, $each, 2, 0) == -1 ? $! + 0 : "fine";
}
"""
# Processes and what they become: answered twice, or not at all.
_TWICE = {15, 56, 57, 58, 59, 60, 231}
# There is none of these.
_GAP = range(336, 424)
# Docker lets through pkey_*, process_vm_*, name_to_handle_at and landlock_* since 20.10, io_uring_* no more since 25,
# and socket(2) since 2026 only for families that it knows.
_OF_THE_VERSION = {41, 303, 310, 311, 329, 330, 331, 425, 426, 427, 444, 445, 446}
# Newer than the engine's own filter.
_NEWER = range(448, 471)
# What nobody in a container may do, whichever version: mount, unshare, setns, bpf, kexec_load, keyctl, perf_event_open.
_NEVER = {165, 272, 308, 321, 246, 250, 298, 425}

pytestmark = pytest.mark.skipif(platform.machine() != "x86_64", reason="numbers of calls are those of x86_64")


@pytest.fixture(params=["youki", "runc"])
def answers(
    request: pytest.FixtureRequest, native: Callable[[str, str], Stow], own_engine: Engine, tmp_path: Path
) -> Callable[[str], tuple[dict[str, str], dict[str, str]]]:
    """Run a Perl program under Docker and without it; returns what each printed, a line a key."""
    stow = native("greeter", request.param)
    stow.edit("Cargo.toml", "runtime_deps = []", 'runtime_deps = []\nentrypoint = ["/usr/bin/perl"]')

    def ask(code: str) -> tuple[dict[str, str], dict[str, str]]:
        file = tmp_path / "asked.pl"
        file.write_text(code)
        mount = f"--volume={file}:/asked.pl:ro"
        theirs = own_engine.docker("run", "--rm", "--user=65532", mount, "debian:bookworm-slim", "perl", "/asked.pl")
        ours = stow("run", "-q", mount, "--", "/asked.pl").out
        return _table(theirs), _table(ours)

    return ask


def _table(text: str) -> dict[str, str]:
    return dict(line.rsplit(" ", 1) if "errno" not in line else line.split(" ", 1) for line in text.splitlines())


def test_each_call(answers: Callable[[str], tuple[dict[str, str], dict[str, str]]]) -> None:
    theirs, ours = answers(EACH_CALL)
    assert len(theirs) == len(ours) == 471
    left_out = {*_TWICE, *_GAP, *_OF_THE_VERSION, *_NEWER}
    other = {number: (theirs[number], ours[number]) for number in theirs if theirs[number] != ours[number]}
    assert {number: both for number, both in other.items() if int(number) not in left_out} == {}
    assert {ours[str(number)] for number in _NEVER} == {"errno 1"}
    assert ours["435"] == "errno 38", "clone3 is not there"


def test_arguments(answers: Callable[[str], tuple[dict[str, str], dict[str, str]]]) -> None:
    theirs, ours = answers(ARGUMENTS)
    assert len(ours) == 25
    assert ours == theirs
