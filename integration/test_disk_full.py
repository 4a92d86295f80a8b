"""A disk that is full when a file is to be written: the old file stays whole, and no half of a new one is left."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from integration.driver.marks import newer_engine_only

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from integration.driver.state import State
    from integration.driver.stow import Stow

pytestmark = newer_engine_only


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 400 KiB."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", place], check=False, capture_output=True
    )
    if mounted.returncode != 0:
        pytest.skip("this machine lets nobody mount a disk")
    yield place
    subprocess.run(["umount", place], check=True)


def fill(place: Path) -> None:
    """Write until nothing more can be written."""
    with (place / "filler").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            return


@pytest.fixture
def small(greeter: Stow, small_disk: Path) -> Stow:
    """The greeter on the small disk, built, with its Dockerfile."""
    shutil.copytree(greeter.root, small_disk / "crate")
    greeter.root = small_disk / "crate"
    greeter("build")
    greeter("dockerfile")
    return greeter


def another_program(stow: Stow) -> None:
    stow.edit("src/main.rs", "Hello, ", "Hallo, ")


def another_user(stow: Stow) -> None:
    stow.edit("Cargo.toml", "build_deps = []", 'user = "7"     ')


def no_lock(stow: Stow) -> None:
    (stow.root / "Stow.lock").unlink()


CASES = [
    ("the-record", another_program, ["build"]),
    ("the-dockerfile", another_user, ["dockerfile"]),
    ("stow-lock", no_lock, ["build"]),
    ("stow-lock-by-update", no_lock, ["update"]),
]


@pytest.mark.parametrize(("change", "argv"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_full_disk(small: Stow, small_disk: Path, change: Callable[[Stow], None], argv: list[str]) -> None:
    change(small)
    fill(small_disk)
    before = small.state()
    done = small(*argv, code=14)
    assert "No space left on device" in done.err
    assert str(small.root) in done.err
    assert "free some space" in done.err
    assert (done.out, small.state()) == ("", before)
    (small_disk / "filler").unlink()
    small(*argv)
    assert small("build").reference


def test_full_target_directory(greeter: Stow, small_disk: Path) -> None:
    greeter.environment["CARGO_TARGET_DIR"] = str(small_disk)
    greeter("build")
    another_program(greeter)
    fill(small_disk)
    before: State = greeter.state()
    record = (small_disk / "stow/record.json").read_text()
    done = greeter("build", code=14)
    assert "No space left on device" in done.err
    assert greeter.state() == before
    assert (small_disk / "stow/record.json").read_text() == record
    assert list(small_disk.rglob(".stow-*")) == []


def test_result_that_cannot_be_written(greeter: Stow) -> None:
    greeter("build")
    done = greeter.run(["sh", "-c", "cargo-stow build >/dev/full"], code=14)
    assert "stdout" in done.err
    assert "Traceback" not in done.err
