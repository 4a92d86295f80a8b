"""As whom a program runs, in the words of the image."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from cargo_stow.backends.youki.account import Account, find_account
from cargo_stow.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

PASSWD = """\
root:x:0:0:root:/root:/bin/sh
app:x:1000:1001:,,,:/home/app:/bin/sh
bare:x:7:8:::
"""
GROUP = """\
root:x:0:
app:x:1001:
audio:x:29:other,app
video:x:44:app
appendix:x:45:apple,an app
"""


def write(root: Path, passwd: str = PASSWD, group: str = GROUP) -> Path:
    (root / "etc").mkdir()
    (root / "etc/passwd").write_text(passwd)
    (root / "etc/group").write_text(group)
    return root


APP = Account(user=1000, group=1001, groups=(29, 44), home="/home/app")


@pytest.mark.parametrize(
    ("text", "account"),
    [
        ("app", APP),
        ("1000", APP),
        ("01000", APP),
        ("app:audio", Account(user=1000, group=29, home="/home/app")),
        ("app:29", Account(user=1000, group=29, home="/home/app")),
        ("app:5", Account(user=1000, group=5, home="/home/app")),
        ("0", Account(user=0, group=0, home="/root")),
        ("65532", Account(user=65532, group=0)),
        ("65532:65533", Account(user=65532, group=65533)),
        ("65532:app", Account(user=65532, group=1001)),
        ("bare", Account(user=7, group=8)),
    ],
)
def test_names_and_numbers(tmp_path: Path, text: str, account: Account) -> None:
    assert find_account(text, write(tmp_path)) == account


@pytest.mark.parametrize(("text", "why"), [("nobody", "no user `nobody`"), ("app:none", "no group `none`")])
def test_a_name_that_the_image_does_not_have(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(UsageError, match=why) as caught:
        find_account(text, write(tmp_path))
    assert "a number" in caught.value.hint


@pytest.mark.parametrize("text", ["9" * 5000, "4294967295", "-1", "²", "\u0661", "1" * 11])
def test_what_is_no_number_of_a_user(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError, match="the image has no user"):
        find_account(text, write(tmp_path))


def test_an_image_without_files(tmp_path: Path) -> None:
    assert find_account("5:6", tmp_path) == Account(user=5, group=6)
    with pytest.raises(UsageError):
        find_account("root", tmp_path)


def test_a_number_is_nobody_s_name(tmp_path: Path) -> None:
    assert find_account("0", write(tmp_path, "0:x:5:5::/:\n" + PASSWD, "0:x:5:\n")) == Account(
        user=0, group=0, home="/root"
    )


@pytest.mark.parametrize(
    "line",
    [
        "app:x:1000:group::/:",
        "app:x:user:0::/:",
        f"app:x:{'9' * 5000}:0::/:",
        f"app:x:0:{'9' * 5000}::/:",
        "app:x:99999999999:0::/:",
        "app:x:-1:0::/:",
        "app:x:²:0::/:",
        "app:x:0",
        "app:x:0:0::/:/bin/sh:more",
        "root:x:1:1:\u2028app:x:0:0::/::/:",
        "",
    ],
)
def test_lines_that_are_none(tmp_path: Path, line: str) -> None:
    assert find_account("app", write(tmp_path, f"{line}\n{PASSWD}", f"app:x:{'9' * 5000}:app\napp:x\n{GROUP}")) == APP


def test_files_that_are_none(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "etc").mkdir(parents=True)
    (root / "etc/passwd").mkdir()
    (root / "etc/group").write_bytes(b"\xff:x:\xff:\n")
    assert find_account("5", root) == Account(user=5, group=0)


def test_a_link_out_of_the_image_is_none(tmp_path: Path) -> None:
    (tmp_path / "passwd").write_text("outside:x:1:1::/:\n")
    root = tmp_path / "root"
    (root / "etc").mkdir(parents=True)
    (root / "etc/passwd").symlink_to(tmp_path / "passwd")
    with pytest.raises(UsageError):
        find_account("outside", root)


def test_the_beginning_of_a_long_file(tmp_path: Path) -> None:
    write(tmp_path, PASSWD + "#" * (1 << 21) + "\nlate:x:1:1::/:\n")
    os.truncate(tmp_path / "etc/passwd", 1 << 40)
    assert find_account("app", tmp_path) == APP
    with pytest.raises(UsageError):
        find_account("late", tmp_path)
