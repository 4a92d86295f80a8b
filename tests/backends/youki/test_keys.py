"""Keys: equal for what is equal, and else never."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cargo_stow.backends.youki.keys import make_key, step_key, tree_key
from cargo_stow.plan import Copy, Run, Step, Write

if TYPE_CHECKING:
    from collections.abc import Callable

TEXTS = st.lists(st.text(alphabet="01:a", max_size=4), max_size=4)
RUN = Run(commands=(("cargo", "build"),))


@given(one=TEXTS, other=TEXTS)
def test_keys_of_texts(one: list[str], other: list[str]) -> None:
    assert (make_key(*one) == make_key(*other)) == (one == other)


def test_names_that_are_no_utf_8() -> None:
    assert make_key(os.fsdecode(b"\xff")) != make_key(os.fsdecode(b"\xfe"))


@pytest.mark.parametrize(
    ("parent", "step", "inputs", "epoch"),
    [
        ("other", RUN, ["i"], 0),
        ("p", Run(commands=(("cargo", "build", "x"),)), ["i"], 0),
        ("p", Run(commands=(("cargo",), ("build",))), ["i"], 0),
        ("p", Run(commands=(("cargo", "build"),), environment=(("A", "1"),)), ["i"], 0),
        ("p", RUN, ["j"], 0),
        ("p", RUN, ["i", ""], 0),
        ("p", RUN, [], 0),
        ("p", RUN, ["i"], 1),
        ("p", Copy(source="a", target="b"), ["i"], 0),
        ("p", Write(name="a", target="/", files=((PurePosixPath("x"), "y"),)), ["i"], 0),
    ],
)
def test_all_that_decides_is_in_the_key_of_a_step(parent: str, step: Step, inputs: list[str], epoch: int) -> None:
    same = step_key("p", Run(commands=(("cargo", "build"),)), iter(["i"]), 0)
    assert step_key("p", RUN, ["i"], 0) == same
    assert step_key(parent, step, inputs, epoch) != same


def make_tree(root: Path) -> Path:
    (root / "sub/empty").mkdir(parents=True)
    (root / "sub/file").write_text("text")
    (root / "sub/other").write_text("")
    (root / "link").symlink_to("sub")
    return root


def relink(root: Path) -> None:
    (root / "link").unlink()
    (root / "link").symlink_to("sub/")


def unlink(root: Path) -> None:
    (root / "link").unlink()
    (root / "link").write_text("sub")


def swap(root: Path) -> None:
    (root / "sub/file").write_text("")
    (root / "sub/other").write_text("text")


CHANGES: dict[str, Callable[[Path], object]] = {
    "contents": lambda root: (root / "sub/file").write_text("tent"),
    "names": lambda root: (root / "sub/file").rename(root / "sub/flie"),
    "contents of two": swap,
    "place": lambda root: (root / "sub/empty").rename(root / "empty"),
    "mode": lambda root: (root / "sub/file").chmod(0o755),
    "mode of a directory": lambda root: (root / "sub/empty").chmod(0o700),
    "mode of the top": lambda root: root.chmod(0o700),
    "target": relink,
    "kind": unlink,
    "one more": lambda root: (root / "sub/empty/x").touch(),
    "one less": lambda root: (root / "sub/other").unlink(),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_of_a_tree(change: Callable[[Path], object], tmp_path: Path) -> None:
    tree, twin = make_tree(tmp_path / "tree"), make_tree(tmp_path / "twin")
    assert tree_key(tree) == tree_key(twin)
    change(twin)
    assert tree_key(tree) != tree_key(twin)


def test_times_do_not_count(tmp_path: Path) -> None:
    tree = make_tree(tmp_path / "tree")
    before = tree_key(tree)
    os.utime(tree / "sub/file", (1, 1))
    assert tree_key(tree) == before


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    tree = make_tree(tmp_path / "tree")
    before = tree_key(tree / "link")
    (tree / "sub/file").write_text("other")
    assert tree_key(tree / "link") == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_owners_count(tmp_path: Path) -> None:
    tree = make_tree(tmp_path / "tree")
    before = tree_key(tree)
    os.chown(tree / "sub/file", 1, 0)
    assert tree_key(tree) != before


def test_directories_that_are_nested_more_deeply_than_functions(tmp_path: Path) -> None:
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(1200):
        os.mkdir("a", dir_fd=here)
        below = os.open("a", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    before = tree_key(tmp_path)
    os.close(os.open("x", os.O_CREAT, dir_fd=here))
    os.close(here)
    assert tree_key(tmp_path) != before
    # Python's own removal of directories is a function that calls itself, and pytest ends with it.
    subprocess.run(["rm", "-r", str(tmp_path / "a")], check=True)
