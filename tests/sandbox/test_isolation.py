"""Calls in a process of its own namespaces."""

from __future__ import annotations

import operator
import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cargo_stow.errors import BuildError, FileError, RuntimeFailedError, ToolMissingError
from cargo_stow.process import SystemRunner
from cargo_stow.sandbox import isolation
from cargo_stow.sandbox.rights import AS_WE_ARE, Rights
from tests.sandbox import calls
from tests.sandbox.mappers import install_mappers, make_rights

PROBE = ["unshare", "--mount", "--pid", "--fork", "--mount-proc", "true"]


def can_isolate() -> bool:
    try:
        return subprocess.run(PROBE, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


isolated = pytest.mark.skipif(not can_isolate(), reason="only root can make namespaces, with `unshare`")


@pytest.fixture(params=["root", "user"])
def rights(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rights:
    """What root has, and what a user has: his namespace, with ids that root maps as newuidmap would."""
    if request.param == "root":
        return AS_WE_ARE
    install_mappers(tmp_path / "mappers")
    monkeypatch.setenv("PATH", f"{tmp_path / 'mappers'}:{os.environ['PATH']}")
    return make_rights()


@isolated
class TestCall:
    @pytest.mark.parametrize(
        "value", [None, 0, {"a": (1, Path("/x"))}, b"x" * 1_000_000], ids=["none", "zero", "nested", "large"]
    )
    def test_what_it_returns(self, value: object, rights: Rights) -> None:
        assert isolation.call(operator.getitem, [value], 0, rights=rights) == value

    def test_an_expected_failure(self, rights: Rights) -> None:
        with pytest.raises(BuildError, match="the message") as caught:
            isolation.call(calls.fail, "the message", rights=rights)
        assert (caught.value.hint, caught.value.detail) == ("the hint", "the detail")

    def test_a_file_that_cannot_be_read(self, tmp_path: Path, rights: Rights) -> None:
        with pytest.raises(FileError, match=f"{tmp_path}/gone: No such file or directory"):
            isolation.call(calls.lack, str(tmp_path / "gone"), rights=rights)

    def test_a_crash(self, capfd: pytest.CaptureFixture[str], rights: Rights) -> None:
        with pytest.raises(RuntimeFailedError, match="ended without an answer"):
            isolation.call(calls.crash, rights=rights)
        assert "no error that is expected" in capfd.readouterr().err

    def test_what_is_printed_goes_to_stderr(self, capfd: pytest.CaptureFixture[str], rights: Rights) -> None:
        assert isolation.call(calls.speak, "word", rights=rights) == "WORD"
        captured = capfd.readouterr()
        assert (captured.out, captured.err) == ("", "word\nword\n")

    def test_its_namespaces_are_others(self, rights: Rights) -> None:
        pid, _, mounts, _ = isolation.call(calls.facts, rights=rights)
        assert pid == 1
        assert mounts != os.readlink("/proc/self/ns/mnt")  # noqa: PTH115 - no path

    def test_the_umask_does_not_count(self, rights: Rights) -> None:
        """What it makes is in images."""
        before = os.umask(0o077)
        try:
            assert isolation.call(calls.facts, rights=rights)[1] == 0o022
        finally:
            os.umask(before)

    def test_what_lies_in_the_working_directory_is_not_imported(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rights: Rights
    ) -> None:
        (tmp_path / "json.py").write_text("raise SystemExit('a json of somebody else')")
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        assert isolation.call(operator.add, 1, 2, rights=rights) == 3

    def test_all_ends_with_whoever_called(self, tmp_path: Path, rights: Rights) -> None:
        file = tmp_path / "beats"
        data = pickle.dumps((calls.start_and_stay, (file,)))
        command = isolation._command("serve()", rights, *isolation._APART)
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdin is not None
            process.stdin.write(len(data).to_bytes(8, "big") + data)
            process.stdin.flush()
            wait_for(file)
            process.stdin.close()
            assert process.wait() != 0
        before = file.read_text()
        time.sleep(0.1)
        assert file.read_text() == before

    def test_killed_with_its_caller(self, tmp_path: Path, rights: Rights) -> None:
        file = tmp_path / "beats"
        data = pickle.dumps((sys.path, file, rights))
        code = (
            f"import pickle, sys; sys.path[:], file, rights = pickle.loads({data!r});"
            "from cargo_stow.sandbox import isolation; from tests.sandbox import calls;"
            "isolation.call(calls.start_and_stay, file, rights=rights)"
        )
        with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
            wait_for(file)
            process.send_signal(signal.SIGKILL)
        until_silent(file)


def wait_for(file: Path) -> None:
    while not file.exists():
        time.sleep(0.01)


def until_silent(file: Path) -> None:
    """Wait until nobody writes a file any more; without end where somebody always does."""
    before = 0
    while (now := file.stat().st_mtime_ns) != before:
        before = now
        time.sleep(0.2)


def test_without_the_program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissingError, match="`unshare` is not installed"):
        isolation.call(operator.add, 1, 2, rights=AS_WE_ARE)


@pytest.mark.parametrize(
    ("allowed", "hint"),
    [(AS_WE_ARE, "try `unshare --mount true`"), (make_rights(), "kernel.apparmor_restrict_unprivileged_userns")],
    ids=["root", "user"],
)
@isolated
def test_where_no_namespace_can_be_made(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, allowed: Rights, hint: str
) -> None:
    install_mappers(tmp_path / "bin")
    (tmp_path / "bin/unshare").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "bin/unshare").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(RuntimeFailedError, match="ended without an answer") as caught:
        isolation.call(operator.add, b"x" * 1_000_000, b"", rights=allowed)
    assert hint in caught.value.hint


@isolated
class TestAttach:
    def test_its_result_is_the_exit_code(self, tmp_path: Path, rights: Rights) -> None:
        assert isolation.attach(SystemRunner(), tmp_path / "call", operator.add, 3, 4, rights=rights).code == 7
        assert not (tmp_path / "call").exists()

    def test_our_streams_are_its_own(self, tmp_path: Path, capfd: pytest.CaptureFixture[str], rights: Rights) -> None:
        assert isolation.attach(SystemRunner(), tmp_path / "call", calls.say, "word", rights=rights).code == 3
        assert capfd.readouterr().out == "word\nword\n"

    def test_an_expected_failure(self, tmp_path: Path, capfd: pytest.CaptureFixture[str], rights: Rights) -> None:
        result = isolation.attach(SystemRunner(), tmp_path / "call", calls.fail, "the message", rights=rights)
        assert result.code == BuildError.exit_code
        assert capfd.readouterr().err == "error: the message\n  the detail\n  the hint\n"
