"""The record of builds, and the lock of a target directory."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from cargo_stow.errors import FileError
from cargo_stow.record import Built, Record, locked

if TYPE_CHECKING:
    from pathlib import Path

A = Built(inputs="inputs a", id="sha256:a", tag="a:1")
B = Built(inputs="inputs b", id="sha256:b", tag="b:1")
HOLD = (
    "import sys, pathlib; from cargo_stow.record import locked\n"
    "with locked(pathlib.Path(sys.argv[1]), lambda: None): print('held', flush=True); sys.stdin.read()"
)


def quietly() -> None:
    pytest.fail("nobody holds the lock")


def test_round_trip(tmp_path: Path) -> None:
    record = Record(tmp_path / "stow")
    assert record.find("a") is None
    record.add("a", A)
    record.add("b", B)
    record.add("a", B)
    assert (Record(tmp_path / "stow").find("a"), Record(tmp_path / "stow").find("b")) == (B, B)


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "null", '{"version": 1}', '{"version": 1, "builds": []}', '{"version": 1, "builds": {"a": 1}}',
        '{"version": 1, "builds": {"a": {"inputs": "x"}}}', '{"version": 1, "builds": {"a": {"more": "x"}}}', "\0\0\0",
    ],
)  # fmt: skip
def test_a_damaged_file_costs_a_rebuild_only(tmp_path: Path, text: str) -> None:
    (tmp_path / "record.json").write_text(text)
    record = Record(tmp_path)
    assert record.find("a") is None
    record.add("a", A)
    assert record.find("a") == A


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "record.json").write_bytes(b"\xff\xfe")
    assert Record(tmp_path).find("a") is None


def test_another_version_is_not_read(tmp_path: Path) -> None:
    record = Record(tmp_path)
    record.add("a", A)
    document = json.loads((tmp_path / "record.json").read_text())
    (tmp_path / "record.json").write_text(json.dumps({**document, "version": 2}))
    assert record.find("a") is None


def write_twenty(directory: Path, name: str) -> None:
    for number in range(20):
        with locked(directory, lambda: None):
            Record(directory).add(f"{name}-{number}", A)


def test_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    context: Any = multiprocessing.get_context("spawn")
    writers = [context.Process(target=write_twenty, args=(tmp_path, f"writer-{number}")) for number in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0, 0, 0]
    found = [Record(tmp_path).find(f"writer-{writer}-{number}") for writer in range(4) for number in range(20)]
    assert found == [A] * 80


def test_the_lock_is_reentrant(tmp_path: Path) -> None:
    with locked(tmp_path, quietly), locked(tmp_path, quietly):
        pass
    with locked(tmp_path, quietly):
        pass


def test_the_lock_is_kept_until_the_outermost_ends(tmp_path: Path) -> None:
    with locked(tmp_path, quietly):
        with locked(tmp_path, quietly):
            pass
        assert subprocess.run(["flock", "--nonblock", tmp_path / "lock", "true"], check=False).returncode == 1
    assert subprocess.run(["flock", "--nonblock", tmp_path / "lock", "true"], check=False).returncode == 0


def test_waiting_says_so_once_and_a_killed_holder_frees_it(tmp_path: Path) -> None:
    calls: list[str] = []
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"

        def waiting() -> None:
            calls.append("waiting")
            os.kill(holder.pid, signal.SIGKILL)

        with locked(tmp_path, waiting):
            assert calls == ["waiting"]


def test_an_exception_releases(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), locked(tmp_path, quietly):
        raise KeyboardInterrupt
    assert subprocess.run(["flock", "--nonblock", tmp_path / "lock", "true"], check=False).returncode == 0


def test_a_directory_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(FileError, match=r"cannot lock .*/file/stow/lock: Not a directory"),
        locked(tmp_path / "file" / "stow", quietly),
    ):
        pass
