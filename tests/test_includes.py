from __future__ import annotations

import os
import subprocess
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import pytest

from cargo_stow.context import list_files
from cargo_stow.globs import expand
from cargo_stow.includes import find_included, find_repository
from cargo_stow.links import find_linked
from cargo_stow.manifest.globs import expand as expand_members
from cargo_stow.patterns import Pattern
from cargo_stow.plan import Context

if TYPE_CHECKING:
    from pathlib import Path


def found(root: Path, text: str) -> set[str]:
    """What a source of the package `crate` in a repository includes, of the files that are there."""
    own = ("crate/own.txt", "crate/Dockerfile", "crate/other/x")
    for name in ("motd.txt", "data/shape.rs", "data/[odd] name.bin", "data/more.txt", *own, "api", ".git/HEAD"):
        (root / "repository" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "repository" / name).write_text('include_str!("../data/more.txt")' if name.endswith(".rs") else "")
    (root / "secret.txt").write_text("")
    source = root / "repository/crate/src/main.rs"
    source.parent.mkdir(parents=True)
    source.write_text(text)
    package = root / "repository/crate"
    paths = find_included([source, package / "own.txt"], [package], root / "repository")
    return {str(path.relative_to(root / "repository")) for path in paths}


@pytest.mark.parametrize(
    ("text", "files"),
    [
        ('const A: &str = include_str!("../../motd.txt");', {"motd.txt"}),
        ('include_bytes! ( "../../motd.txt" )', {"motd.txt"}),
        ('include_str!(\n    "../../motd.txt",\n)', {"motd.txt"}),
        ('core::include_str!["../../motd.txt"]', {"motd.txt"}),
        ('include_bytes!(r#"../../data/[odd] name.bin"#)', {"data/[odd] name.bin"}),
        ('include!("../../data/shape.rs")', {"data/shape.rs", "data/more.txt"}),
        ('#[path = "../../data/shape.rs"]\nmod shape;', {"data/shape.rs", "data/more.txt"}),
        ('include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../motd.txt"))', {"motd.txt"}),
        ('include_str!("../own.txt")', set()),  # sent anyhow
        ('include_str!("../Dockerfile")', {"crate/Dockerfile"}),  # in the package, and yet not sent
        ('include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/other/x"))', {"crate/other/x"}),
        ('include_str!("../../.git/HEAD")', set()),  # never sent: the compiler tells
        ('include_str!("../../absent.txt")', set()),
        ('include_str!("../../../secret.txt")', set()),  # not of this repository
        ('include_str!("/etc/hostname")', set()),
        ('include_str!("../../api/../data")', set()),  # a directory
        ('my_include_str!("../../motd.txt")', set()),
        ('"../../motd.txt"', set()),
        ("", set()),
    ],
)
def test_what_a_source_includes(tmp_path: Path, text: str, files: set[str]) -> None:
    assert found(tmp_path, text) == files


def test_a_circle_of_includes_ends(tmp_path: Path) -> None:
    for name, other in (("a", "b"), ("b", "a")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.rs").write_text(f'include!("../{other}/x.rs");')
    assert find_included([tmp_path / "a/x.rs"], [tmp_path / "a"], tmp_path) == {tmp_path / "b/x.rs"}


def test_a_source_that_cannot_be_read_includes_nothing(tmp_path: Path) -> None:
    assert find_included([tmp_path / "gone.rs"], [tmp_path], tmp_path) == set()


def test_the_repository_is_where_version_control_says(tmp_path: Path) -> None:
    inside = tmp_path / "a/b"
    inside.mkdir(parents=True)
    assert find_repository(inside) == inside
    (tmp_path / ".git").write_text("gitdir: elsewhere")  # as in a work tree
    assert find_repository(inside) == tmp_path


def test_names_and_links_that_can_be_no_path(tmp_path: Path) -> None:
    source = tmp_path / "a/main.rs"
    source.parent.mkdir()
    source.write_text(f'include_str!("../{"x" * 300}"); include_str!("../ok")')
    (tmp_path / "ok").write_text("")
    (tmp_path / "a/long").symlink_to("y" * 300)
    assert find_included([source], [tmp_path / "a"], tmp_path) == {tmp_path / "ok"}
    assert find_linked([tmp_path / "a/long"], tmp_path) == set()
    context = Context(directories=(PurePosixPath("a"),), files=(PurePosixPath("z" * 300),), excluded=())
    assert list_files(tmp_path, context) == [tmp_path / "a/long", source]


@pytest.mark.parametrize("target", ["/dev/zero", "pipe", "../outside.rs"])
def test_no_link_to_what_is_not_sent_is_read(tmp_path: Path, target: str) -> None:
    """A device has no end, and nobody may ever write into a pipe."""
    root = tmp_path / "root"
    (root / "src").mkdir(parents=True)
    os.mkfifo(root / "src/pipe")
    (tmp_path / "outside.rs").write_text('include_str!("../inside")')
    (root / "inside").write_text("")
    (root / "src/link.rs").symlink_to(target if target[0] != "." else f"../{target}")
    assert find_included([root / "src/link.rs"], [root], root) == set()


def test_directories_that_are_nested_more_deeply_than_functions(tmp_path: Path) -> None:
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(1200):
        os.mkdir("a", dir_fd=here)
        below = os.open("a", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    whole = Context(directories=(PurePosixPath(),), files=(), excluded=())
    assert list_files(tmp_path, whole) == [tmp_path / ("a/" * 1200)]
    with pytest.raises(ValueError, match="nested too deeply"):
        expand(tmp_path, Pattern("a"), tmp_path)
    assert len(expand_members(tmp_path, "**")) == 1201
    subprocess.run(["rm", "-rf", tmp_path / "a"], check=True)
