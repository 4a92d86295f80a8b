"""Images in directories and archives."""

from __future__ import annotations

import io
import os
import tarfile
from typing import TYPE_CHECKING

import pytest
import zstandard

from cargo_stow.errors import FileError, ImageFormatError, ImageNotFoundError
from cargo_stow.oci import replacing
from cargo_stow.oci.archive import write_docker_archive, write_oci_archive
from cargo_stow.oci.blobs import Blobs
from cargo_stow.oci.descriptor import CONFIG, LAYER, LAYER_GZIP, LAYER_ZSTD, MANIFEST, Descriptor
from cargo_stow.oci.documents import as_bytes
from cargo_stow.oci.image import Manifest, parse_config, parse_manifest
from cargo_stow.oci.imports import import_archive
from cargo_stow.oci.layout import load_layout, write_layout
from cargo_stow.reference import parse_reference
from tests.oci.layers import archive, compress, digest, entry, hard_link, symlink

if TYPE_CHECKING:
    from pathlib import Path

WEB = parse_reference("registry.example.org/team/web:1")
TAR = archive((entry("file"), b"text"))
KINDS = {LAYER: TAR, LAYER_GZIP: compress(TAR), LAYER_ZSTD: zstandard.compress(TAR)}


def make_image(blobs: Blobs, *kinds: str, user: str = "7") -> Descriptor:
    layers = tuple(blobs.put(KINDS[kind], kind) for kind in kinds)
    rootfs = {"type": "layers", "diff_ids": [digest(TAR)] * len(layers)}
    config = {"architecture": "amd64", "os": "linux", "config": {"User": user}, "rootfs": rootfs}
    manifest = Manifest(config=blobs.put(as_bytes(config), CONFIG), layers=layers)
    return blobs.put(as_bytes(manifest.as_json()), MANIFEST)


def user(blobs: Blobs, image: Descriptor) -> object:
    manifest = parse_manifest(blobs.read(image), "it")
    assert all(map(blobs.has, manifest.layers))
    return parse_config(blobs.read(manifest.config), "it").config["User"]


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path / "store")


def test_a_layout_has_what_its_images_need(tmp_path: Path, blobs: Blobs) -> None:
    image, other = make_image(blobs, LAYER_GZIP), make_image(blobs, LAYER_GZIP, user="8")
    blobs.put(b"something else", "")
    write_layout(tmp_path / "out", blobs, [(WEB, image), (parse_reference("debian"), other)])
    found, inside = load_layout(tmp_path / "out", "registry.example.org/team/web:1")
    assert (found, user(inside, found)) == (image, "7")
    assert load_layout(tmp_path / "out", "debian:latest")[0] == other
    assert load_layout(tmp_path / "out", "docker.io/library/debian:latest")[0] == other
    assert len(list((tmp_path / "out" / "blobs" / "sha256").iterdir())) == 5
    for name in (None, "2"):
        with pytest.raises(ImageNotFoundError) as caught:
            load_layout(tmp_path / "out", name)
        assert caught.value.hint.startswith("it has: debian:latest, docker.io/library/debian:latest, registry")


def test_the_only_image_needs_no_name(tmp_path: Path, blobs: Blobs) -> None:
    image = make_image(blobs, LAYER)
    write_layout(tmp_path / "out", blobs, [(None, image)])
    assert load_layout(tmp_path / "out", None)[0] == image


@pytest.mark.parametrize("is_slow", [False, True])
def test_an_old_layout_is_replaced(
    tmp_path: Path, blobs: Blobs, is_slow: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if is_slow:
        monkeypatch.setattr(replacing, "_exchange_names", lambda *paths: not paths)
    for name in ("7", "8"):
        write_layout(tmp_path / "out", blobs, [(None, make_image(blobs, LAYER, user=name))])
        found, inside = load_layout(tmp_path / "out", None)
        assert user(inside, found) == name
    assert sorted(os.listdir(tmp_path)) == ["out", "store"]  # noqa: PTH208


def test_a_failure_leaves_the_old_layout(tmp_path: Path, blobs: Blobs) -> None:
    write_layout(tmp_path / "out", blobs, [(None, make_image(blobs, LAYER))])
    image = make_image(blobs, LAYER, user="8")
    blobs.path(digest(TAR)).unlink()
    with pytest.raises(FileError):
        write_layout(tmp_path / "out", blobs, [(None, image)])
    found, inside = load_layout(tmp_path / "out", None)
    assert user(inside, found) == "7"
    assert sorted(os.listdir(tmp_path)) == ["out", "store"]  # noqa: PTH208


def test_other_directories_are_left_alone(tmp_path: Path, blobs: Blobs) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis").touch()
    with pytest.raises(FileError, match="no image layout"):
        write_layout(tmp_path / "out", blobs, [(None, make_image(blobs, LAYER))])
    assert (tmp_path / "out" / "thesis").exists()
    with pytest.raises(FileError):
        load_layout(tmp_path / "out", None)


def test_an_oci_archive_is_read_as_it_was_written(tmp_path: Path, blobs: Blobs) -> None:
    image = make_image(blobs, LAYER_GZIP, LAYER_ZSTD)
    for name in ("a", "b"):
        write_oci_archive(tmp_path / name, blobs, [(WEB, image)])
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    new = Blobs(tmp_path / "new")
    with (tmp_path / "a").open("rb") as file:
        assert import_archive(file, new) == [(("registry.example.org/team/web:1",), image)]
    assert user(new, image) == "7"


def test_an_archive_for_docker_is_read_as_it_was_written(tmp_path: Path, blobs: Blobs) -> None:
    image = make_image(blobs, LAYER_GZIP, LAYER, LAYER_ZSTD)
    write_docker_archive(tmp_path / "a", blobs, image, [WEB])
    new = Blobs(tmp_path / "new")
    with (tmp_path / "a").open("rb") as file:
        [(names, found)] = import_archive(file, new)
    assert (names, user(new, found)) == (("registry.example.org/team/web:1",), "7")
    # Docker 20.10 knows no zstd.
    assert [each.media_type for each in parse_manifest(new.read(found), "it").layers] == [LAYER_GZIP, LAYER, LAYER]


def saved(*more: tarfile.TarInfo | tuple[tarfile.TarInfo, bytes], layers: tuple[str, ...] = ("a/layer.tar",)) -> bytes:
    """As `docker save` of 20.10 writes it."""
    rootfs = {"type": "layers", "diff_ids": [digest(TAR)] * len(layers)}
    config = as_bytes({"architecture": "amd64", "os": "linux", "config": {"User": "7"}, "rootfs": rootfs})
    document = as_bytes([{"Config": "c.json", "RepoTags": ["web:1"], "Layers": list(layers)}])
    members = [(entry("a/VERSION"), b"1.0"), (entry("a/json"), b"{}"), (entry("a/layer.tar"), TAR)]
    return archive(*members, (entry("c.json"), config), *more, (entry("manifest.json"), document))


def test_what_docker_saved_is_read(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path / "new")
    data = saved(symlink("b/layer.tar", "../a/layer.tar"), layers=("a/layer.tar", "b/layer.tar"))
    [(names, image)] = import_archive(io.BytesIO(data), blobs)
    assert (names, user(blobs, image)) == (("web:1",), "7")
    layers = parse_manifest(blobs.read(image), "it").layers
    assert [(each.media_type, each.digest) for each in layers] == [(LAYER, digest(TAR))] * 2


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x1f\x8b" + bytes(2000),
        archive(entry("a")),
        saved()[:3000],
        saved(entry("../x")),
        saved(entry("c.json")),
        saved(entry("fifo", tarfile.FIFOTYPE)),
        saved(entry("blobs/sha256/../x")),
        saved((entry("blobs/sha256/" + "0" * 64), b"else")),
        saved((entry("blobs/md5/" + "0" * 64), b"else")),
        saved(layers=("../../../etc/passwd",)),
        saved(layers=("b/layer.tar",)),
        saved(symlink("b", "/etc/passwd"), layers=("b",)),
        saved(hard_link("b", "../../etc/passwd"), layers=("b",)),
        saved((entry("b"), b"other"), layers=("b",)),
        archive((entry("manifest.json"), b"{}")),
        archive((entry("manifest.json"), b"[1]")),
        archive((entry("manifest.json"), b'[{"Config":"nothing"}]')),
        archive((entry("oci-layout"), b"{}"), (entry("index.json"), b"{}")),
    ],
)
def test_what_is_no_archive_of_images_is_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(ImageFormatError):
        import_archive(io.BytesIO(data), Blobs(tmp_path / "in" / "blobs"))
    assert [each.name for each in tmp_path.iterdir()] in ([], ["in"])
    assert {each.name for each in (tmp_path / "in").glob("*")} <= {"blobs"}
    assert {each.name for each in (tmp_path / "in").glob("*/*")} <= {"sha256"}


def test_an_archive_without_its_layer_is_refused(tmp_path: Path, blobs: Blobs) -> None:
    write_oci_archive(tmp_path / "a", blobs, [(WEB, make_image(blobs, LAYER_GZIP))])
    with tarfile.open(tmp_path / "a") as tar:
        members = [(each, tar.extractfile(each).read()) for each in tar.getmembers()]  # type: ignore[union-attr]
    less = archive(*(each for each in members if not each[0].name.endswith(digest(KINDS[LAYER_GZIP])[7:])))
    with pytest.raises(ImageFormatError, match="is missing"):
        import_archive(io.BytesIO(less), Blobs(tmp_path / "new"))
