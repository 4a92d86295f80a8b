"""Copying into a root file system, whatever links lie in it."""

from __future__ import annotations

import os
import stat
from pathlib import Path, PurePosixPath

import pytest

from cargo_stow.backends.youki.trees import copy_into, make_directory, write_files
from cargo_stow.errors import BuildError
from tests.oci.layers import tree


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root/usr/bin").mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/file").write_text("untouched")
    return tmp_path / "root"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "source/sub/empty").mkdir(parents=True)
    (tmp_path / "source/sub/program").write_text("program")
    (tmp_path / "source/sub/program").chmod(0o751)
    (tmp_path / "source/link").symlink_to("./sub/")
    (tmp_path / "source/sub/empty").chmod(0o700)
    return tmp_path / "source"


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o7777


def assert_untouched(root: Path) -> None:
    outside = root.parent / "outside"
    assert [each.name for each in outside.iterdir()] == ["file"]
    assert (outside / "file").read_text() == "untouched"


def test_what_is_in_a_directory(root: Path, source: Path) -> None:
    copy_into(source, root, "/srv/app")
    assert tree(root / "srv/app") == tree(source)
    assert mode(root / "srv") == mode(root / "srv/app") == 0o755


def test_a_directory_that_is_there_keeps_what_it_has(root: Path, source: Path) -> None:
    (root / "srv/sub").mkdir(parents=True)
    (root / "srv/sub/other").write_text("other")
    (root / "srv/sub").chmod(0o711)
    copy_into(source, root, "/srv/")
    assert mode(root / "srv/sub") == 0o711
    assert {each.name for each in (root / "srv/sub").iterdir()} == {"other", "program", "empty"}


def test_a_file_with_its_mode_and_time(root: Path, source: Path) -> None:
    os.utime(source / "sub/program", ns=(1, 12345))
    copy_into(source / "sub/program", root, "/opt/x/hello")
    assert (root / "opt/x/hello").read_text() == "program"
    assert mode(root / "opt/x/hello") == 0o751
    assert (root / "opt/x/hello").stat().st_mtime_ns == 12345


def test_a_file_in_the_place_of_a_directory_or_file(root: Path, source: Path) -> None:
    (root / "usr/bin/hello").mkdir()
    (root / "usr/bin/hello/x").touch()
    for _ in range(2):
        copy_into(source / "sub/program", root, "/usr/bin/hello")
        assert (root / "usr/bin/hello").read_text() == "program"


def test_a_directory_in_the_place_of_a_file(root: Path, source: Path) -> None:
    (root / "srv").mkdir()
    (root / "srv/sub").write_text("file")
    copy_into(source, root, "/srv")
    assert (root / "srv/sub/program").is_file()


def test_a_link_stays_one(root: Path, source: Path) -> None:
    copy_into(source / "link", root, "/usr/link")
    assert os.readlink(root / "usr/link") == "./sub/"  # noqa: PTH115 - Path.readlink would tidy up


def test_links_on_the_way_are_followed_inside(root: Path, source: Path) -> None:
    (root / "bin").symlink_to("/usr/bin")
    copy_into(source / "sub/program", root, "/bin/hello")
    assert (root / "usr/bin/hello").is_file()
    assert (root / "bin").is_symlink()


@pytest.mark.parametrize("target", ["{outside}", "../outside"])
def test_a_directory_that_is_a_link_out_of_it(root: Path, source: Path, target: str) -> None:
    (root / "srv").symlink_to(target.format(outside=root.parent / "outside"))
    copy_into(source, root, "/srv/app")
    copy_into(source, root, "/srv")
    write_files(root, "/srv", [(PurePosixPath("file"), "text")])
    assert_untouched(root)


def test_files_that_are_links_out_of_it(root: Path, source: Path) -> None:
    outside = root.parent / "outside"
    (root / "program").symlink_to(outside / "file")
    (root / "sub").symlink_to(outside)
    copy_into(source, root, "/")
    copy_into(source / "sub/program", root, "/program")
    (root / "new").symlink_to(outside / "new")
    write_files(root, "/", [(PurePosixPath("new"), "text")])
    assert_untouched(root)
    assert (root / "sub/program").read_text() == (root / "program").read_text() == "program"
    assert (root / "new").read_text() == "text"


class TestWrite:
    def test_text_files(self, root: Path) -> None:
        write_files(root, "/etc/x", [(PurePosixPath("a"), "é\udcff"), (PurePosixPath("b/c"), "")])
        assert (root / "etc/x/a").read_bytes() == b"\xc3\xa9\xff"
        assert mode(root / "etc/x/a") == mode(root / "etc/x/b/c") == 0o644
        assert mode(root / "etc/x/b") == 0o755

    def test_no_file_makes_the_directory(self, root: Path) -> None:
        write_files(root, "/srv/app", [])
        assert (root / "srv/app").is_dir()

    def test_what_was_there_goes(self, root: Path) -> None:
        (root / "etc").mkdir()
        (root / "etc/a").write_text("a longer text")
        (root / "etc/a").chmod(0o600)
        write_files(root, "/etc", [(PurePosixPath("a"), "text")])
        assert ((root / "etc/a").read_text(), mode(root / "etc/a")) == ("text", 0o644)


def test_the_umask_does_not_count(root: Path, source: Path) -> None:
    before = os.umask(0o077)
    try:
        assert make_directory(root, "/a/b") == root / "a/b"
        copy_into(source, root, "/copy")
        write_files(root, "/c", [(PurePosixPath("d"), "")])
    finally:
        os.umask(before)
    assert [mode(root / each) for each in ("a", "a/b", "copy", "copy/sub", "c")] == [0o755] * 5
    assert (mode(root / "copy/sub/program"), mode(root / "c/d")) == (0o751, 0o644)


@pytest.mark.parametrize("kind", ["pipe", "device"])
@pytest.mark.parametrize("name", ["sub", "sub/odd"])
def test_what_is_no_file_is_not_read(root: Path, source: Path, kind: str, name: str) -> None:
    """A step can make the device of this machine's disk, and whoever is root here could read it."""
    odd = source / "sub/odd"
    if kind == "pipe":
        os.mkfifo(odd)
    else:
        try:
            os.mknod(odd, stat.S_IFCHR | 0o666, os.makedev(1, 3))
        except PermissionError:
            pytest.skip("only root makes devices")
    with pytest.raises(BuildError, match="odd, which is no file"):
        copy_into(source / name, root, "/opt/x")
    assert not (root / "opt/x/odd").exists()
