"""Namespaces that end with whoever holds them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from cargo_stow.errors import RuntimeFailedError
from cargo_stow.sandbox.holding import hold
from tests.sandbox.test_isolation import isolated, until_silent, wait_for

if TYPE_CHECKING:
    from pathlib import Path


def namespace(path: str) -> str:
    return os.readlink(path)  # noqa: PTH115 - no path


@isolated
def test_they_are_others() -> None:
    with hold() as ours:
        assert namespace(ours.processes) != namespace("/proc/self/ns/pid")
        assert namespace(ours.network) == namespace("/proc/self/ns/net")
        assert ours.paths() == {"pid": ours.processes}
    with hold(network=True) as ours:
        assert namespace(ours.network) != namespace("/proc/self/ns/net")
        assert ours.paths() == {"pid": ours.processes, "network": ours.network}


@isolated
def test_what_runs_in_them_ends_with_the_block() -> None:
    with hold() as ours:
        process = subprocess.Popen(["nsenter", f"--pid={ours.processes}", "sleep", "60"])
        time.sleep(0.2)
        assert process.poll() is None
    assert process.wait() != 0


@isolated
def test_what_runs_in_them_ends_with_us(tmp_path: Path) -> None:
    file = tmp_path / "beats"
    code = (
        f"import sys, subprocess; sys.path[:] = {sys.path!r}\n"
        "from cargo_stow.sandbox.holding import hold\n"
        "with hold() as ours:\n"
        "    beat = 'while :; do date +%s%N > \"$0\"; sleep 0.01; done'\n"
        f"    subprocess.run(['nsenter', f'--pid={{ours.processes}}', 'sh', '-c', beat, {str(file)!r}])\n"
    )
    with subprocess.Popen([sys.executable, "-c", code]) as process:
        wait_for(file)
        process.send_signal(signal.SIGKILL)
    until_silent(file)


def test_where_none_can_be_made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "unshare").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "unshare").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RuntimeFailedError, match="cannot make namespaces") as caught, hold():
        pass
    assert "root can make them" in caught.value.hint
