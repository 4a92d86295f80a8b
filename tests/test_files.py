"""Whole files: all or nothing, whatever fails."""

from __future__ import annotations

import os
import resource
import stat
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from cargo_stow.errors import FileError
from cargo_stow.files import read_text, write_text
from cargo_stow.manifest.toml import load_toml

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_write_and_read(tmp_path: Path) -> None:
    path = tmp_path / "made" / "on the way" / "file"
    write_text(path, "grüße\r\n")
    assert path.read_bytes() == "grüße\r\n".encode()
    assert read_text(path) == "grüße\r\n"


def test_no_file_is_no_text(tmp_path: Path) -> None:
    assert read_text(tmp_path / "absent") is None


@pytest.mark.parametrize(("umask", "expected"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_a_new_file_has_what_the_umask_leaves(tmp_path: Path, umask: int, expected: int) -> None:
    before = os.umask(umask)
    try:
        write_text(tmp_path / "file", "text")
    finally:
        os.umask(before)
    assert mode(tmp_path / "file") == expected


@pytest.mark.parametrize("bits", [0o600, 0o755, 0o444])
def test_an_existing_file_keeps_its_mode(tmp_path: Path, bits: int) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    path.chmod(bits)
    write_text(path, "new")
    assert (mode(path), path.read_text()) == (bits, "new")


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "link"
    link.symlink_to("elsewhere/file")
    for text in ("through a dangling link", "and again"):
        write_text(link, text)
        assert link.is_symlink()
        assert (tmp_path / "elsewhere" / "file").read_text() == text


@pytest.mark.parametrize("target", ["../precious", "/etc/precious", "inner/../../precious", "inner/out"])
def test_no_link_out_of_a_directory_is_followed(tmp_path: Path, target: str) -> None:
    (tmp_path / "precious").write_text("mine")
    root = tmp_path / "root"
    (root / "inner").mkdir(parents=True)
    (root / "inner/out").symlink_to("../../precious")
    (root / "link").symlink_to(target)
    with pytest.raises(FileError, match="link: it is a symbolic link that leads out of"):
        write_text(root / "link", "theirs", within=root)
    assert (tmp_path / "precious").read_text() == "mine"
    (root / "link").unlink()
    (root / "link").symlink_to("inner/file")
    write_text(root / "link", "within", within=root)
    assert (root / "inner/file").read_text() == "within"


def test_a_link_to_itself(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to("link")
    with pytest.raises(FileError, match="cannot read"):
        read_text(link)


def test_a_name_as_long_as_names_can_be(tmp_path: Path) -> None:
    write_text(tmp_path / ("n" * 255), "text")
    assert read_text(tmp_path / ("n" * 255)) == "text"


def test_a_path_that_is_no_text_is_written_as_it_is(tmp_path: Path) -> None:
    write_text(tmp_path / "file", os.fsdecode(b"\xff"))
    assert (tmp_path / "file").read_bytes() == b"\xff"


@pytest.mark.parametrize("step", ["fsync", "fchmod", "replace"])
@pytest.mark.parametrize("error", [OSError(28, os.strerror(28)), KeyboardInterrupt()])
def test_failing_at_each_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, error: BaseException) -> None:
    path = tmp_path / "file"
    path.write_text("old")

    def fail(*_args: Any) -> None:
        raise error

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(KeyboardInterrupt if isinstance(error, KeyboardInterrupt) else FileError) as caught:
        write_text(path, "new")
    if isinstance(caught.value, FileError):
        assert caught.value.hint == "free some space on that disk"
        assert str(path) in caught.value.message
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_write_that_the_system_cuts_off(tmp_path: Path) -> None:
    """The limit on file sizes fails in the middle of a write, as a full disk does."""
    path = tmp_path / "file"
    path.write_text("old")
    code = (
        "import sys, pathlib; from cargo_stow.files import write_text; from cargo_stow.errors import FileError\n"
        "try: write_text(pathlib.Path(sys.argv[1]), 'x' * 100_000)\n"
        "except FileError as error: print(error); sys.exit(14)"
    )
    done = subprocess.run(
        # -B: Python would not notice that its own bytecode was cut off, either.
        [sys.executable, "-B", "-c", code, str(path)],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)),
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (14, f"cannot write {path}: File too large\n")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_directory_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "file").mkdir()
    with pytest.raises(FileError, match=r"cannot write .*/file: "):
        write_text(tmp_path / "file", "text")
    with pytest.raises(FileError, match=r"cannot read .*/file: Is a directory"):
        read_text(tmp_path / "file")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_file_where_a_directory_should_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FileError, match=r"cannot write .*/file/below: "):
        write_text(tmp_path / "file" / "below", "text")


def test_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"abc\xff")
    with pytest.raises(FileError, match=r"is not UTF-8 text \(byte 3\)"):
        read_text(tmp_path / "file")


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_no_permission(tmp_path: Path) -> None:
    (tmp_path / "file").touch(mode=0)
    with pytest.raises(FileError, match="Permission denied"):
        read_text(tmp_path / "file")


@pytest.mark.parametrize("read", [read_text, load_toml])
def test_what_has_no_end_is_not_read(tmp_path: Path, read: Callable[[Path], object]) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zero").symlink_to("/dev/zero")
    for name in ("pipe", "zero"):
        with pytest.raises(FileError, match=f"cannot read {tmp_path / name}: it is not a regular file"):
            read(tmp_path / name)
