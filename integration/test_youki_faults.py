"""The youki backend where something gives way: the disk, the registry, the process itself, or the store beneath it.

`STOW_KILLS` says how many builds are killed.
"""

from __future__ import annotations

import hashlib
import os
import random
import secrets
import shutil
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from integration.driver.cut import Cut
from integration.driver.marks import own_engine_only

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from integration.driver.registry import Registry
    from integration.driver.stow import Stow

_KILLS = int(os.environ.get("STOW_KILLS", "6"))
_MB = 1 << 20


class Disk:
    """A disk in memory, which has as much room as it is given."""

    def __init__(self, place: Path) -> None:
        self.place = place
        place.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8g", "tmpfs", place], check=True)

    def leave(self, count: int) -> None:
        """Leave room for so many bytes."""
        used = shutil.disk_usage(self.place).used
        size = f"remount,size={used + count}"
        subprocess.run(["mount", "-o", size, self.place], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    made = Disk(tmp_path / "disk")
    yield made
    subprocess.run(["umount", made.place], check=True)


def whole(store: Path) -> None:
    """Nothing is half there: each blob is what its name says, and nothing is being made."""
    for blob in (store / "blobs").glob("sha256/*"):
        assert hashlib.sha256(blob.read_bytes()).hexdigest() == blob.name
    assert not list((store / "tmp").glob("*"))
    with open("/proc/self/mountinfo", encoding="utf-8") as mounts:  # noqa: PTH123
        assert f"{store}/" not in mounts.read()


def test_a_full_disk(native: Callable[[str, str], Stow], native_store: Path, disk: Disk) -> None:
    stow = native("greeter", "youki")
    stow("build")
    store = disk.place / "store"
    subprocess.run(["cp", "--archive", native_store, store], check=True)
    stow.environment["CARGO_STOW_STORE"] = str(store)
    assert "[" not in stow("build").err, "no step runs again"
    stow.edit("src/main.rs", "Hello, ", "Hi, ")
    disk.leave(_MB // 4)
    failed = stow("build", code=None)
    assert failed.code in {5, 14}
    assert f"MB are left on the disk of {store}" in failed.err or "No space left on device" in failed.err
    whole(store)
    disk.leave(1024 * _MB)
    stow("build")
    assert stow("run", "-q", "--", "you").out == "Hi, you!\n"


def test_a_disk_that_the_base_does_not_fit_on(native: Callable[[str, str], Stow], disk: Disk) -> None:
    stow = native("greeter", "youki")
    store = disk.place / "store"
    stow.environment["CARGO_STOW_STORE"] = str(store)
    disk.leave(20 * _MB)
    failed = stow("update", code=14)
    assert "No space left on device" in failed.err
    assert not (stow.root / "Stow.lock").exists()
    whole(store)
    disk.leave(1024 * _MB)
    stow("update")
    whole(store)


@own_engine_only
def test_a_registry_that_goes_away(
    native: Callable[[str, str], Stow], registry: Registry, tmp_path: Path, engine: object
) -> None:
    stow = native("greeter", "youki")
    store = tmp_path / "store"
    stow.environment["CARGO_STOW_STORE"] = str(store)
    pushed = f"{registry.host}/faults/base:1"
    stow.engine.docker("tag", "debian:bookworm-slim", pushed)
    stow.engine.docker("push", "--quiet", pushed)
    stow.engine.docker("rmi", pushed)
    with Cut(int(registry.host.rpartition(":")[2])) as cut:
        stow.edit("Cargo.toml", "debian:bookworm-slim", f"{cut.host}/faults/base:1")
        cut.left = 5 * _MB
        failed = stow("update", code=11)
        assert cut.host in failed.err
        assert not (stow.root / "Stow.lock").exists()
        whole(store)
        cut.left = None
        stow("update")
        assert cut.host in (stow.root / "Stow.lock").read_text()
        whole(store)


def test_builds_that_are_killed(native: Callable[[str, str], Stow], native_store: Path) -> None:
    stow = native("greeter", "youki")
    stow("build")
    seed = secrets.randbits(32)
    moments = random.Random(seed)  # noqa: S311 - to be had again
    for number in range(_KILLS):
        stow.edit("src/main.rs", "fn main", f"const N{number}: u8 = 1;\nfn main")
        running = stow.start("build")
        time.sleep(moments.uniform(0, 2))
        running.send(signal.SIGKILL)
        running.wait(60)
        greeting = f"Hello {number}, "
        stow.edit("src/main.rs", "Hello, ", greeting)
        stow("build")
        assert stow("run", "-q", "--", "you").out == f"Hello {number}, you!\n", f"seed {seed}"
        stow.edit("src/main.rs", greeting, "Hello, ")
    whole(native_store)


def test_pruned_while_it_is_built_in(native: Callable[[str, str], Stow], native_store: Path, tmp_path: Path) -> None:
    stow = native("greeter", "youki")
    stow("build")
    subprocess.run(["cp", "--archive", native_store, tmp_path / "store"], check=True)
    stow.environment["CARGO_STOW_STORE"] = str(tmp_path / "store")
    stow.edit("src/main.rs", "Hello, ", "Hi, ")
    building = stow.start("build")
    building.until_it_says("[build 1/1]")
    pruned = stow("cache", "prune", "--all")
    assert "Built" in building.err, "prune waits for a build"
    stow.finish(building)
    assert "Removed 2 bases" in pruned.err
    assert "Fresh" in stow("build").err
    assert stow("run", "-q", "--", "you").out == "Hi, you!\n"
    whole(tmp_path / "store")
