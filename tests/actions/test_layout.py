"""Where no engine keeps images, a build gives them out as a layout below the target directory."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from cargo_stow.backends import catalog
from cargo_stow.backends.youki.backend import YoukiBackend
from cargo_stow.context import hash_files, list_files
from cargo_stow.entry import run_cli
from cargo_stow.errors import BuildError, FileError
from cargo_stow.lock import Pin
from cargo_stow.oci import shared
from cargo_stow.oci.descriptor import LAYER
from cargo_stow.oci.layout import load_layout
from cargo_stow.process import SystemRunner
from tests.backends.voice import KeptVoice
from tests.oci.test_layout import make_image

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cargo_stow.backends.memory import MemoryBackend
    from cargo_stow.backends.protocol import BuildOrder, Image
    from cargo_stow.families import BaseFacts
    from cargo_stow.platforms import Platform
    from cargo_stow.reference import ImageRef

TARGET = "registry.example.org/team/greeter:1"


class Native(YoukiBackend):
    """Its own store, and images that a hash of the context is in; whatever is built on has a digest."""

    def resolve(self, reference: ImageRef, platform: Platform, known: Pin | None, *, offline: bool = False) -> Pin:  # noqa: ARG002
        return Pin(reference=reference.tagged, platform=platform, digest=f"sha256:{'d' * 64}")

    def inspect_base(self, pin: Pin, directory: Path) -> BaseFacts:
        return self.known.inspect_base(pin, directory)

    def build(self, orders: Sequence[BuildOrder]) -> list[Image]:
        self.builds += len(orders)
        return [self._build_one(order) for order in orders]

    def _build_one(self, order: BuildOrder) -> Image:
        text = hash_files(order.root, list_files(order.root, order.plan.context)) + order.plan.name
        made = make_image(self._store.blobs, LAYER, user=text)
        self._images.add(made.digest, made)
        return self._image(made)

    builds = 0
    known: MemoryBackend


@pytest.fixture
def native(
    backend: MemoryBackend, environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Native:
    made = Native(SystemRunner(), environment | {"CARGO_STOW_STORE": str(tmp_path / "store")}, KeptVoice())
    made.known = backend
    monkeypatch.setattr("signal.signal", lambda *_given: None)
    monkeypatch.setenv("PATH", environment["PATH"])
    monkeypatch.setitem(catalog.BACKENDS, "docker", lambda *_given: made)
    return made


def build(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    assert run_cli(["build", *words]) == code
    return capsys.readouterr().out


def names(layout: Path) -> list[str]:
    index = json.loads((layout / "index.json").read_text())
    return [each["annotations"]["org.opencontainers.image.ref.name"] for each in index["manifests"]]


def test_what_is_printed_is_there(greeter: Path, native: Native, capsys: pytest.CaptureFixture[str]) -> None:
    layout = greeter / "target" / "stow" / "layout"
    out = build(capsys, "-t", "next")
    descriptor, _ = load_layout(layout, TARGET)
    assert out == f"oci-layout://{layout}@{descriptor.digest}\n"
    assert names(layout) == [TARGET, "registry.example.org/team/greeter:next"]
    before = layout.stat()
    assert build(capsys, "-t", "next") == out
    assert layout.stat() == before, "a no-op writes nothing"
    assert native.builds == 1
    assert sorted(each.name for each in layout.parent.glob(".*")) == []


@pytest.mark.parametrize("what", [".", "index.json", "blobs"])
def test_what_was_removed_is_there_again(
    greeter: Path, native: Native, what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    layout = greeter / "target" / "stow" / "layout"
    out = build(capsys)
    gone = layout / what
    shutil.rmtree(gone) if gone.is_dir() else gone.unlink()
    assert build(capsys) == out
    assert load_layout(layout, TARGET)
    assert native.builds == 1


def test_an_edit_replaces_the_image(greeter: Path, native: Native, capsys: pytest.CaptureFixture[str]) -> None:
    layout = greeter / "target" / "stow" / "layout"
    first = build(capsys, "-t", "old")
    (greeter / "src" / "main.rs").write_text("fn main() { }")
    assert build(capsys) != first
    assert names(layout) == [TARGET], "what the last build named"
    assert len(list((layout / "blobs" / "sha256").iterdir())) == 3
    assert native.builds == 2


def test_another_image_of_the_target_directory_stays(
    greeter: Path, native: Native, capsys: pytest.CaptureFixture[str]
) -> None:
    layout = greeter / "target" / "stow" / "layout"
    build(capsys)
    build(capsys, "--profile", "dev", "--target-image", "greeter:dev")
    assert names(layout) == ["greeter:dev", TARGET]
    assert native.builds == 2


def test_a_layout_that_cannot_be_written(
    greeter: Path, native: Native, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Names and record are as they were, so the next build knows that it has something to do."""
    layout = greeter / "target" / "stow" / "layout"
    first = build(capsys)

    def fail(*_given: object) -> None:
        raise FileError("no space left")

    (greeter / "src" / "main.rs").write_text("fn main() { }")
    with monkeypatch.context() as patched:
        patched.setattr(shared, "put_images", fail)
        assert build(capsys, code=14) == ""
    assert load_layout(layout, TARGET)[0].digest == first.strip().partition("@")[2]
    assert native.find(TARGET) == native.find(first.strip().partition("@")[2])
    second = build(capsys)
    assert second != first
    assert native.builds == 3


def test_a_failed_build_leaves_it(
    greeter: Path, native: Native, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    layout = greeter / "target" / "stow" / "layout"
    build(capsys)
    before = layout.stat()

    def fail(*_given: object) -> None:
        raise BuildError("it does not compile")

    (greeter / "src" / "main.rs").write_text("fn main() {")
    monkeypatch.setattr(native, "build", fail)
    build(capsys, code=5)
    assert layout.stat() == before


def test_a_link_in_its_place_is_refused(
    greeter: Path, native: Native, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (greeter / "target" / "stow").mkdir(parents=True)
    (greeter / "target" / "stow" / "layout").symlink_to(tmp_path / "elsewhere")
    build(capsys, code=14)
    assert native.builds == 0
    assert not list((tmp_path / "elsewhere").iterdir())


def test_an_engine_s_images_are_in_the_engine(
    greeter: Path, native: Native, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Native, "lays_out", False)
    assert build(capsys).startswith(f"oci-layout://{native._store.directory}@")
    assert not (greeter / "target" / "stow" / "layout").exists()
