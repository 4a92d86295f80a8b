"""The words of `docker run` without an engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cargo_stow.backends.protocol import RunOptions
from cargo_stow.backends.youki.run_options import read_options
from cargo_stow.errors import StowError, ToolMissingError, UsageError
from cargo_stow.sandbox.bundle import Bind

if TYPE_CHECKING:
    from pathlib import Path


def test_nobody_looks_after_a_detached_one() -> None:
    with pytest.raises(UsageError, match="--detach needs an engine"):
        read_options(RunOptions(detach=True), {})


class TestVolumes:
    @pytest.fixture(autouse=True)
    def data(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        (tmp_path / "data").mkdir()
        monkeypatch.chdir(tmp_path)
        return tmp_path / "data"

    @pytest.mark.parametrize(("end", "is_writable"), [("", True), (":rw", True), (":ro", False)])
    def test_a_relative_one(self, data: Path, end: str, is_writable: bool) -> None:
        _, binds, _ = read_options(RunOptions(volumes=(f"data:/srv{end}",)), {})
        assert binds == (Bind(source=str(data), target="/srv", is_writable=is_writable),)

    @pytest.mark.parametrize(
        "text", ["data", "data:srv", "data:/srv:xx", "data:/srv:", ":/srv", "data:/srv:ro:rw", "", "data:/", "data://"]
    )
    def test_what_is_none(self, text: str) -> None:
        with pytest.raises(UsageError, match="expected SOURCE:TARGET"):
            read_options(RunOptions(volumes=(text,)), {})

    def test_a_source_that_is_missing(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="there is no") as caught:
            read_options(RunOptions(volumes=("gone:/srv",)), {})
        assert caught.value.hint == f"make it: `mkdir {tmp_path}/gone`"


@pytest.mark.parametrize(("text", "found"), [("A=b=c", "b=c"), ("A=", ""), ("A", "here"), ("B", None)])
def test_variables(text: str, found: str | None) -> None:
    given, _, _ = read_options(RunOptions(environment=(text,)), {"A": "here"})
    assert given == {text[0]: found}


@pytest.mark.parametrize("text", ["", "=", "=x"])
def test_a_variable_without_a_name(text: str) -> None:
    with pytest.raises(UsageError, match="expected NAME=VALUE"):
        read_options(RunOptions(environment=(text,)), {})


@pytest.mark.parametrize(("text", "error"), [("no-port", UsageError), ("80", ToolMissingError)])
def test_ports(tmp_path: Path, text: str, error: type[StowError]) -> None:
    with pytest.raises(error):
        read_options(RunOptions(publish=(text,)), {"PATH": str(tmp_path)})
