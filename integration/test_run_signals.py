"""Signals to `cargo stow run` reach the program; however it ends, neither container nor temporary image is left."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from integration.driver.marks import own_engine_only
from integration.driver.terminal import CTRL_C, Terminal
from integration.test_run import assert_nothing_left

if TYPE_CHECKING:
    from integration.driver.stow import Stow

RUN = ["run", "--", "--wait"]


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


@own_engine_only
def test_end_of_stdin_ends_the_program(greeter: Stow) -> None:
    assert greeter(*RUN).out == "waiting\n"
    assert_nothing_left(greeter)
