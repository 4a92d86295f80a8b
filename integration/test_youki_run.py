"""`cargo stow run` without a daemon: the program's terminal, signals and ports, on youki and on runc."""

from __future__ import annotations

import contextlib
import re
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from integration.bed import apt
from integration.driver.running import wait_until
from integration.driver.stow import Stow
from tests.terminal import CTRL_C, CTRL_D, CTRL_Z, Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from integration.driver.engine import Engine
    from integration.driver.leaks import Ledger
    from integration.driver.running import Running

RUN = ["run", "-q", "--"]
# Says that it is there, and has no handler for any signal.
SLEEP = ["perl", "-e", '$| = 1; print "sleeping\\n"; sleep 600']


@pytest.fixture(scope="module", params=["youki", "runc"])
def built(
    request: pytest.FixtureRequest,
    own_engine: Engine,
    native_store: Path,
    tmp_path_factory: pytest.TempPathFactory,
    ledger: Ledger,
) -> Iterator[Stow]:
    """An image whose program is any of its own."""
    name: str = request.param
    assert shutil.which(name), f"{name} is missing: python -m integration.bed youki"
    stow = Stow.copy("greeter", own_engine, tmp_path_factory.mktemp(name))
    stow.edit("Cargo.toml", "runtime_deps = []", 'runtime_deps = []\nentrypoint = ["/usr/bin/env"]')
    stow.environment |= {
        "CARGO_STOW_BACKEND": "youki", "CARGO_STOW_RUNTIME": name, "CARGO_STOW_STORE": str(native_store),
    }  # fmt: skip
    stow("build")
    yield stow
    ledger.add(stow)
    stow.clean()


@pytest.fixture
def stow(built: Stow) -> Iterator[Stow]:
    """The same for each test; afterwards nothing of a run may be left."""
    before = groups()
    yield built
    store = built.environment["CARGO_STOW_STORE"]
    wait_until(lambda: not _processes(store), "no process of a container is left", 10)
    assert not list(Path(store, "tmp").iterdir())
    assert store not in Path("/proc/self/mountinfo").read_text()
    wait_until(lambda: not list(filter(_is_empty, groups() - before)), "no control group is left", 10)


def groups() -> set[Path]:
    return set(Path("/sys/fs/cgroup").glob("**/cargo-stow/c-*"))


def _is_empty(group: Path) -> bool:
    """Whether nothing runs in it: others may use runtimes on this machine, too."""
    with contextlib.suppress(OSError):
        return not (group / "cgroup.procs").read_text()
    return False


def _processes(text: str) -> list[str]:
    listed = subprocess.run(["ps", "-ww", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    return [line for line in listed.splitlines() if text in line]


def sweep(stow: Stow) -> None:
    """Make another image, which removes what was killed."""
    wait_until(lambda: not _processes(stow.environment["CARGO_STOW_STORE"]), "no process is left", 10)
    stow("build", "--env", f"NUMBER={time.monotonic_ns()}")


def terminal(stow: Stow, *words: str) -> Terminal:
    return Terminal(["cargo-stow", *RUN, *words], cwd=stow.root, env=stow.environ())


class TestTerminal:
    def test_it_is_the_program_s_own(self, stow: Stow) -> None:
        with terminal(stow, "sh", "-c", "tty; test -t 0 -a -t 1 -a -t 2 && echo all of it; echo $TERM") as window:
            assert window.wait() == 0
        assert window.text.splitlines() == ["/dev/pts/0", "all of it", stow.environ().get("TERM", "xterm")]

    def test_its_size_is_that_of_the_window(self, stow: Stow) -> None:
        with terminal(stow, "sh", "-c", "trap 'stty size' WINCH; stty size; while read line; do :; done") as window:
            window.until_it_says("0 0")
            window.resize(33, 101)
            window.until_it_says("33 101")
            window.type(CTRL_D)
            assert window.wait() == 0

    def test_ctrl_c(self, stow: Stow) -> None:
        with terminal(stow, *SLEEP) as window:
            before = window.modes()
            window.until_it_says("sleeping")
            assert window.modes() != before
            window.type(CTRL_C)
            assert window.wait() == 130
            assert window.modes() == before

    def test_a_shell_controls_its_jobs(self, stow: Stow) -> None:
        with terminal(stow, "bash", "--norc") as window:
            # Typed ahead; what is written is another text than what is typed.
            window.type('perl -e \'$| = 1; print "slee" . "ping\\n"; sleep 600\'\n')
            window.until_it_says("sleeping")
            window.type(CTRL_Z)
            window.until_it_says("Stopped")
            window.type("exit 7\n" * 2)  # Of stopped jobs bash tells once.
            assert window.wait() == 7
        assert "job control" not in window.text

    def test_all_that_is_written_is_shown(self, stow: Stow) -> None:
        code = 'print "$_\\n" for 1 .. 50000; print "last"'
        with terminal(stow, "perl", "-e", code) as window:
            assert window.wait() == 0
        assert window.text.splitlines() == [*map(str, range(1, 50001)), "last"]

    def test_all_that_is_typed_is_read(self, stow: Stow) -> None:
        code = 'use Digest::SHA; $| = 1; print "go\\n"; $n = 0; while (<STDIN>) { $n += length } print "read $n\\n"'
        with terminal(stow, "sh", "-c", f"stty -echo; exec perl -e '{code}'") as window:
            window.until_it_says("go")
            for _ in range(300):
                window.type("x" * 999 + "\n")
            window.type(CTRL_D)
            window.until_it_says("read 300000")
            assert window.wait() == 0

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP], ids=lambda number: number.name)
    def test_a_signal(self, stow: Stow, number: signal.Signals) -> None:
        with terminal(stow, *SLEEP) as window:
            before = window.modes()
            window.until_it_says("sleeping")
            window.process.send_signal(number)
            assert window.wait() == 128 + number
            assert window.modes() == before

    def test_a_closed_window(self, stow: Stow) -> None:
        with terminal(stow, *SLEEP) as window:
            window.until_it_says("sleeping")
            window.close()
            assert window.process.wait(60) == 129

    def test_killed(self, stow: Stow) -> None:
        with terminal(stow, *SLEEP) as window:
            before = window.modes()
            window.until_it_says("sleeping")
            window.process.kill()
            wait_until(lambda: window.modes() == before, "the terminal is as it was", 10)
        sweep(stow)


class TestStreams:
    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGUSR1], ids=lambda number: number.name)
    def test_a_signal_ends_a_program_without_a_handler(self, stow: Stow, number: signal.Signals) -> None:
        running = stow.start(*RUN, *SLEEP)
        running.until_it_says("sleeping")
        running.send(number)
        stow.finish(running, code=128 + number)
        assert not running.survivors()

    def test_what_runs_on_ends_with_the_program(self, stow: Stow) -> None:
        assert stow(*RUN, "sh", "-c", "sleep 600 & echo done").out == "done\n"

    def test_nobody_waits_for_orphans(self, stow: Stow) -> None:
        found = stow(*RUN, "sh", "-c", "(true & true & true &); sleep 1; cat /proc/[0-9]*/stat").out
        assert "(sh)" in found
        assert "(true) Z" not in found

    def test_killed(self, stow: Stow) -> None:
        running = stow.start(*RUN, *SLEEP)
        running.until_it_says("sleeping")
        running.send(signal.SIGKILL)
        running.wait(60)
        wait_until(lambda: not running.survivors(), "no process is left", 10)
        sweep(stow)


# Answers whoever connects with what it is asked to say.
SERVE = [
    *("perl", "-MIO::Socket::INET", "-e"),
    (
        '$| = 1; $s = IO::Socket::INET->new(LocalPort => 80, Listen => 9) or die $!; print "up\\n";'
        "while ($c = $s->accept) { print {$c} `getent hosts localhost; cat /proc/net/dev`; close $c }"
    ),
]


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    return port


def read(port: int, host: str = "127.0.0.1") -> str:
    with socket.create_connection((host, port), 10) as connection, connection.makefile() as file:
        return file.read()


class TestPorts:
    def serving(self, stow: Stow, *words: str) -> Running:
        running = stow.start("run", "-q", *words, "--", *SERVE)
        running.until_it_says("up")
        return running

    def end(self, stow: Stow, running: Running, port: int) -> None:
        assert _processes(f"{port}:80"), "its pasta"
        running.send(signal.SIGTERM)
        stow.finish(running, code=143)
        assert not running.survivors()
        assert not _processes(f"{port}:80")

    def test_a_port_becomes_another(self, stow: Stow) -> None:
        port = free_port()
        running = self.serving(stow, "--publish", f"127.0.0.1:{port}:80")
        said = read(port)
        assert "lo:" in said
        assert said.count(":") >= 2, "another interface leads out"
        with pytest.raises(OSError, match="refused"):
            read(80)
        self.end(stow, running, port)
        with pytest.raises(OSError, match="refused"):
            read(port)

    def test_a_port_of_the_machine_s_choice(self, stow: Stow) -> None:
        running = self.serving(stow, "--publish", "80")
        found = re.search(r"Publishing 0\.0\.0\.0:(\d+) for port 80/tcp", running.err)
        assert found, running.err
        assert "lo:" in read(int(found[1]))
        self.end(stow, running, int(found[1]))

    def test_a_port_that_is_taken(self, stow: Stow) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            refused = stow("run", "--publish", f"127.0.0.1:{port}:80", "--", "true", code=16)
        assert f"cannot publish 127.0.0.1:{port}/tcp: Address already in use" in refused.err

    def test_names_are_found(self, stow: Stow) -> None:
        """Through whatever resolves them here: of names, this machine surely knows that of its packages' mirror."""
        host = urlsplit(apt.mirror().main).hostname
        assert stow("run", "-q", "--publish", "80", "--", "getent", "hosts", str(host)).out

    def test_killed(self, stow: Stow) -> None:
        port = free_port()
        running = self.serving(stow, "--publish", f"127.0.0.1:{port}:80")
        running.send(signal.SIGKILL)
        running.wait(60)
        wait_until(lambda: not _processes(f"{port}:80") and not running.survivors(), "no process is left", 10)
        sweep(stow)

    def test_pasta_is_missing(self, stow: Stow, tmp_path: Path) -> None:
        for name in (
            "docker",
            "cargo",
            "rustc",
            "git",
            "mount",
            "umount",
            "unshare",
            stow.environment["CARGO_STOW_RUNTIME"],
        ):
            (tmp_path / name).symlink_to(shutil.which(name) or "/nowhere")
        refused = stow("run", "--publish", "80", "--", "true", code=7, env={"PATH": str(tmp_path)})
        assert "`pasta` is not installed" in refused.err
        assert "package `passt`" in refused.err
