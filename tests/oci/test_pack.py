"""An overlay's upper directory becomes a layer."""

from __future__ import annotations

import gzip
import io
import os
import socket
import tarfile
import zlib
from pathlib import Path, PurePosixPath

import pytest

from cargo_stow.errors import ImageFormatError
from cargo_stow.oci.blobs import Blobs
from cargo_stow.oci.descriptor import LAYER_GZIP
from cargo_stow.oci.pack import Packed, pack_layer
from cargo_stow.oci.unpack import unpack_layer
from tests.oci.layers import digest, tree

NOW = 1_700_000_000
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root makes what overlayfs makes")


class Bench:
    """An upper directory, what is below it, and blobs."""

    def __init__(self, directory: Path) -> None:
        self.upper, self.below, self.blobs = directory / "upper", directory / "below", Blobs(directory / "blobs")
        self.upper.mkdir()
        self.below.mkdir()

    def write(self, name: str, text: str = "", mode: int = 0o644) -> Path:
        """Write a file of a name that starts with `upper` or `below`."""
        path = self.upper.parent / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)
        os.utime(path, (NOW - 5, NOW - 5))
        return path

    def pack(self, *excluded: str, below: bool = True) -> Packed | None:
        paths = frozenset(map(PurePosixPath, excluded))
        return pack_layer(self.upper, self.below if below else None, self.blobs, mtime=NOW, excluded=paths)

    def entries(self, *excluded: str, below: bool = True) -> list[tarfile.TarInfo]:
        packed = self.pack(*excluded, below=below)
        if packed is None:
            return []
        with tarfile.open(fileobj=io.BytesIO(self.data(packed))) as tar:
            return tar.getmembers()

    def names(self, *excluded: str, below: bool = True) -> list[str]:
        return [each.name for each in self.entries(*excluded, below=below)]

    def data(self, packed: Packed) -> bytes:
        return gzip.decompress(self.blobs.path(packed.descriptor.digest).read_bytes())


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def whiteout(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    os.mknod(path, 0o020000, 0)


def test_nothing_is_no_layer(bench: Bench) -> None:
    assert bench.pack() is None
    assert not bench.blobs.directory.exists()


def test_the_descriptor_is_of_what_was_written(bench: Bench) -> None:
    bench.write("upper/a", "text")
    packed = bench.pack()
    assert packed is not None
    blob = bench.blobs.path(packed.descriptor.digest).read_bytes()
    assert (packed.descriptor.media_type, packed.descriptor.size) == (LAYER_GZIP, len(blob))
    assert packed.descriptor.digest == digest(blob)
    assert packed.diff_id == digest(gzip.decompress(blob))
    # No flags, so no name, and no time.
    assert blob[3:8] == bytes(5)
    assert [each.name for each in bench.blobs.directory.iterdir()] == ["sha256"]


def test_entries_are_sorted_and_anonymous(bench: Bench) -> None:
    for name in ("b/z", "b/a", "B", "é", "a-b", "a/c"):
        bench.write(f"upper/{name}")
    found = bench.entries()
    assert [each.name for each in found] == ["B", "a", "a/c", "a-b", "b", "b/a", "b/z", "é"]
    assert {(each.uname, each.gname, each.uid, each.gid) for each in found} == {("", "", os.geteuid(), os.getegid())}


def test_times_are_whole_and_not_after_the_commit(bench: Bench) -> None:
    os.utime(bench.write("upper/old"), ns=(0, 1_000_000_000_999_999_999))
    os.utime(bench.write("upper/new"), (NOW + 100, NOW + 100))
    assert {each.name: each.mtime for each in bench.entries()} == {"old": 1_000_000_000, "new": NOW}


def test_copies_that_are_equal_below_are_left_out(bench: Bench) -> None:
    for side in ("below", "upper"):
        bench.write(f"{side}/same", "text")
        bench.write(f"{side}/a/same", "text")
        (bench.upper.parent / side / "link").symlink_to("there")
        (bench.upper.parent / side / "empty").mkdir()
    assert bench.pack() is None


@pytest.mark.parametrize(
    ("text", "mode", "kept"), [("text", 0o644, False), ("tex!", 0o644, True), ("text", 0o600, True), ("t", 0o644, True)]
)
def test_what_differs_is_kept_with_its_directories(bench: Bench, text: str, mode: int, kept: bool) -> None:
    bench.write("below/a/b/file", "text")
    bench.write("upper/a/b/file", text, mode)
    assert bench.names() == (["a", "a/b", "a/b/file"] if kept else [])


def test_another_kind_or_target_is_kept(bench: Bench) -> None:
    (bench.below / "link").symlink_to("there")
    (bench.upper / "link").symlink_to("./there")
    (bench.below / "directory").mkdir()
    bench.write("upper/directory")
    assert [(each.name, each.linkname) for each in bench.entries()] == [("directory", ""), ("link", "./there")]


@needs_root
def test_another_owner_is_kept(bench: Bench) -> None:
    bench.write("below/a")
    os.chown(bench.write("upper/a"), 5, 6)
    assert [(each.uid, each.gid) for each in bench.entries()] == [(5, 6)]


def test_a_link_below_is_not_followed(bench: Bench) -> None:
    """What was a link to a directory is now a directory: all in it is new."""
    bench.write("below/usr/lib/x")
    (bench.below / "lib").symlink_to("usr/lib")
    bench.write("upper/lib/x")
    assert bench.names() == ["lib", "lib/x"]


@needs_root
def test_what_was_removed_is_marked(bench: Bench) -> None:
    bench.write("below/a/gone")
    bench.write("below/gone")
    whiteout(bench.upper / "a" / "gone")
    whiteout(bench.upper / "gone")
    whiteout(bench.upper / "never")
    (found, top) = [each for each in bench.entries() if each.name != "a"]
    assert [found.name, top.name] == ["a/.wh.gone", ".wh.gone"]
    assert (found.type, found.size, found.mtime) == (tarfile.REGTYPE, 0, NOW)


@needs_root
@pytest.mark.parametrize("attribute", ["trusted.overlay.opaque", "user.overlay.opaque"])
def test_a_directory_made_anew_hides_the_old_one(bench: Bench, attribute: str) -> None:
    bench.write("below/old/same")
    bench.write("below/old/gone")
    for name in ("old", "new"):
        bench.write(f"upper/{name}/same")
        os.setxattr(bench.upper / name, attribute, b"y")
    found = bench.entries()
    # What is equal below is hidden there, so it comes again.
    assert [each.name for each in found] == ["new", "new/same", "old", "old/.wh..wh..opq", "old/same"]
    assert all(not each.pax_headers for each in found)


@needs_root
def test_what_overlayfs_keeps_elsewhere_is_refused(bench: Bench) -> None:
    bench.write("upper/a/b")
    os.setxattr(bench.upper / "a", "trusted.overlay.redirect", b"/old")
    with pytest.raises(ImageFormatError, match="moved"):
        bench.pack()


@needs_root
def test_capabilities_are_kept(bench: Bench) -> None:
    capability = b"\x01\x00\x00\x02\x00\x04" + bytes(14)
    bench.write("below/ping")
    os.setxattr(bench.write("upper/ping"), "security.capability", capability)
    (found,) = bench.entries()
    assert found.pax_headers == {"SCHILY.xattr.security.capability": capability.decode()}


def test_hard_links_stay_links(bench: Bench) -> None:
    bench.write("below/a", "text")
    os.link(bench.write("upper/a", "text"), bench.upper / "b")
    assert [(each.name, each.islnk(), each.linkname) for each in bench.entries()] == [
        ("a", False, ""),
        ("b", True, "a"),
    ]


def test_sockets_are_left_out(bench: Bench) -> None:
    with socket.socket(socket.AF_UNIX) as open_one:
        open_one.bind(os.path.relpath(bench.upper / "socket"))
        bench.write("upper/file")
        assert bench.names() == ["file"]


@needs_root
def test_devices_are_left_out_of_dev_and_refused_elsewhere(bench: Bench) -> None:
    (bench.upper / "dev").mkdir()
    os.mknod(bench.upper / "dev" / "null", 0o020666, os.makedev(1, 3))
    assert bench.names() == ["dev"]
    os.mknod(bench.upper / "null", 0o020666, os.makedev(1, 3))
    with pytest.raises(ImageFormatError, match="device"):
        bench.pack()


@pytest.mark.parametrize("excluded", ["run/secrets", "/run/secrets"])
def test_what_is_excluded_is_left_out_with_all_in_it(bench: Bench, excluded: str) -> None:
    for name in ("run/secrets/a/b", "run/secrets-too", "run/other"):
        bench.write(f"upper/{name}")
    assert bench.names(excluded) == ["run", "run/other", "run/secrets-too"]


def test_a_name_that_is_a_mark_is_refused(bench: Bench) -> None:
    bench.write("upper/.wh.etc")
    with pytest.raises(ImageFormatError, match="removes"):
        bench.pack()


def fill(bench: Bench) -> None:
    for name in ("a/file", "a/" + "long" * 50, "z"):
        bench.write(f"upper/{name}", name * 1000)
    bench.write(f"upper/{os.fsdecode(b'bytes-' + bytes([0xFF]))}", mode=0o4755)
    (bench.upper / "link").symlink_to("x/../y/")
    os.mkfifo(bench.upper / "pipe", 0o640)
    os.link(bench.upper / "z", bench.upper / "zz")


def test_a_layer_unpacks_to_what_it_was_made_of(bench: Bench, tmp_path: Path) -> None:
    fill(bench)
    packed = bench.pack(below=False)
    (tmp_path / "root").mkdir()
    assert packed is not None
    with bench.blobs.open(packed.descriptor) as file:
        unpack_layer(file, packed.descriptor, packed.diff_id, tmp_path / "root")
    assert tree(tmp_path / "root") == tree(bench.upper)
    assert (tmp_path / "root" / "zz").stat().st_nlink == 2


@needs_root
@pytest.mark.skipif("ng" in zlib.ZLIB_RUNTIME_VERSION, reason="another compressor, other bytes")
def test_the_bytes_are_these(bench: Bench) -> None:
    """On every machine, and in every version: whoever changes this changes the digests of all images."""
    fill(bench)
    for path in (bench.upper / "a", bench.upper / "link", bench.upper / "pipe"):
        os.utime(path, (NOW + 9, NOW + 9), follow_symlinks=False)
    for path in (bench.upper / "a", bench.upper / "pipe"):
        path.chmod(0o755)
    packed = bench.pack(below=False)
    assert packed is not None
    assert packed.diff_id == "sha256:88cc3fbbbe09853e31d494441ae67be1effc9d4bffbe5088ad02824fe5dd5a35"
    assert packed.descriptor.digest == "sha256:e0649c2996c333efded8dc1615160731fd7face386aa4ee6c6d4a65789dccecc"
