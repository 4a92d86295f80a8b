"""`cargo stow cache`: what it prints, and what can be typed."""

from __future__ import annotations

import contextlib
import json
import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cargo_stow.backends.youki.images import Images
from cargo_stow.backends.youki.pruning import Policy
from cargo_stow.backends.youki.store import Store
from cargo_stow.commands import cache as command
from cargo_stow.commands.amounts import parse_duration, parse_size
from cargo_stow.commands.cache import make_policy
from cargo_stow.entry import run_cli
from cargo_stow.errors import RuntimeFailedError, UsageError
from tests.backends.youki.test_pruning import put, put_image

if TYPE_CHECKING:
    from pathlib import Path

    from cargo_stow.sandbox.rights import Rights


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("CARGO_STOW_STORE", str(tmp_path / "store"))
    made = Store(tmp_path / "store")
    (made.directory / "tmp").mkdir(parents=True)
    put_image(made, "one", "web:1", used=5)
    put(made.layer("a"), 86400, 2_000_000)
    return made


def test_the_store_as_a_table(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cli(["cache"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"store  {store.directory}\n\nimage ")
    assert "\nweb:1 " in out
    assert "\nlayers  1      2.0  1970-01-02T00:00:00Z\n" in out


def test_the_store_as_json(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cli(["cache", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["directory"] == str(store.directory)
    assert [each["name"] for each in found["images"]] == ["web:1"]
    assert found["layers"] == {"count": 1, "bytes": 2_000_000, "oldest": "1970-01-02T00:00:00Z"}
    assert found["bases"] == {"count": 0, "bytes": 0, "oldest": None}
    assert found["blobs"]["count"] == 3


def test_names_are_taken_away(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    put_image(store, "two", "team/api:latest", used=5)
    before = Images(store.directory).names()
    (identity,) = {each.digest for name, each in before.items() if name == "web:1"}
    for names in (["web:1", "gone"], [identity], ["WEB"]):
        assert run_cli(["cache", "remove", *names]) == 6
        assert f"has no image called `{names[-1]}`" in capsys.readouterr().err
    assert Images(store.directory).names() == before, "none of several"
    assert run_cli(["cache", "remove", "web:1", "team/api"]) == 0
    assert "Removed team/api:latest from" in capsys.readouterr().err
    assert Images(store.directory).names().keys() == before.keys() - {"web:1", "team/api:latest"}


def test_a_store_in_which_nobody_built_needs_no_rights(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user without ids in /etc/subuid can see, and remove, what is all his own."""

    def find(_environment: object) -> Rights:
        raise RuntimeFailedError("no ids")

    monkeypatch.setattr(command, "find_rights", find)
    assert run_cli(["cache"]) == 0
    assert run_cli(["cache", "prune"]) == 0
    store.claim("0 1000 1")
    assert run_cli(["cache", "prune"]) == RuntimeFailedError.exit_code


def test_pruning_says_what_went(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cli(["cache", "prune"]) == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Removed 1 layer from " in captured.err
    assert captured.err.endswith(", 2 MB\n")
    assert run_cli(["cache", "prune", "--keep-size", "1MB"]) == 0
    assert "Removed nothing" in capsys.readouterr().err


def test_a_store_that_is_not_there_is_not_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARGO_STOW_STORE", str(tmp_path / "none"))
    assert run_cli(["cache"]) == 0
    assert not os.path.exists(tmp_path / "none")  # noqa: PTH110


@pytest.mark.parametrize(
    "words",
    [
        ["--older-than", "30"], ["--older-than", "-1d"], ["--older-than", "d"], ["--older-than", "1y"],
        ["--keep-size", "10"], ["--keep-size", "10XB"], ["--keep-size", ""], ["--all", "--keep-size", "1GB"],
    ],
)  # fmt: skip
def test_what_cannot_be_typed(store: Store, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cli(["cache", "prune", *words]) == 2
    err = capsys.readouterr().err
    assert words[0] in err
    assert " help: " in err
    assert store.layer("a").exists()


def test_policies() -> None:
    assert make_policy(None, None, everything=False) == Policy(age=30 * 86400)
    assert make_policy(None, "10GB", everything=False) == Policy(size=10**10)
    assert make_policy("1.5h", "1KiB", everything=False) == Policy(age=5400, size=1024)
    assert make_policy(None, None, everything=True) == Policy(everything=True)


@given(st.text() | st.from_regex(r"[0-9]{1,4}[a-zA-Z]{1,3}", fullmatch=True))
def test_any_text_is_an_amount_or_refused(text: str) -> None:
    for parse in (parse_duration, parse_size):
        with contextlib.suppress(UsageError):
            assert parse(text, "--flag") >= 0
