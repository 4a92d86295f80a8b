"""The commands' options and the error boundary, in this process."""

from __future__ import annotations

import inspect
import os
import re
import signal
from typing import TYPE_CHECKING, Any

import click
import pytest

from cargo_stow import __version__, cli, errors
from cargo_stow.backends import catalog
from cargo_stow.entry import run_cli
from cargo_stow.errors import StowError, Terminated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cargo_stow.backends.memory import MemoryBackend

COMMANDS = ["build", "cache", "completions", "dockerfile", "init", "plan", "push", "run", "schema", "update"]
TARGET = "registry.example.org/team/greeter:1"
ERRORS = [each for _, each in inspect.getmembers(errors, inspect.isclass) if issubclass(each, StowError)]


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(autouse=True)
def _catalog(backend: MemoryBackend, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", environment["PATH"])
    monkeypatch.setitem(catalog.BACKENDS, "docker", lambda *_given: backend)


@pytest.fixture
def order(greeter: Path, backend: MemoryBackend) -> Callable[..., Any]:
    """The cargo command line that a `build` with some options leads to."""

    def plan(*options: str) -> tuple[str, ...]:
        assert run_cli(["build", *options]) == 0
        [compile_] = next(stage.steps for stage in backend.orders[-1].plan.stages if stage.name == "build")
        return next(words for words in compile_.commands if words[0] == "cargo")  # type: ignore[union-attr]

    return plan


def test_the_commands() -> None:
    assert sorted(name for name, command in cli.cli.commands.items() if not command.hidden) == COMMANDS


@pytest.mark.parametrize("command", [None, *COMMANDS])
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help(
    command: str | None, flag: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert run_cli([command, flag] if command else [flag]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    assert captured.out.startswith(f"Usage: cargo stow {command or '[OPTIONS] COMMAND'}")
    assert max(map(len, captured.out.splitlines())) <= 100


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_has_a_help_text(command: str) -> None:
    found = cli.cli.commands[command]
    assert found.help
    for option in found.params:
        if isinstance(option, click.Option):
            assert option.help, option.name
            assert option.help.endswith((".", "`."))


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    for flag in ("-V", "--version"):
        assert run_cli([flag]) == 0
        assert capsys.readouterr().out == f"cargo-stow, version {__version__}\n"


@pytest.mark.parametrize(
    "words",
    [
        ["nonsense"], ["build", "--nonsense"], ["build", "word"], ["build", "--profile"], ["run", "--nonsense"],
        ["build", "-r", "-d"], ["build", "-r", "--profile", "x"], ["build", "--debug", "--profile", "dev"],
        ["build", "-q", "-v"], ["push", "-p"],
    ],
)  # fmt: skip
def test_what_cannot_be_typed(
    greeter: Path, backend: MemoryBackend, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_cli(words) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Error: " in captured.err
    assert not backend.counts


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), ("--release", "--locked")),
        (("-r",), ("--release", "--locked")),
        (("-d",), ("--profile", "dev", "--locked")),
        (("--debug",), ("--profile", "dev", "--locked")),
        (("--profile", "dist"), ("--profile", "dist", "--locked")),
        (("-F", "a,b"), ("--release", "--features", "a,b", "--locked")),
        (("-F", "a b", "--features", "c"), ("--release", "--features", "a,b,c", "--locked")),
        (("--all-features",), ("--release", "--all-features", "--locked")),
        (("--no-default-features",), ("--release", "--no-default-features", "--locked")),
    ],
)
def test_what_cargo_is_asked_for(order: Callable[..., Any], options: tuple[str, ...], words: tuple[str, ...]) -> None:
    assert order(*options) == ("cargo", "build", "--package", "greeter", "--bin", "greeter", *words)


def test_a_flag_goes_before_a_variable(order: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARGO_STOW_PROFILE", "dist")
    assert "dist" in order()
    assert "--release" in order("-r")


def test_building_prints_the_reference_and_nothing_else(
    greeter: Path, backend: MemoryBackend, capsys: pytest.CaptureFixture[str]
) -> None:
    for verb in ("Building", "Fresh"):
        assert run_cli(["build"]) == 0
        captured = capsys.readouterr()
        assert captured.out == f"{backend.tags[TARGET]}\n"
        assert verb in captured.err
    assert backend.counts["build"] == 1


def test_a_fresh_build_that_doit_does_not_know_of_is_said_once(
    greeter: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_cli(["build"])
    (greeter / "target/stow/doit.json").unlink()
    capsys.readouterr()
    assert run_cli(["build"]) == 0
    assert capsys.readouterr().err.count("Fresh") == 1


@pytest.mark.parametrize("state", ["", "{", "[]", '{"stow_build": 1}', "\0"])
def test_a_damaged_state_file_costs_nothing(greeter: Path, backend: MemoryBackend, state: str) -> None:
    run_cli(["build"])
    (greeter / "target/stow/doit.json").write_text(state)
    assert run_cli(["build"]) == 0
    assert backend.counts["build"] == 1


def test_verbose_says_where_each_setting_came_from(greeter: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_cli(["build", "-v", "-d"])
    err = capsys.readouterr().err
    assert "profile: dev  (flag --profile)\n" in err
    assert f"base_image: debian:bookworm-slim  ({greeter / 'Cargo.toml'} [package.metadata.container]" in err
    assert "features: none  (default)\n" in err


def test_quiet_leaves_the_result(greeter: Path, backend: MemoryBackend, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        run_cli(["build", "-q"])
        captured = capsys.readouterr()
        assert (captured.out, captured.err) == (f"{backend.tags[TARGET]}\n", "")
    assert backend.orders[0].quiet


def test_push(greeter: Path, backend: MemoryBackend, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cli(["push"]) == 0
    name = TARGET.removesuffix(":1")
    assert capsys.readouterr().out == f"{name}@{backend.pushed[name]}\n"
    assert run_cli(["push"]) == 0
    assert (backend.counts["build"], backend.counts["push"]) == (1, 2)


def test_push_without_a_target(greeter: Path, backend: MemoryBackend, capsys: pytest.CaptureFixture[str]) -> None:
    (greeter / "Cargo.toml").write_text((greeter / "Cargo.toml").read_text().replace("target_image", "# "))
    assert run_cli(["push"]) == 2
    assert "`target_image` is missing" in capsys.readouterr().err
    assert not backend.counts


def test_run_passes_on_what_follows(greeter: Path, backend: MemoryBackend) -> None:
    backend.exit_code = 7
    with pytest.raises(SystemExit) as ended:
        run_cli(["run", "-e", "A=1", "--publish", "80:80", "--volume", "/a:/b", "--detach", "--", "--flag", "-q", "--"])
    assert ended.value.code == 7
    [(_, options)] = backend.runs
    assert options.arguments == ("--flag", "-q", "--")
    assert (options.environment, options.publish, options.volumes, options.detach) == (
        ("A=1",),
        ("80:80",),
        ("/a:/b",),
        True,
    )


def test_update(greeter: Path, backend: MemoryBackend, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cli(["update"]) == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("Adding") == 2
    backend.registry["debian:bookworm-slim"] = f"sha256:{'5' * 64}"
    assert run_cli(["update", "--locked"]) == 4


def test_dockerfile(greeter: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cli(["dockerfile"]) == 0
    assert run_cli(["dockerfile", "--check"]) == 0
    assert capsys.readouterr().out == ""
    assert run_cli(["dockerfile", "-o", "-"]) == 0
    assert capsys.readouterr().out == (greeter / "Dockerfile").read_text()
    (greeter / "Dockerfile").write_text("edited\n")
    assert run_cli(["dockerfile", "--check"]) == 3
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "-edited" in captured.err
    assert run_cli(["dockerfile", "--check", "-o", "-"]) == 2


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_each_class_of_error_has_its_exit_code(
    greeter: Path, backend: MemoryBackend, error: type[StowError], capsys: pytest.CaptureFixture[str]
) -> None:
    backend.fail("build", error("what failed", hint="what to type", detail="its words"))
    assert run_cli(["build"]) == error.exit_code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.endswith("error: what failed\n  | its words\n help: what to type\n")


def test_a_crash_is_a_report_to_paste(
    greeter: Path, backend: MemoryBackend, capsys: pytest.CaptureFixture[str]
) -> None:
    backend.fail("build", RuntimeError("the bug"))
    assert run_cli(["build"]) == 70
    err = capsys.readouterr().err
    assert "RuntimeError: the bug" in err
    assert f"cargo-stow {__version__}, Python " in err
    assert err.count("Traceback") == 1


@pytest.mark.parametrize("words", [["build"], ["push"], ["run"], ["update"], ["dockerfile"]])
@pytest.mark.parametrize(("error", "code"), [(KeyboardInterrupt(), 130), (Terminated(15), 143), (Terminated(1), 129)])
def test_interrupted(
    *, greeter: Path, backend: MemoryBackend, words: list[str], error: BaseException, code: int,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    backend.fail("resolve", error)
    assert run_cli(words) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Traceback" not in captured.err


def test_a_source_that_goes_away_meanwhile_is_no_crash(
    greeter: Path, backend: MemoryBackend, capsys: pytest.CaptureFixture[str]
) -> None:
    (greeter / "src/more.rs").write_text("")
    assert run_cli(["build"]) == 0
    (greeter / "src/main.rs").write_text("changed")
    backend.at("build", (greeter / "src/more.rs").unlink)
    assert run_cli(["build"]) == 14
    assert "more.rs' does not exist" in capsys.readouterr().err
    assert run_cli(["build"]) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_hang_up_that_is_ignored_stays_ignored(number: signal.Signals) -> None:
    signal.signal(number, signal.SIG_IGN)
    run_cli(["--version"])
    assert signal.getsignal(number) is signal.SIG_IGN
    os.kill(os.getpid(), number)


@pytest.mark.parametrize(("typed", "truth"), [(["--minimal"], "yes"), (["--minimal=false"], "no"), ([], "no")])
def test_a_flag_without_a_value_is_true(
    greeter: Path, typed: list[str], truth: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_cli(["plan", *typed]) == 0
    assert re.search(rf"^minimal +{truth} ", capsys.readouterr().out, re.MULTILINE)
