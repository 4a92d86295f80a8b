"""How tables look on a terminal and in a pipe, without one."""

from __future__ import annotations

import re

import pytest

from cargo_stow.report import _on_one_line
from cargo_stow.tables import Row, Table, draw

LONG = "word " * 60 + "end"
TABLE = Table(
    columns=("key", "value"),
    rows=(
        Row(cells=(("one",), ("1",))),
        Row(cells=(("two",), ("first", "second")), dim=True),
        Row(cells=(("three",), (LONG,))),
    ),
)
ANSI = re.compile(r"\x1b\[[0-9;]*m")


def text(*tables: Table, width: int | None = None, colour: bool = False) -> str:
    return draw(tables, width=width, colour=colour, shown=str)


def test_a_row_with_its_lines() -> None:
    assert text(TABLE).splitlines() == ["key    value", "one    1", "two    first", "       second", f"three  {LONG}"]


def test_a_pipe_folds_nothing_and_has_no_colour() -> None:
    written = text(TABLE)
    assert LONG in written
    assert "\x1b" not in written


def test_a_terminal_folds_what_is_too_long() -> None:
    lines = text(TABLE, width=40).splitlines()
    assert max(map(len, lines)) <= 40
    assert " ".join(" ".join(lines).split()).endswith(LONG)


def test_a_word_that_is_too_long_is_folded_and_not_cut() -> None:
    table = Table(rows=(Row(cells=(("key",), ("x" * 100,))),))
    assert text(table, width=40).count("x") == 100


def test_colour_is_beside_the_text() -> None:
    written = text(TABLE, colour=True)
    assert "\x1b[2m" in written
    assert [line.rstrip() for line in ANSI.sub("", written).splitlines()] == text(TABLE).splitlines()


def test_nothing_in_a_cell_is_markup() -> None:
    cells = ("[bold]x[/bold]", ":smile:", "[/]", "http://example.org/1")
    table = Table(title="[red]t", rows=tuple(Row(cells=((cell,),)) for cell in cells))
    assert text(table).splitlines() == ["[red]t", *cells]


def test_the_environment_decides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "20")
    assert "\x1b" not in text(TABLE)
    assert LONG in text(TABLE)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[36m" in text(TABLE, colour=True)


def test_tables_are_apart_and_may_be_empty() -> None:
    one = Table(rows=(Row(cells=(("a",),)),))
    assert text(one, one) == "a\n\na\n"
    assert text() == ""


@pytest.mark.parametrize("sign", ["\u2028", "\u2029", "\x85", "\x0b", "\x1c"])
def test_no_sign_in_a_cell_begins_another_row(sign: str) -> None:
    """As one that says what nobody set."""
    table = Table(rows=(Row(cells=(("a",), (f"b{sign}user  root",))),))
    assert draw([table], width=None, colour=False, shown=_on_one_line).count("\n") == 1
