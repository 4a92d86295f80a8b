"""How a runtime hands over a terminal, and what becomes of ours."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import socket
import struct
import termios
from typing import TYPE_CHECKING

import pytest

from cargo_stow.errors import RuntimeFailedError
from cargo_stow.sandbox import console
from cargo_stow.sandbox.relay import Relay

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def pair() -> Iterator[tuple[int, int]]:
    master, slave = pty.openpty()
    yield master, slave
    for descriptor in (master, slave):
        with contextlib.suppress(OSError):  # a relay closed it
            os.close(descriptor)


class TestSocket:
    def test_a_master_comes_over_it(self, tmp_path: Path, pair: tuple[int, int]) -> None:
        with console.listening(tmp_path) as (path, listener):
            with socket.socket(socket.AF_UNIX) as runtime:
                runtime.connect(path)
                socket.send_fds(runtime, [b"/dev/pts/0"], [pair[0]])
            master = console.receive_master(listener)
        os.write(pair[1], b"shown")
        assert os.read(master, 10) == b"shown"
        assert not os.get_blocking(master)
        os.close(master)
        assert list(tmp_path.iterdir()) == []

    def test_its_path_is_short(self, tmp_path: Path) -> None:
        directory = tmp_path / ("d" * 200)
        directory.mkdir()
        with console.listening(directory) as (path, _):
            assert len(path) < 108
            assert (directory / "console").is_socket()

    def test_a_runtime_that_sends_nothing(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(console, "_SECONDS", 0.05)
        with console.listening(tmp_path) as (path, listener):
            with pytest.raises(RuntimeFailedError, match="gave no terminal"):
                console.receive_master(listener)
            with socket.socket(socket.AF_UNIX) as runtime:
                runtime.connect(path)
                runtime.send(b"no descriptor")
                with pytest.raises(RuntimeFailedError, match="gave no terminal"):
                    console.receive_master(listener)


class TestOurs:
    @pytest.fixture
    def ours(self, pair: tuple[int, int]) -> Iterator[int]:
        before = os.dup(0)
        os.dup2(pair[1], 0)
        yield pair[1]
        os.dup2(before, 0)
        os.close(before)

    def test_raw_in_the_block_only(self, ours: int) -> None:
        before = termios.tcgetattr(ours)
        with contextlib.suppress(KeyError), console.raw_mode() as again:
            termios.tcsetattr(ours, termios.TCSANOW, before)
            again()
            assert not termios.tcgetattr(ours)[3] & (termios.ECHO | termios.ISIG | termios.ICANON)
            raise KeyError
        assert termios.tcgetattr(ours) == before

    @pytest.mark.usefixtures("ours")
    def test_what_was_typed_ahead_is_read(self, pair: tuple[int, int]) -> None:
        os.write(pair[0], b"early\n")
        with console.raw_mode():
            assert os.read(0, 10) == b"early\n"

    def test_its_size(self, pair: tuple[int, int], ours: int, monkeypatch: pytest.MonkeyPatch) -> None:
        fcntl.ioctl(pair[0], termios.TIOCSWINSZ, struct.pack("4H", 30, 90, 0, 0))
        monkeypatch.setattr(os, "isatty", lambda _descriptor: True)
        assert console.terminal_size() == (30, 90)
        console.give_size(ours)
        monkeypatch.setattr(os, "isatty", lambda descriptor: descriptor == 0)
        assert console.terminal_size() is None


class TestRelay:
    def test_all_that_is_left_is_shown(self, pair: tuple[int, int], capfd: pytest.CaptureFixture[str]) -> None:
        os.set_blocking(pair[0], False)
        os.write(pair[1], b"line\n" * 500)
        Relay(pair[0]).drain()
        assert capfd.readouterr().out == "line\r\n" * 500
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(pair[0])
