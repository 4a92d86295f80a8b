"""`--output`: what can be typed, and what is written."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cargo_stow.backends import catalog
from cargo_stow.backends.docker import DockerBackend
from cargo_stow.backends.protocol import Image
from cargo_stow.backends.youki.backend import YoukiBackend
from cargo_stow.backends.youki.store import Store
from cargo_stow.entry import run_cli
from cargo_stow.errors import EngineError, ImageNotFoundError, UsageError
from cargo_stow.oci import archive
from cargo_stow.oci.archive import write_oci_archive
from cargo_stow.oci.blobs import Blobs
from cargo_stow.oci.graph import reachable
from cargo_stow.oci.image import parse_config, parse_manifest
from cargo_stow.oci.imports import import_archive
from cargo_stow.oci.layout import load_layout
from cargo_stow.oci.output import TYPES, Output, check_count, parse_output
from tests.backends.stub_engine import StubEngine
from tests.backends.voice import KeptVoice
from tests.backends.youki.test_pruning import put_image
from tests.canned_runner import CannedRunner

if TYPE_CHECKING:
    from cargo_stow.backends.memory import MemoryBackend
    from cargo_stow.backends.protocol import Backend

TARGET = "registry.example.org/team/greeter:1"


@pytest.fixture(autouse=True)
def _catalog(backend: MemoryBackend, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("signal.signal", lambda *_given: None)
    monkeypatch.setenv("PATH", environment["PATH"])
    monkeypatch.setitem(catalog.BACKENDS, "docker", lambda *_given: backend)


def test_fields_come_in_any_order() -> None:
    expected = Output(kind="oci-layout", path=Path("out"))
    assert parse_output("type=oci-layout,dest=out") == parse_output("dest=out,type=oci-layout") == expected
    assert parse_output('type=oci-layout,"dest=a,b=c"').path == Path("a,b=c")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "missing"), ("out.tar", "no field 'out.tar'"), ("type=docker,dest=x", "'docker' is no type"),
        ("type=oci-layout", "`dest` is missing"), ("dest=x", "`type` is missing"), ("type=oci-layout,dest=", "`dest`"),
        ("type=oci-layout,dest=x,tar=false", "no field 'tar'"), ("type=oci-layout,dest=x,dest=y", "twice"),
        ("type=oci-layout,dest=/", "replaced"), ("type=oci-layout,dest=..", "replaced"), ('"', "cannot be read"),
    ],
)  # fmt: skip
def test_what_cannot_be_typed(text: str, problem: str) -> None:
    with pytest.raises(UsageError, match=r"^--output ") as caught:
        parse_output(text)
    assert problem in caught.value.message
    assert "type=TYPE,dest=PATH" in caught.value.hint


@given(st.text())
def test_any_text_is_an_output_or_refused(text: str) -> None:
    for each in (text, f"type=oci-archive,dest={text}", f"dest=x,type={text}"):
        try:
            found = parse_output(each)
        except UsageError:
            continue
        assert found.kind in TYPES
        assert found.path.name


def test_one_image_to_docker() -> None:
    for kind in TYPES:
        check_count(Output(kind=kind, path=Path("x")), 1, "")
    check_count(Output(kind="oci-archive", path=Path("x")), 2, "")
    with pytest.raises(UsageError):
        check_count(Output(kind="docker-archive", path=Path("x")), 2, "choose one")


@pytest.mark.parametrize("kind", TYPES)
def test_an_image_is_written_whether_it_is_built_or_not(
    greeter: Path, backend: MemoryBackend, kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "out"
    for verb in ("Built", "Fresh"):
        assert run_cli(["build", "--output", f"type={kind},dest={path}"]) == 0
        captured = capsys.readouterr()
        assert captured.out == f"{backend.tags[TARGET]}\n"
        assert verb in captured.err
        assert _label(kind, path, tmp_path) == backend.tags[TARGET]
        path.rename(tmp_path / verb)
    assert backend.counts["build"] == 1
    assert not (greeter / "target/stow/saved").exists()


def _label(kind: str, path: Path, scratch: Path) -> object:
    """What the written image says it is, read under its own name."""
    if kind == "oci-layout":
        descriptor, blobs = load_layout(path, TARGET)
    else:
        blobs = Blobs(scratch / "read")
        [(names, descriptor)] = import_archive(io.BytesIO(path.read_bytes()), blobs)
        assert TARGET in names
    config = parse_manifest(blobs.read(descriptor), "it").config
    return parse_config(blobs.read(config), "it").config["Labels"]["id"]


def test_a_write_that_fails_leaves_what_was_there(
    greeter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "image.tar"
    path.write_text("old")

    def fail(*_given: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(archive, "_add_bytes", fail)
    assert run_cli(["build", "--output", f"type=docker-archive,dest={path}"]) == 14
    captured = capsys.readouterr()
    assert captured.out == ""
    assert f"cannot write {path}: No space left" in captured.err
    assert path.read_text() == "old"
    assert {each.name for each in tmp_path.iterdir()} >= {"image.tar", "crate"}
    assert not list(tmp_path.glob(".new-*"))


def _docker(engine: StubEngine) -> Backend:
    made: Any = DockerBackend(CannedRunner(), {}, print)
    made._engine = engine
    backend: Backend = made
    return backend


def test_each_backend_gives_the_bytes_of_its_images(tmp_path: Path) -> None:
    """What docker saved, and what the store has, is one image: manifest, configuration and layers are there."""
    store = Store(tmp_path / "store")
    manifest = put_image(store, "one", "web:1", used=5)
    engine = StubEngine()
    write_oci_archive(tmp_path / "saved.tar", store.blobs, [(None, manifest)])
    engine.archive = (tmp_path / "saved.tar").read_bytes()
    environment = {"CARGO_STOW_STORE": str(store.directory)}
    image = Image(id=manifest.digest, reference="")
    for number, each in enumerate((_docker(engine), YoukiBackend(CannedRunner(), environment, KeptVoice()))):
        directory = tmp_path / f"{number}"
        directory.mkdir()
        with each.save([image], directory) as (blobs, [found]):
            assert found == manifest
            assert all(map(blobs.has, reachable(blobs, [found]).values()))
    assert engine.asked == [("save", manifest.digest)]


def test_an_image_that_went_away(tmp_path: Path) -> None:
    backend = YoukiBackend(CannedRunner(), {"CARGO_STOW_STORE": str(tmp_path)}, KeptVoice())
    with pytest.raises(ImageNotFoundError), backend.save([Image(id=f"sha256:{'1' * 64}", reference="")], tmp_path):
        pass


def test_an_engine_that_saves_no_image(tmp_path: Path) -> None:
    engine = StubEngine()
    write_oci_archive(tmp_path / "saved.tar", Blobs(tmp_path), [])
    engine.archive = (tmp_path / "saved.tar").read_bytes()
    with (
        pytest.raises(EngineError, match="gave 0 images"),
        _docker(engine).save([Image(id="x", reference="")], tmp_path),
    ):
        pass


def test_several_images(
    greeter: Path, backend: MemoryBackend, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["build", "--platforms", "linux/amd64", "--platforms", "linux/arm64"]
    assert run_cli([*words, "--output", f"type=docker-archive,dest={tmp_path / 'a'}"]) == 2
    assert "--platforms linux/amd64" in capsys.readouterr().err
    assert not backend.counts["build"]
    assert run_cli([*words, "--output", f"type=oci-layout,dest={tmp_path / 'a'}"]) == 0
    index = json.loads((tmp_path / "a/index.json").read_text())
    tags = [each["annotations"]["org.opencontainers.image.ref.name"] for each in index["manifests"]]
    assert [each.rpartition(":")[2] for each in tags] == ["1-amd64", "1-arm64"]
    assert all(each.startswith("registry.example.org/") for each in tags)
    assert run_cli([*words, "--output", f"type=oci-archive,dest={tmp_path / 'b'}"]) == 0
    with tarfile.open(tmp_path / "b") as tar:
        assert "index.json" in tar.getnames()
