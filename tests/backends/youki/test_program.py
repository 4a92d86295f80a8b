"""Options of `run` without a daemon, and the process that comes of an image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cargo_stow.backends.protocol import RunOptions
from cargo_stow.backends.youki import program
from cargo_stow.backends.youki.rootfs import DEFAULT_PATH
from cargo_stow.backends.youki.store import Store
from cargo_stow.errors import StowError, ToolMissingError, UsageError
from cargo_stow.process import Result
from cargo_stow.sandbox.bundle import Bind
from cargo_stow.sandbox.runtime import Runtime
from tests.canned_runner import CannedRunner

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(("text", "error"), [("no-port", UsageError), ("80", ToolMissingError)])
def test_ports_are_looked_at_before_anything_runs(tmp_path: Path, text: str, error: type[StowError]) -> None:
    runner = CannedRunner()
    runtime, environment = Runtime(name="youki", program="/y"), {"PATH": str(tmp_path)}
    with pytest.raises(error):
        program.run_attached(
            "sha256:1", RunOptions(publish=(text,)), Store(tmp_path / "store"), runtime, runner, environment
        )
    assert runner.lines == []


def test_nobody_looks_after_a_detached_one() -> None:
    with pytest.raises(UsageError, match="--detach needs an engine"):
        program._check(RunOptions(detach=True))


class TestVolumes:
    @pytest.fixture(autouse=True)
    def data(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        (tmp_path / "data").mkdir()
        monkeypatch.chdir(tmp_path)
        return tmp_path / "data"

    @pytest.mark.parametrize(("end", "is_writable"), [("", True), (":rw", True), (":ro", False)])
    def test_a_relative_one(self, data: Path, end: str, is_writable: bool) -> None:
        assert program._volume(f"data:/srv{end}") == Bind(source=str(data), target="/srv", is_writable=is_writable)

    @pytest.mark.parametrize("text", ["data", "data:srv", "data:/srv:xx", "data:/srv:", ":/srv", "data:/srv:ro:rw", ""])
    def test_what_is_none(self, text: str) -> None:
        with pytest.raises(UsageError, match="expected SOURCE:TARGET"):
            program._volume(text)

    def test_a_source_that_is_missing(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="there is no") as caught:
            program._volume("gone:/srv")
        assert caught.value.hint == f"make it: `mkdir {tmp_path}/gone`"


@pytest.mark.parametrize(("text", "found"), [("A=b=c", "b=c"), ("A=", ""), ("A", "here"), ("B", None)])
def test_variables(text: str, found: str | None) -> None:
    assert program._variable(text, {"A": "here"}) == (text[0], found)


class TestProcess:
    @pytest.fixture(autouse=True)
    def no_terminal(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(program, "terminal_size", lambda: None)

    def test_a_terminal(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(program, "terminal_size", lambda: (24, 80))
        monkeypatch.setenv("TERM", "vt100")
        found = program._process({}, (), {}, tmp_path)
        assert found.terminal == (24, 80)
        assert dict(found.environment)["TERM"] == "vt100"

    def test_the_words_of_the_image(self, tmp_path: Path) -> None:
        config = {"Entrypoint": ["/usr/bin/hello"], "Cmd": ["--serve"], "WorkingDir": "/srv", "User": "7:8"}
        found = program._process(config, (), {}, tmp_path)
        assert (found.arguments, found.directory) == (("/usr/bin/hello", "--serve"), "/srv")
        assert (found.user, found.group) == (7, 8)

    def test_ours_take_the_place_of_its_arguments(self, tmp_path: Path) -> None:
        config = {"Entrypoint": ["/usr/bin/hello"], "Cmd": ["--serve"]}
        assert program._process(config, ("x", "y"), {}, tmp_path).arguments == ("/usr/bin/hello", "x", "y")

    def test_variables(self, tmp_path: Path) -> None:
        config = {"Env": ["A=image", "B=image", "C=image"]}
        found = dict(program._process(config, (), {"A": "given", "B": None, "D": None}, tmp_path).environment)
        assert found == {"PATH": DEFAULT_PATH, "HOME": "/", "A": "given", "C": "image"}

    def test_what_says_nothing(self, tmp_path: Path) -> None:
        found = program._process({"Cmd": None}, (), {}, tmp_path)
        assert (found.arguments, found.directory, found.user, found.group) == ((), "/", 0, 0)


def test_its_exit_code_is_ours(tmp_path: Path) -> None:
    runner, runtime = CannedRunner({"unshare --mount --": Result(code=42)}), Runtime(name="youki", program="/y")
    arguments: tuple[Any, ...] = (Store(tmp_path / "store"), runtime, runner, {})
    assert program.run_attached("sha256:1", RunOptions(), *arguments) == 42
    assert [one.how for one in runner.started] == ["attach"]
    assert list((tmp_path / "store/tmp").iterdir()) == []
