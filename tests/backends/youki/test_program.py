"""Options of `run` without a daemon, and the process that comes of an image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cargo_stow.backends.protocol import RunOptions
from cargo_stow.backends.youki import program
from cargo_stow.backends.youki.rootfs import DEFAULT_PATH
from cargo_stow.backends.youki.store import Store
from cargo_stow.errors import ToolMissingError
from cargo_stow.process import Result
from cargo_stow.sandbox.runtime import Runtime
from tests.canned_runner import CannedRunner

if TYPE_CHECKING:
    from pathlib import Path


def test_options_are_looked_at_before_anything_runs(tmp_path: Path) -> None:
    runner = CannedRunner()
    runtime, environment = Runtime(name="youki", program="/y"), {"PATH": str(tmp_path)}
    with pytest.raises(ToolMissingError, match="pasta"):
        program.run_attached(
            "sha256:1", RunOptions(publish=("80",)), Store(tmp_path / "store"), runtime, runner, environment
        )
    assert runner.lines == []


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
