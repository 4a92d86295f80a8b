"""Running a program: the command lines, the exit code, and that nothing is left."""

from __future__ import annotations

import os
import re
import signal
import time
from typing import TYPE_CHECKING, cast

import pytest

from cargo_stow.backends.container import run_attached, run_detached
from cargo_stow.backends.engine_values import ContainerState
from cargo_stow.backends.protocol import RunOptions
from cargo_stow.errors import EngineError, Terminated
from cargo_stow.process import Result
from tests.backends.stub_engine import StubEngine
from tests.canned_runner import Answer, CannedRunner

if TYPE_CHECKING:
    from cargo_stow.backends.engine import Engine

IMAGE = f"sha256:{'1' * 64}"
ID = "c" * 64
CREATED = Result(code=0, stdout=f"{ID}\n", stderr="WARNING: something\n")
ALL = RunOptions(
    arguments=("--flag", "two words", "-e"), publish=("80:80", "9000"), environment=("A=1", "B"), volumes=("/a:/b:ro",)
)


@pytest.fixture
def stub() -> StubEngine:
    return StubEngine()


@pytest.fixture
def engine(stub: StubEngine) -> Engine:
    return cast("Engine", stub)


@pytest.fixture(autouse=True)
def no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "isatty", lambda _descriptor: False)


def name_of(runner: CannedRunner) -> str:
    argv = runner.started[0].argv
    return argv[argv.index("--name") + 1]


def test_attached(engine: Engine, stub: StubEngine) -> None:
    runner = CannedRunner(answers={"docker run": Result(code=125)})
    stub.state = ContainerState(running=False, exit_code=7, error="")
    assert run_attached(IMAGE, ALL, engine, runner, {"B": "2"}) == 7
    name = name_of(runner)
    made = re.fullmatch(r"cargo-stow-run-([0-9]+)\.[0-9a-f]{32}", name)
    assert made
    assert abs(int(made[1]) - time.time()) < 60
    assert [(one.how, one.argv) for one in runner.started] == [
        ("attach", (
            "docker", "run", "--name", name, "--init", "--pull=never", "--interactive", "--publish=80:80",
            "--publish=9000", "--env=A=1", "--env=B", "--volume=/a:/b:ro", IMAGE, "--flag", "two words", "-e",
        )),
    ]  # fmt: skip
    assert all(one.env == {"B": "2"} for one in runner.started)
    assert stub.asked == [("state", name), ("remove", name)]


RUNNING = ContainerState(running=True, exit_code=0, error="")
ENDED = ContainerState(running=False, exit_code=3, error="")


@pytest.mark.parametrize(
    ("came", "state", "code"),
    [
        ((signal.SIGTERM,), RUNNING, 143),
        ((signal.SIGUSR1, signal.SIGINT, signal.SIGHUP), RUNNING, 129),
        ((signal.SIGINT, signal.SIGUSR1), ENDED, 3),
        ((signal.SIGQUIT,), None, 131),
    ],
)
def test_a_client_that_is_gone_after_a_signal(
    engine: Engine, stub: StubEngine, came: tuple[signal.Signals, ...], state: ContainerState | None, code: int
) -> None:
    """Nobody may be there any more to send another: waiting without limit would leave all of it for ever."""
    runner = CannedRunner(answers={"docker run": Result(code=-1, signals=came)})
    stub.state = state
    assert run_attached(IMAGE, RunOptions(), engine, runner, {}) == code
    name = name_of(runner)
    sent = str(int(next(one for one in reversed(came) if one != signal.SIGUSR1)))
    assert stub.asked == [("signal", name, sent), ("state", name, "within 10"), ("remove", name)]


@pytest.mark.parametrize("came", [(), (signal.SIGUSR1,)])
def test_a_client_that_is_gone_without_being_asked_to_end(
    engine: Engine, stub: StubEngine, came: tuple[int, ...]
) -> None:
    """Its user detached from the terminal."""
    runner = CannedRunner(answers={"docker run": Result(code=0, signals=came)})
    run_attached(IMAGE, RunOptions(), engine, runner, {})
    assert stub.asked == [("state", name_of(runner)), ("remove", name_of(runner))]


def test_interrupted_before_the_program_was_started(engine: Engine, stub: StubEngine) -> None:
    stub.state = ContainerState(started=False, running=False, exit_code=0, error="")
    runner = CannedRunner(answers={"docker run": Result(code=0, signals=(signal.SIGINT,))})
    assert run_attached(IMAGE, RunOptions(), engine, runner, {}) == 130


def test_another_run_swept_the_container(engine: Engine, stub: StubEngine) -> None:
    stub.state = None
    assert run_attached(IMAGE, RunOptions(), engine, CannedRunner(answers={"docker run": Result(code=7)}), {}) == 7


def test_a_second_signal_ends_the_waiting(engine: Engine, stub: StubEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    def terminated(_container: str, within: int | None = None) -> None:
        raise Terminated(signal.SIGTERM)

    monkeypatch.setattr(stub, "end_of_container", terminated)
    runner = CannedRunner(answers={"docker run": Result(code=-1, signals=(signal.SIGTERM,))})
    with pytest.raises(Terminated):
        run_attached(IMAGE, RunOptions(), engine, runner, {})
    assert stub.asked[-1] == ("remove", name_of(runner))


@pytest.mark.parametrize(("terminals", "expected"), [({0, 1}, True), ({0}, False), ({1}, False), (set(), False)])
def test_a_terminal_is_lent_where_there_is_one(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, terminals: set[int], expected: bool
) -> None:
    monkeypatch.setattr(os, "isatty", lambda descriptor: descriptor in terminals)
    runner = CannedRunner(answers={})
    run_attached(IMAGE, RunOptions(), engine, runner, {})
    assert ("--tty" in runner.started[0].argv) == expected


def test_detached(engine: Engine, stub: StubEngine) -> None:
    runner = CannedRunner(answers={"docker create": CREATED})
    assert run_detached(IMAGE, RunOptions(detach=True, publish=("80:80",)), engine, runner, {}) == ID
    name = name_of(runner)
    assert runner.lines == [
        f"docker create --name {name} --init --pull=never --rm --publish=80:80 {IMAGE}", f"docker start {name}",
    ]  # fmt: skip
    assert [one.how for one in runner.started] == ["capture", "capture"]
    assert stub.asked == []


def test_each_container_has_a_name_of_its_own(engine: Engine) -> None:
    runners = [CannedRunner(answers={}) for _ in range(2)]
    for runner in runners:
        run_attached(IMAGE, RunOptions(), engine, runner, {})
    assert name_of(runners[0]) != name_of(runners[1])


@pytest.mark.parametrize(
    ("run", "at"), [(run_attached, "docker run"), (run_detached, "docker create"), (run_detached, "docker start")]
)
def test_interrupted(engine: Engine, stub: StubEngine, run: object, at: str) -> None:
    """Also while it is made: the engine may have it already, though we never read its ID."""
    answers: dict[str, Answer] = {"docker create": CREATED, at: KeyboardInterrupt()}
    runner = CannedRunner(answers=answers)
    with pytest.raises(KeyboardInterrupt):
        run(IMAGE, RunOptions(), engine, runner, {})  # type: ignore[operator]
    assert stub.asked == [("remove", name_of(runner))]


def test_options_that_docker_refuses(engine: Engine, stub: StubEngine) -> None:
    stub.state = None
    with pytest.raises(EngineError, match="could not make a container") as caught:
        run_attached(
            IMAGE, RunOptions(publish=("x",)), engine, CannedRunner(answers={"docker run": Result(code=125)}), {}
        )
    assert "--publish" in caught.value.hint


def test_options_of_a_detached_program_that_docker_refuses(engine: Engine) -> None:
    refused = Result(code=125, stderr='invalid containerPort: "x"\n')
    runner = CannedRunner(answers={"docker create": refused})
    with pytest.raises(EngineError, match="could not make a container") as caught:
        run_detached(IMAGE, RunOptions(publish=("x",)), engine, runner, {})
    assert caught.value.detail == 'invalid containerPort: "x"'
    assert "--publish" in caught.value.hint
    assert len(runner.started) == 1


def test_a_program_that_cannot_be_started(engine: Engine, stub: StubEngine) -> None:
    runner = CannedRunner(answers={"docker run": Result(code=127)})
    stub.state = ContainerState(running=False, exit_code=127, error="exec: no such file or directory")
    with pytest.raises(EngineError, match="could not start the program") as caught:
        run_attached(IMAGE, RunOptions(), engine, runner, {})
    assert caught.value.detail == "exec: no such file or directory"
    assert stub.asked[-1] == ("remove", name_of(runner))


def test_a_detached_program_that_cannot_be_started(engine: Engine, stub: StubEngine) -> None:
    failed = Result(code=1, stderr="port is already allocated\n")
    runner = CannedRunner(answers={"docker create": CREATED, "docker start": failed})
    with pytest.raises(EngineError, match="could not start the program") as caught:
        run_detached(IMAGE, RunOptions(detach=True), engine, runner, {})
    assert caught.value.detail == "port is already allocated"
    assert stub.asked == [("remove", name_of(runner))]
