"""Starting real, small programs, and ending them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from cargo_stow import process
from cargo_stow.errors import FileError, Terminated, ToolMissingError
from cargo_stow.process import Result, SystemRunner, become, exchange

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

RUNNER = SystemRunner()
SLEEPS = "import time; print('up', flush=True); time.sleep(30)"
IGNORES = f"import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); {SLEEPS}"
FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


@pytest.fixture(autouse=True)
def handlers_are_as_before() -> Iterator[None]:
    before = [signal.getsignal(number) for number in FORWARDED]
    yield
    assert [signal.getsignal(number) for number in FORWARDED] == before


def wait_for(ready: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not ready():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)


@pytest.fixture
def interrupt_when(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Callable[[], bool], signal.Signals], None]]:
    """Send this process a signal from a thread, once something is so."""
    threads: list[threading.Thread] = []

    def start(ready: Callable[[], bool], signum: signal.Signals) -> None:
        def act() -> None:
            wait_for(ready)
            os.kill(os.getpid(), signum)

        threads.append(threading.Thread(target=act))
        threads[-1].start()

    yield start
    for thread in threads:
        thread.join()


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """The children that were started."""
    started: list[subprocess.Popen[bytes]] = []
    start = process._start

    def noting(*args: object, **kwargs: object) -> subprocess.Popen[bytes]:
        started.append(start(*args, **kwargs))  # type: ignore[arg-type]
        return started[-1]

    monkeypatch.setattr(process, "_start", noting)
    return started


def test_capture(tmp_path: Path) -> None:
    code = (
        "import os, sys; print(os.getcwd(), os.environ['WORD'], repr(sys.stdin.read())); print('ä', file=sys.stderr);"
        "sys.exit(3)"
    )
    result = RUNNER.capture(python(code), cwd=tmp_path, env={"WORD": "word", "PYTHONIOENCODING": "utf-8"})
    assert result == Result(code=3, stdout=f"{tmp_path} word ''\n", stderr="ä\n")


def test_capture_of_what_is_no_text() -> None:
    assert RUNNER.capture(python(r"import sys; sys.stdout.buffer.write(b'a\xffb')")).stdout == "a\ufffdb"


def test_show_puts_both_streams_on_our_stderr(capfd: pytest.CaptureFixture[str]) -> None:
    result = RUNNER.show(python("import sys; print('out', flush=True); print('err', file=sys.stderr)"))
    captured = capfd.readouterr()
    assert (result, captured.out, captured.err) == (Result(code=0), "", "out\nerr\n")


def test_attach_lends_our_own_streams(capfd: pytest.CaptureFixture[str]) -> None:
    result = RUNNER.attach(python("import sys; print('out', flush=True); print('err', file=sys.stderr); sys.exit(7)"))
    captured = capfd.readouterr()
    assert (result.code, captured.out, captured.err) == (7, "out\n", "err\n")


@pytest.mark.parametrize("how", [RUNNER.capture, RUNNER.show, RUNNER.attach])
class TestWhateverTheWay:
    def test_ended_by_a_signal(self, how: Callable[[list[str]], Result]) -> None:
        assert how(python("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")).code == -signal.SIGKILL

    def test_a_program_that_is_missing(self, how: Callable[[list[str]], Result]) -> None:
        with pytest.raises(ToolMissingError, match="`no-such-program` is not installed, or not on PATH") as caught:
            how(["no-such-program", "word"])
        assert "no-such-program" in caught.value.hint

    def test_a_program_that_cannot_be_executed(self, how: Callable[[list[str]], Result], tmp_path: Path) -> None:
        (tmp_path / "program").write_text("")
        with pytest.raises(ToolMissingError, match="cannot be started: Permission denied"):
            how([str(tmp_path / "program")])

    def test_a_program_for_another_machine(self, how: Callable[[list[str]], Result], tmp_path: Path) -> None:
        (tmp_path / "program").write_bytes(b"\x7fELF")
        (tmp_path / "program").chmod(0o755)
        with pytest.raises(ToolMissingError, match="cannot be started: Exec format error"):
            how([str(tmp_path / "program")])


def test_the_path_of_the_given_environment_decides(tmp_path: Path) -> None:
    with pytest.raises(ToolMissingError):
        RUNNER.capture(["true"], env={"PATH": str(tmp_path)})


def test_a_directory_that_is_gone_is_no_missing_program(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="there is no such directory"):
        RUNNER.capture(["true"], cwd=tmp_path / "gone")


@pytest.mark.parametrize("how", [RUNNER.capture, RUNNER.show])
def test_ctrl_c_ends_the_child_first(
    how: Callable[[list[str]], Result],
    children: list[subprocess.Popen[bytes]],
    interrupt_when: Callable[[Callable[[], bool], signal.Signals], None],
    tmp_path: Path,
) -> None:
    up, seen = tmp_path / "up", tmp_path / "seen"
    code = (
        f"import pathlib, time\ntry: pathlib.Path({str(up)!r}).touch(); time.sleep(30)\n"
        f"except KeyboardInterrupt: pathlib.Path({str(seen)!r}).touch()"
    )
    interrupt_when(up.exists, signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        how(python(code))
    assert children[0].returncode == 0
    assert seen.exists()


@pytest.mark.parametrize("how", [RUNNER.capture, RUNNER.show])
def test_a_child_that_ignores_it_is_killed(
    how: Callable[[list[str]], Result],
    children: list[subprocess.Popen[bytes]],
    interrupt_when: Callable[[Callable[[], bool], signal.Signals], None],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(process, "GRACE", 0.05)
    up = tmp_path / "up"
    interrupt_when(up.exists, signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        how(python(IGNORES.replace("print('up', flush=True)", f"open({str(up)!r}, 'w').close()")))
    assert children[0].returncode == -signal.SIGKILL


@pytest.mark.parametrize("second", [KeyboardInterrupt(), Terminated(signal.SIGTERM)])
def test_a_second_interruption_kills_at_once(second: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    with subprocess.Popen(python(IGNORES), stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        wait = child.wait

        def interrupted(timeout: float | None = None) -> int:
            if timeout is not None:
                raise second
            return wait()

        monkeypatch.setattr(child, "wait", interrupted)
        process.end(child)
        assert child.returncode == -signal.SIGKILL


def test_any_exception_ends_the_child(children: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_self: object, *_args: object) -> None:
        raise Terminated(signal.SIGTERM)

    monkeypatch.setattr(subprocess.Popen, "communicate", fail)
    with pytest.raises(Terminated):
        RUNNER.capture(python(SLEEPS))
    assert children[0].returncode is not None
    assert children[0].stdout is not None
    assert children[0].stdout.closed


# In a process without other threads, where alone a copy is safe.
COPY = "import sys; from cargo_stow.process import become, start_copy, wait_for_copy;"


@pytest.mark.parametrize(("work", "code"), [("0", 0), ("7", 7), ("1 / 0", 1)], ids=["fine", "code", "raises"])
def test_a_copy_of_us_works(work: str, code: int) -> None:
    assert RUNNER.capture(python(f"{COPY} sys.exit(wait_for_copy(start_copy(lambda: {work})))")).code == code


def test_to_become_another_program() -> None:
    code = f"{COPY} print(number := start_copy(lambda: become(['sh', '-c', 'echo $$; exit 3'])), wait_for_copy(number))"
    its, ours = RUNNER.capture(python(code)).stdout.split("\n", 1)
    assert ours == f"{its} 3\n"


def test_to_become_what_is_not_there() -> None:
    with pytest.raises(ToolMissingError, match="`no-such-program` is not installed"):
        become(["no-such-program"])


class TestExchange:
    def test_bytes_for_bytes(self) -> None:
        code = "import sys; data = sys.stdin.buffer.read(3); sys.stdout.buffer.write(data[::-1] * 100_000)"
        assert exchange(python(code), b"a\xffb") == b"b\xffa" * 100_000

    def test_stderr_is_ours(self, capfd: pytest.CaptureFixture[str]) -> None:
        assert exchange(python("import sys; print('err', file=sys.stderr)"), b"") == b""
        assert capfd.readouterr().err == "err\n"

    def test_one_that_does_not_listen(self, children: list[subprocess.Popen[bytes]]) -> None:
        assert exchange(python("import os; os.write(1, b'no')"), b"x" * 1_000_000) == b"no"
        assert children[0].returncode == 0

    def test_what_goes_on_after_its_answer_is_told_to_end(self, children: list[subprocess.Popen[bytes]]) -> None:
        code = "import os, sys; os.write(1, b'yes'); os.close(1); sys.stdin.read(); os._exit(5)"
        assert exchange(python(code), b"") == b"yes"
        assert children[0].returncode == 5

    def test_an_interruption_ends_it(
        self,
        children: list[subprocess.Popen[bytes]],
        interrupt_when: Callable[[Callable[[], bool], signal.Signals], None],
        tmp_path: Path,
    ) -> None:
        up = tmp_path / "up"
        interrupt_when(up.exists, signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            exchange(python(f"import sys; open({str(up)!r}, 'w').close(); sys.stdin.read()"), b"")
        assert children[0].returncode == 0

    def test_a_program_that_is_missing(self) -> None:
        with pytest.raises(ToolMissingError):
            exchange(["no-such-program"], b"")
