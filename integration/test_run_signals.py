"""Signals to `cargo stow run` reach the program; however it ends, neither container nor temporary image is left."""

from __future__ import annotations

import shutil
import signal
import sys
from typing import TYPE_CHECKING

import pytest

from integration.driver.marks import own_engine_only
from integration.test_run import assert_nothing_left
from tests.terminal import CTRL_C, Terminal

if TYPE_CHECKING:
    from integration.driver.stow import Stow

RUN = ["run", "--", "--wait"]
# At SIGTERM it is gone and the program runs on.
DEAF = """\
#!{python}
import os, signal, subprocess, sys
child = subprocess.Popen(["{docker}", *sys.argv[1:]])
def die(number, _frame):
    os.kill(child.pid, signal.SIGKILL)
    os._exit(1)
signal.signal(signal.SIGTERM, die)
sys.exit(child.wait())
"""


@pytest.mark.parametrize("group", [False, True], ids=["process", "group"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_signal(greeter: Stow, number: signal.Signals, group: bool) -> None:
    greeter("build")
    running = greeter.start(*RUN)
    running.until_it_says("waiting")
    running.send(number, group=group)
    greeter.finish(running, code=128 + number)
    assert running.survivors() == []
    assert_nothing_left(greeter)


def test_ctrl_c(greeter: Stow) -> None:
    greeter("build")
    with Terminal(["cargo-stow", *RUN], cwd=greeter.root, env=greeter.environ()) as terminal:
        terminal.until_it_says("waiting")
        terminal.type(CTRL_C)
        assert terminal.wait() == 130
    assert "Traceback" not in terminal.text
    assert_nothing_left(greeter)


@pytest.mark.parametrize("old_client", [False, True], ids=["new-client", "old-client"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_signal_with_a_terminal(greeter: Stow, number: signal.Signals, old_client: bool) -> None:
    greeter("build")
    if old_client:  # which leaves the program at SIGINT
        greeter.use_old_client()
    with Terminal(["cargo-stow", *RUN], cwd=greeter.root, env=greeter.environ()) as terminal:
        terminal.until_it_says("waiting")
        terminal.process.send_signal(number)
        assert terminal.wait() == 128 + number
    assert_nothing_left(greeter)


def test_client_that_dies_of_the_signal(greeter: Stow) -> None:
    """A client passes signals on while it is well; nothing may hang on that."""
    greeter("build")
    greeter.wrap_docker(DEAF.format(python=sys.executable, docker=shutil.which("docker")))
    with Terminal(["cargo-stow", *RUN], cwd=greeter.root, env=greeter.environ()) as terminal:
        terminal.until_it_says("waiting")
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.wait() == 143
    assert_nothing_left(greeter)


def test_closed_window(greeter: Stow) -> None:
    greeter("build")
    with Terminal(["cargo-stow", *RUN], cwd=greeter.root, env=greeter.environ()) as terminal:
        terminal.until_it_says("waiting")
        terminal.close()
        assert terminal.process.wait(60) == 129
    assert_nothing_left(greeter)


@own_engine_only
def test_end_of_stdin_ends_the_program(greeter: Stow) -> None:
    assert greeter(*RUN).out == "waiting\n"
    assert_nothing_left(greeter)
