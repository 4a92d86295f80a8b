"""How what happened looks: on a pipe, on a terminal, in CI."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cargo_stow.errors import FileError, StowError, UsageError
from cargo_stow.oci.progress import Progress
from cargo_stow.report import Report, size
from tests.terminal import on_terminal

ERROR = UsageError("it failed", detail="one\ntwo\n", hint="type this")
PUSHING = """
from cargo_stow.report import Report
from cargo_stow.oci.progress import Progress
report = Report(quiet={quiet})
with report.moving("Pushing") as push:
    push(Progress(layer="a", status="Pushing", current=1_500, total=2_000_000))
{then}
"""
CLEAR = "\r\x1b[K"
LINE = f"{CLEAR}     Pushing 1 layers, 2 kB of 2 MB"


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "TERM": "xterm", "COLUMNS": "80", **more}


def test_results_go_to_stdout_and_all_else_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    report = Report(environment={}, verbose=True)
    report.status("Building", "greeter")
    report.explain("why")
    report.warn("careful")
    report.error(ERROR)
    report.result("name@sha256:…")
    captured = capsys.readouterr()
    assert captured.out == "name@sha256:…\n"
    assert captured.err == (
        "    Building greeter\n"
        "             why\n"
        "warning: careful\n"
        "error: it failed\n"
        "  | one\n"
        "  | two\n"
        " help: type this\n"
    )


def test_an_error_without_hint_and_detail(capsys: pytest.CaptureFixture[str]) -> None:
    Report(environment={}).error(UsageError("it failed"))
    assert capsys.readouterr().err == "error: it failed\n"


def test_quiet_leaves_results_warnings_and_errors(capsys: pytest.CaptureFixture[str]) -> None:
    report = Report(environment={}, quiet=True, verbose=True)
    report.status("Building", "greeter")
    report.explain("why")
    report.warn("careful")
    report.error(UsageError("it failed"))
    report.result("result")
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("result\n", "warning: careful\nerror: it failed\n")


def test_explanations_are_for_verbose(capsys: pytest.CaptureFixture[str]) -> None:
    Report(environment={}).explain("why")
    assert capsys.readouterr().err == ""


def test_a_pipe_gets_neither_colours_nor_moving_lines(capsys: pytest.CaptureFixture[str]) -> None:
    report = Report(environment={"TERM": "xterm"}, verbose=True)
    with report.moving("Pushing") as push:
        for status in ("Waiting", "Pushing", "Pushing", "Pushed"):
            push(Progress(layer="abc", status=status, current=1, total=2))
    assert capsys.readouterr().err.split("\n") == [
        "             abc: Waiting", "             abc: Pushing", "             abc: Pushed", "",
    ]  # fmt: skip


def test_a_terminal_gets_colours() -> None:
    code = "from cargo_stow.report import Report; Report().status('Building', 'x')"
    assert on_terminal(code, environment()) == ("", "\x1b[1;32m    Building\x1b[0m x\n")


@pytest.mark.parametrize("variables", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_colours_are_turned_off(variables: dict[str, str]) -> None:
    code = "from cargo_stow.report import Report; Report().warn('x')"
    assert on_terminal(code, environment(**variables)) == ("", "warning: x\n")


def test_an_empty_no_color_means_nothing() -> None:
    code = "from cargo_stow.report import Report; Report().warn('x')"
    assert "\x1b[" in on_terminal(code, environment(NO_COLOR=""))[1]


@pytest.mark.parametrize(
    ("then", "after"),
    [
        ("report.warn('careful')", f"{CLEAR}warning: careful\n"),
        ("report.error(__import__('cargo_stow.errors').errors.UsageError('no'))", f"{CLEAR}error: no\n"),
        # Another voice than the one that has the line open: the error boundary's.
        ("Report().warn('interrupted')", f"{CLEAR}warning: interrupted\n"),
        ("report.result('result')", f"{CLEAR}result\n"),
        ("", CLEAR),
    ],
)
def test_the_moving_line_is_gone_before_the_next(then: str, after: str) -> None:
    code = PUSHING.format(quiet=False, then=then)
    assert on_terminal(code, environment(NO_COLOR="1"), stdout=True) == ("", LINE + after)


def test_an_exception_takes_the_moving_line_along() -> None:
    code = PUSHING.format(quiet=False, then="    raise SystemExit(0)")
    assert on_terminal(code, environment(NO_COLOR="1")) == ("", LINE + CLEAR)


def test_a_message_during_a_push_takes_the_line_away_first() -> None:
    code = PUSHING.format(quiet=False, then="    report.result('x')\n    report.warn('y')")
    assert on_terminal(code, environment(NO_COLOR="1"), stdout=True)[1] == f"{LINE}{CLEAR}x\nwarning: y\n"


@pytest.mark.parametrize("variables", [{"CI": "true"}, {"TERM": "dumb"}])
def test_where_no_line_moves(variables: dict[str, str]) -> None:
    code = PUSHING.format(quiet=False, then="")
    assert on_terminal(code, environment(**variables)) == ("", "")


def test_quiet_has_no_moving_line() -> None:
    assert on_terminal(PUSHING.format(quiet=True, then=""), environment()) == ("", "")


def test_the_moving_line_fits_a_narrow_terminal() -> None:
    seen = on_terminal(PUSHING.format(quiet=False, then=""), environment(COLUMNS="20"))[1]
    assert seen == f"{CLEAR}     Pushing 1 layer"[: len(CLEAR) + 19] + CLEAR


@pytest.mark.parametrize("variables", [{"LC_ALL": "C", "PYTHONUTF8": "0"}, {"PYTHONIOENCODING": "ascii"}])
def test_what_the_encoding_has_no_sign_for(variables: dict[str, str]) -> None:
    code = (
        "from cargo_stow.report import Report; report = Report()\n"
        "report.status('Building', 'gr\\u00fcn \\udcff'); report.result('gr\\u00fcn \\udcff')"
    )
    variables = {**os.environ, "PYTHONCOERCECLOCALE": "0", **variables}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, env=variables, check=True)
    assert done.stderr == b"    Building gr\\xfcn \\udcff\n"
    assert done.stdout == "grün ".encode() + b"\xff\n"


def test_a_result_that_cannot_be_written() -> None:
    code = (
        "from cargo_stow.report import Report; from cargo_stow.errors import FileError; import os\n"
        "try: Report().result('x')\n"
        "except FileError as error: print(error, file=__import__('sys').stderr); os._exit(14)"
    )
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([sys.executable, "-c", code], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (14, "cannot write the result to stdout: No space left on device\n")
    assert issubclass(FileError, Exception)


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1 kB"),
        (1_500_000, "2 MB"),
        (2_340_000_000, "2.3 GB"),
        (10**13, "10000.0 GB"),
    ],
)
def test_sizes(count: int, text: str) -> None:
    assert size(count) == text


def test_what_a_terminal_would_obey_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    report = Report(environment={})
    evil = "a\x1b[31mred\x1b]0;title\x07\r\u202eb\u2028c\u2029d"
    report.status("Building", evil)
    report.warn(evil)
    report.error(StowError(evil, detail=f"one\n{evil}", hint=evil))
    written = capsys.readouterr().err
    assert all(character.isprintable() for character in written.replace("\n", ""))
    assert written.count("a\\x1b[31mred\\x1b]0;title\\x07\\r\\u202eb\\u2028c\\u2029d") == 5
    assert "  | one\n  | a" in written


def test_no_value_says_a_line_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    """A directory may be called so, and a manifest name it."""
    report = Report(environment={}, verbose=True)
    evil = "no file a\n help: run something else"
    report.status("Wrote", evil)
    report.explain(evil)
    report.warn(evil)
    report.error(StowError(evil, hint=evil))
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 5
    assert not any(line.startswith(" help: run") for line in lines)
