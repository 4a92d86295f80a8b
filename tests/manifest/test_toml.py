from __future__ import annotations

import os
from pathlib import Path

import pytest

from cargo_stow.errors import FileError, UsageError
from cargo_stow.manifest.paths import with_real_paths
from cargo_stow.manifest.toml import Table, load_toml


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"a = 1\nb = \n", r"not valid TOML: .*line 2, column 5"),
        (b"a = 1\na = 2\n", "not valid TOML: .*line 2"),
        (b"x = " + b"9" * 5000, "not valid TOML"),
        (b"x = " + b"[" * 100_000, "not valid TOML"),
        (b"[x" + b".a" * 900 + b"]\nb" + b".b" * 900 + b" = 1", "not valid TOML: it is nested too deeply"),
        (b"[[x]]\na = " + b"[" * 200 + b"]" * 200, "not valid TOML: it is nested too deeply"),
        (b'x = "\xff"', "not UTF-8 text: byte 5 is 0xff"),
        (b"\0", "not valid TOML"),
    ],
)
def test_a_broken_file_is_named_with_its_place(tmp_path: Path, data: bytes, complaint: str) -> None:
    file = tmp_path / "Cargo.toml"
    file.write_bytes(data)
    with pytest.raises(UsageError, match=complaint) as caught:
        load_toml(file)
    assert str(file) in str(caught.value)
    assert str(file) in caught.value.hint


def test_a_byte_order_mark_and_dos_lines_pass(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_bytes(b"\xef\xbb\xbfa = 1\r\nb = 2\r\n")
    assert load_toml(tmp_path / "x.toml").values == {"a": 1, "b": 2}


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no file"):
        load_toml(tmp_path / "x.toml")


def test_a_directory_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Is a directory"):
        load_toml(tmp_path)
    with pytest.raises(UsageError, match="File name too long"):
        load_toml(tmp_path / ("x" * 300))


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_without_permission(tmp_path: Path) -> None:
    (tmp_path / "x.toml").touch(mode=0)
    with pytest.raises(FileError, match="Permission denied"):
        load_toml(tmp_path / "x.toml")


def test_permission_denied_is_translated_for_root_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(name: str, _flags: int) -> int:
        raise PermissionError(13, "Permission denied", name)

    monkeypatch.setattr(os, "open", denied)
    with pytest.raises(FileError, match=r"cannot read .*x\.toml: Permission denied"):
        load_toml(tmp_path / "x.toml")


FILE = Path("/w/Cargo.toml")
TABLE = Table(FILE, {"t": {"a.b": 1, "n": "x\0y", "list": ["x", 1]}, "hex": int("f" * 9999, 16)})


@pytest.mark.parametrize(
    ("ask", "complaint"),
    [
        (lambda t: t.table("t").text("a.b"), r'`t."a.b"` is a number \(1\), expected a string, in /w/Cargo.toml'),
        (lambda t: t.table("t").text("n"), "expected a string without NUL"),
        (lambda t: t.text("hex"), "`hex` is a number, expected a string"),
        (lambda t: t.text("t"), "`t` is a table, expected a string"),
        (lambda t: t.flag("hex"), "expected true or false"),
        (lambda t: t.table("t").texts("list"), "`t.list` is a list, expected a list of strings"),
        (lambda t: t.table("t", "list"), "`t.list` is a list, expected a table"),
        (lambda t: t.array("t"), r"expected an array of tables, as \[\[t\]\]"),
        (lambda t: t.table("t").array("list"), "expected an array of tables"),
    ],
)
def test_a_value_of_the_wrong_kind_is_named(ask: object, complaint: str) -> None:
    assert callable(ask)
    with pytest.raises(UsageError, match=complaint):
        ask(TABLE)


def test_what_is_not_there_is_none() -> None:
    assert (TABLE.text("x"), TABLE.flag("x"), TABLE.texts("x"), TABLE.table("x", "y"), TABLE.array("x")) == (None,) * 5


def test_a_path_with_a_nul_stays_as_it_is(tmp_path: Path) -> None:
    """In a table that cargo does not know, say: nobody has looked at it before."""
    table = {"profile": {"x": {"path": "a\0b"}}}
    assert with_real_paths(table, tmp_path) == table
