"""Places for mounts, of which nothing is left."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from cargo_stow.backends.youki.stubs import places
from tests.oci.layers import tree

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root/etc").mkdir(parents=True)
    (tmp_path / "root/etc/hosts").write_text("")
    (tmp_path / "root/cache").mkdir()
    return tmp_path / "root"


def test_made_and_removed(root: Path) -> None:
    before = tree(root)
    with places(root, [("/proc", True), ("/root/.netrc", False), ("/usr/local/cargo/registry", True)]):
        assert (root / "proc").is_dir()
        assert (root / "root/.netrc").read_bytes() == b""
        assert (root / "usr/local/cargo/registry").is_dir()
    assert tree(root) == before


def test_what_was_there_stays(root: Path) -> None:
    before = tree(root)
    with places(root, [("/etc/hosts", False), ("/cache", True), ("/etc", True)]):
        assert tree(root) == before
    assert tree(root) == before


def test_what_was_filled_stays(root: Path) -> None:
    with places(root, [("/work/registry", True), ("/work/token", False), ("/gone/x", False)]):
        (root / "work/token").write_text("text")
        (root / "work/registry/crate").touch()
        (root / "gone/other").touch()
    assert (root / "work/token").read_text() == "text"
    assert (root / "work/registry/crate").exists()
    assert [each.name for each in (root / "gone").iterdir()] == ["other"]


def test_a_step_may_remove_or_exchange_them(root: Path) -> None:
    with places(root, [("/a/b", False), ("/c", False)]):
        (root / "a/b").unlink()
        (root / "a").rmdir()
        (root / "c").unlink()
        (root / "c").symlink_to("etc/hosts")
    assert not (root / "a").exists()
    assert (root / "c").is_symlink()


def test_after_a_failure(root: Path) -> None:
    before = tree(root)
    with pytest.raises(KeyError), places(root, [("/x/y", True)]):
        raise KeyError
    assert tree(root) == before


def test_links_are_followed_inside(root: Path, tmp_path: Path) -> None:
    (root / "var").mkdir()
    (root / "var/run").symlink_to("/run")
    (root / "out").symlink_to(tmp_path)
    with places(root, [("/var/run/agent", False), ("/out/x", False)]):
        assert (root / "run/agent").is_file()
    assert not (root / "run").exists()
    assert [each.name for each in tmp_path.iterdir()] == ["root"]


def test_two_in_one_new_directory(root: Path) -> None:
    before = tree(root)
    with places(root, [("/new/a", False), ("/new/b", True), ("/new", True)]):
        assert len(list((root / "new").iterdir())) == 2
    assert tree(root) == before


def test_the_umask_does_not_count(root: Path) -> None:
    """A directory that a step fills stays, and is for all users."""
    before = os.umask(0o077)
    try:
        with places(root, [("/new/a", True)]):
            (root / "new/kept").touch()
    finally:
        os.umask(before)
    assert (root / "new").stat().st_mode & 0o777 == 0o755


def test_links_that_a_step_put_on_the_way_are_not_followed(root: Path, tmp_path: Path) -> None:
    """Else it could have files and directories of this machine removed that are empty."""
    (tmp_path / "host/empty").mkdir(parents=True)
    (tmp_path / "host/token").touch()
    with places(root, [("/work/empty", True), ("/work/token", False), ("/loop/x", True)]):
        (root / "work").rename(root / "moved")
        (root / "work").symlink_to(tmp_path / "host")
        (root / "loop").rename(root / "gone")
        (root / "loop").symlink_to("loop")
    assert sorted(each.name for each in (tmp_path / "host").iterdir()) == ["empty", "token"]
