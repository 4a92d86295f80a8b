"""A layer applied to a directory: what it makes, and what it may not."""

from __future__ import annotations

import io
import os
import stat
import tarfile
from typing import TYPE_CHECKING, Any

import pytest
import zstandard

from cargo_stow.errors import ImageFormatError
from cargo_stow.oci.changes import Limits
from cargo_stow.oci.descriptor import DOCKER_LAYER, LAYER, LAYER_GZIP, LAYER_ZSTD
from cargo_stow.oci.unpack import unpack_layer
from tests.oci.layers import apply, archive, compress, describe, digest, directory, entry, hard_link, symlink, tree

if TYPE_CHECKING:
    from pathlib import Path

IS_ROOT = os.geteuid() == 0


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The root of an image, beside a file that no layer may touch."""
    (tmp_path / "canary").mkdir()
    (tmp_path / "canary" / "file").write_text("alive", encoding="utf-8")
    (tmp_path / "root").mkdir()
    return tmp_path / "root"


def names(root: Path) -> list[str]:
    return sorted(tree(root))


def test_entries_become_files(root: Path) -> None:
    pipe = entry("etc/pipe", tarfile.FIFOTYPE, mode=0o600)
    apply(
        root,
        archive(
            directory("./", mode=0o711),
            directory("etc", mode=0o750, mtime=1000),
            (entry("etc/sudo", mode=0o4755, mtime=2000), b"text"),
            hard_link("etc/again", "/etc/sudo"),
            symlink("etc/link", "../..//x/"),
            pipe,
        ),
    )
    found = (root / "etc" / "sudo").stat()
    assert (stat.S_IMODE(found.st_mode), found.st_mtime_ns, found.st_nlink) == (0o4755, 2000 * 10**9, 2)
    assert (root / "etc" / "again").read_bytes() == b"text"
    assert os.readlink(root / "etc" / "link") == "../..//x/"  # noqa: PTH115
    assert (root / "etc" / "pipe").is_fifo()
    assert (root / "etc").stat().st_mtime == 1000
    assert [stat.S_IMODE(path.stat().st_mode) for path in (root, root / "etc")] == [0o711, 0o750]


@pytest.mark.skipif(not IS_ROOT, reason="only root gives files away")
def test_root_sets_numeric_owners(root: Path) -> None:
    facts: dict[str, Any] = {"uid": 1234, "gid": 2**31, "uname": "daemon"}
    link = symlink("link", "nowhere")
    link.uid = 77
    apply(root, archive(entry("file", **facts), directory("directory", **facts), link))
    for name in ("file", "directory"):
        assert ((root / name).stat().st_uid, (root / name).stat().st_gid) == (1234, 2**31)
    assert (root / "link").lstat().st_uid == 77


def test_others_leave_owners_alone(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    apply(root, archive(entry("file", uid=4321)))
    assert (root / "file").stat().st_uid == mine


@pytest.mark.skipif(not IS_ROOT, reason="only root sets capabilities")
def test_capabilities_are_kept_and_labels_are_not(root: Path) -> None:
    capability = b"\x01\x00\x00\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
    records = {"SCHILY.xattr.security.capability": capability.decode(), "SCHILY.xattr.security.selinux": "label"}
    apply(root, archive(entry("file", pax_headers=records)))
    assert os.getxattr(root / "file", "security.capability") == capability
    assert os.listxattr(root / "file") == ["security.capability"]


@pytest.mark.parametrize("name", ["trusted.overlay.opaque", "user.overlay.redirect"])
@pytest.mark.parametrize("make", [entry, directory])
def test_attributes_of_overlayfs_are_refused(root: Path, name: str, make: type) -> None:
    with pytest.raises(ImageFormatError, match="overlayfs"):
        apply(root, archive(make("file", pax_headers={f"SCHILY.xattr.{name}": "y"})))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (directory("x"), symlink("x", "y")),
        (directory("x"), entry("x", mode=0o600)),
        (entry("x"), directory("x")),
        (entry("x", mode=0o600), entry("x")),
        (entry("x"), symlink("x", "y")),
        (symlink("x", "y"), entry("x")),
        # As containerd has it, also where the link leads to a directory.
        (symlink("x", "there"), directory("x")),
        (symlink("x", "../canary"), directory("x")),
    ],
)
def test_one_kind_replaces_another(root: Path, first: tarfile.TarInfo, second: tarfile.TarInfo) -> None:
    apply(root, archive(directory("there"), entry("there/kept"), first))
    apply(root, archive(second))
    (root.parent / "fresh" / "there").mkdir(parents=True)
    apply(root.parent / "fresh", archive(directory("there"), entry("there/kept"), second))
    assert tree(root) == tree(root.parent / "fresh")


def test_a_full_directory_is_replaced(root: Path) -> None:
    apply(root, archive(entry("a/b/c"), entry("a/d")))
    apply(root, archive(entry("a/x"), entry("a")))
    assert (root / "a").is_file()


def test_directories_merge(root: Path) -> None:
    apply(root, archive(directory("a", mode=0o700), entry("a/old")))
    apply(root, archive(directory("a", mode=0o755), entry("a/new")))
    assert names(root) == ["a", "a/new", "a/old"]
    assert stat.S_IMODE((root / "a").stat().st_mode) == 0o755


BELOW = archive(entry("a/b/c"), entry("a/b/d"), entry("a/e"), symlink("l", "a/b"), entry("f"))


@pytest.mark.parametrize(
    ("layer", "left"),
    [
        (archive(entry(".wh.f")), ["a", "a/b", "a/b/c", "a/b/d", "a/e", "l"]),
        (archive(entry("a/.wh.b")), ["a", "a/e", "f", "l"]),
        (archive(entry(".wh.l")), ["a", "a/b", "a/b/c", "a/b/d", "a/e", "f"]),
        (archive(entry("l/.wh.c")), ["a", "a/b", "a/b/d", "a/e", "f", "l"]),
        (archive(entry("a/.wh..wh..opq")), ["a", "f", "l"]),
        (archive(entry("a/.wh..wh..opq"), entry("a/new")), ["a", "a/new", "f", "l"]),
        # Marks come as they come: what the same layer has stays.
        (archive(entry("a/new"), entry("a/.wh..wh..opq")), ["a", "a/new", "f", "l"]),
        (archive(entry("a/b/new"), entry("a/.wh..wh..opq")), ["a", "a/b", "a/b/new", "f", "l"]),
        (archive(entry("a/b/new"), entry("a/.wh.b")), ["a", "a/b", "a/b/new", "a/e", "f", "l"]),
        (archive(entry("f"), entry(".wh.f")), ["a", "a/b", "a/b/c", "a/b/d", "a/e", "f", "l"]),
        (archive(entry(".wh.nothing"), entry("no/where/.wh.x")), ["a", "a/b", "a/b/c", "a/b/d", "a/e", "f", "l"]),
        (archive(entry(".wh..wh.plnk")), ["a", "a/b", "a/b/c", "a/b/d", "a/e", "f", "l"]),
    ],
)
def test_marks_remove_what_layers_below_had(root: Path, layer: bytes, left: list[str]) -> None:
    apply(root, BELOW)
    apply(root, layer)
    assert names(root) == left


@pytest.mark.parametrize(
    ("target", "where"),
    [
        ("usr/lib", "usr/lib"),
        ("/usr/lib", "usr/lib"),
        ("../../../usr/lib", "usr/lib"),
        ("/../canary", "canary"),
        ("../canary", "canary"),
        ("missing/../there", "there"),
    ],
)
def test_links_on_the_way_are_followed_inside(root: Path, target: str, where: str) -> None:
    apply(root, archive(directory("usr/lib"), symlink("lib", target), (entry("lib/x"), b"here")))
    assert (root / where / "x").read_bytes() == b"here"
    assert [path.name for path in (root.parent / "canary").iterdir()] == ["file"]


REFUSED = {
    "up": archive(entry("../canary/x")),
    "up inside": archive(entry("a/../../canary/x")),
    "link target up": archive(hard_link("x", "../canary/file")),
    "link out": archive(symlink("s", "../canary"), hard_link("x", "s/file")),
    "link to nothing": archive(hard_link("x", "nothing")),
    "link to nowhere": archive(hard_link("x", "no/where")),
    "link to a directory": archive(directory("a"), hard_link("x", "a")),
    "link to the root": archive(hard_link("x", "/")),
    "link to itself": archive(entry("x"), hard_link("x", "x")),
    "loop": archive(symlink("a", "b"), symlink("b", "a"), entry("a/x")),
    "below a file": archive(entry("a"), entry("a/x")),
    "below what it removed": archive(symlink("a/l", "/"), entry("a/l/a"), entry("a/l/x")),
    "root as a file": archive(entry("./")),
    "device": archive(entry("x", tarfile.BLKTYPE, devmajor=8)),
    "device by a link": archive(symlink("x", "dev"), entry("x/y", tarfile.CHRTYPE, devmajor=1)),
    "overlay whiteout": archive(entry("dev/x", tarfile.CHRTYPE)),
    "unknown kind": archive(entry("x", b"Z")),
    "long name": archive(entry("x" * 256)),
    "long path": archive(entry("x/" * 3000)),
    "deep": archive(entry("/".join("x" * 300))),
    "no name to remove": archive(entry(".wh.")),
    "removes its directory": archive(entry("a/.wh..")),
    "removes its parent": archive(entry("a/.wh...")),
    "owner": archive(entry("x", uid=2**32 - 1)),
    "negative owner": archive(entry("x", pax_headers={"uid": "-1"})),
    "time": archive(entry("x", pax_headers={"mtime": "1e99"})),
    "no time": archive(entry("x", pax_headers={"mtime": "nan"})),
    "long target": archive(symlink("x", "y" * 5000)),
    "cut in a file": archive((entry("x"), bytes(5000)))[:2048],
    "cut in a header": archive((entry("x"), bytes(512)), entry("y"))[:1300],
    "garbage": archive(entry("x"))[:512] + b"garbage!" * 64,
    "junk behind": archive(entry("x")) + b"junk",
    "not even a header": b"x",
    "many records": archive(entry("x", pax_headers={"comment": "x" * (2 << 20)})),
}


@pytest.mark.parametrize("layer", REFUSED.values(), ids=REFUSED.keys())
def test_what_would_do_harm_is_refused(root: Path, layer: bytes) -> None:
    with pytest.raises(ImageFormatError):
        apply(root, layer)
    assert [path.name for path in root.parent.iterdir() if path != root] == ["canary"]
    assert [path.name for path in (root.parent / "canary").iterdir()] == ["file"]
    assert (root.parent / "canary" / "file").stat().st_nlink == 1


def test_a_hard_link_to_a_link_is_the_link(root: Path) -> None:
    apply(root, archive(entry("file"), symlink("link", "file"), hard_link("again", "link")))
    assert os.readlink(root / "again") == "file"  # noqa: PTH115
    assert (root / "file").stat().st_nlink == 1


def test_a_directory_that_was_replaced_gets_no_mode(root: Path) -> None:
    apply(root, archive(directory("other/b", mode=0o755)))
    apply(root, archive(directory("a/b", mode=0o700), symlink("a", "other")))
    assert stat.S_IMODE((root / "other" / "b").stat().st_mode) == 0o755


def test_devices_of_dev_are_skipped(root: Path) -> None:
    apply(root, archive(directory("dev"), entry("dev/null", tarfile.CHRTYPE, devmajor=1, devminor=3)))
    assert names(root) == ["dev"]


def test_names_are_bytes(root: Path) -> None:
    name = os.fsdecode(b"caf\xe9 \xff")
    apply(root, archive(entry("é\n"), entry(name)))
    assert set(os.listdir(os.fsencode(root))) == {"é\n".encode(), os.fsencode(name)}  # noqa: PTH208


@pytest.mark.parametrize(
    ("media_type", "pack"),
    [
        (LAYER, bytes),
        (LAYER_GZIP, compress),
        (DOCKER_LAYER, compress),
        (DOCKER_LAYER, bytes),
        (LAYER_GZIP, lambda data: compress(data[:700]) + compress(data[700:])),
        (LAYER_ZSTD, zstandard.compress),
        (LAYER_ZSTD, lambda data: zstandard.compress(data[:700]) + zstandard.compress(data[700:])),
    ],
)
def test_layers_are_decompressed(root: Path, media_type: str, pack: type[bytes]) -> None:
    data = archive((entry("x"), b"text" * 500_000))
    packed = pack(data)
    unpack_layer(io.BytesIO(packed), describe(packed, media_type), digest(data), root)
    assert (root / "x").read_bytes() == b"text" * 500_000
    for broken in (packed[:-9], packed[: len(packed) // 2], packed + b"junk"):
        with pytest.raises(ImageFormatError):
            unpack_layer(io.BytesIO(broken), describe(broken, media_type), digest(data), root)


def test_the_digest_covers_the_stream_to_its_end(root: Path) -> None:
    data = archive(entry("x"))
    with pytest.raises(ImageFormatError, match="should unpack to"):
        unpack_layer(io.BytesIO(data + bytes(512)), describe(data), digest(data), root)


def test_an_unknown_kind_of_layer_is_refused(root: Path) -> None:
    with pytest.raises(ImageFormatError, match="cannot be unpacked"):
        unpack_layer(io.BytesIO(b""), describe(b"", "application/vnd.oci.image.layer.v1.tar+xz"), digest(b""), root)


@pytest.mark.parametrize(
    ("limits", "layer"),
    [
        (Limits(entries=2), archive(entry("a"), entry("b"), entry("c"))),
        (Limits(size=100_000), archive((entry("a"), bytes(200_000)))),
        (Limits(size=100_000), archive(entry("a")) + bytes(200_000)),
    ],
)
def test_limits_are_kept(root: Path, limits: Limits, layer: bytes) -> None:
    packed = compress(layer)
    with pytest.raises(ImageFormatError, match="more"):
        unpack_layer(io.BytesIO(packed), describe(packed, LAYER_GZIP), digest(layer), root, limits=limits)


def sparse(size: int) -> bytes:
    """A file of one kilobyte in the middle of nothing, as GNU tar writes it (PAX, version 1.0)."""
    records = {
        "GNU.sparse.major": "1",
        "GNU.sparse.minor": "0",
        "GNU.sparse.name": "hole",
        "GNU.sparse.realsize": str(size),
    }
    plan = f"1\n{size // 2}\n1024\n".encode().ljust(512, b"\0")
    return archive((entry("x", pax_headers=records), plan + b"y" * 1024))


def test_holes_stay_holes_and_count(root: Path) -> None:
    layer = sparse(8 << 20)
    apply(root, layer)
    status = (root / "hole").stat()
    assert status.st_size == 8 << 20
    assert status.st_blocks * 512 < 4 << 20
    assert (root / "hole").read_bytes().strip(b"\0") == b"y" * 1024
    with pytest.raises(ImageFormatError, match="more than"):
        unpack_layer(io.BytesIO(layer), describe(layer), digest(layer), root, limits=Limits(size=1 << 20))
