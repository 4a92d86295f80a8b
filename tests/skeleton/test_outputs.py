"""What the program of stage `tools` leaves of what build scripts wrote, and of directories."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.skeleton.trees import PACKAGES, SCRIPTED, Build, lay, read

if TYPE_CHECKING:
    from pathlib import Path

HASH = "0123456789abcdef"
MADE = {b"src/made.txt", b"lib/out/deep/made", b"Cargo.lock"}


@pytest.fixture
def made(build: Build) -> Build:
    """With files that scripts wrote into the tree, and a lock that cargo did."""
    (build.context / "Cargo.lock").unlink()
    build.sync(*SCRIPTED)
    build.compiled("app", "bin-app", "src/main.rs")
    lay(build.tree, dict.fromkeys(MADE, ("file", b"")))
    return build


def output(build: Build, package: str, place: str = "target/debug") -> Path:
    build.fingerprint(f"{package}-{HASH}", at=place)
    directory = build.root / "build" / place / "build" / f"{package}-{HASH}/out"
    lay(directory, {b"old.rs": ("file", b"")})
    return directory


def edit(build: Build, name: str, text: str = "new") -> None:
    (build.context / name).write_text(text)
    build.sync(*SCRIPTED)


def test_what_scripts_wrote_stays_while_none_has_to_run_again(made: Build) -> None:
    found = output(made, "app")
    edit(made, "src/main.rs")
    assert read(made.tree).keys() >= MADE
    assert found.exists()


@pytest.mark.parametrize("place", ["target/debug", "target/x86_64-unknown-linux-gnu/release"])
def test_when_all_scripts_run_again_nothing_is_left(made: Build, place: str) -> None:
    mine = [output(made, "app", place), output(made, "lib", place)]
    theirs = output(made, "serde", place)
    edit(made, "notes.txt")
    assert read(made.tree).keys() & MADE == {b"Cargo.lock"}
    assert not (made.tree / "lib/out").exists()
    assert [path.exists() for path in (*mine, theirs)] == [False, False, True]
    # A crate of a registry may have that name, and other times than its script.
    fingerprints = made.root / "build" / place / ".fingerprint"
    assert [(fingerprints / f"{name}-{HASH}").exists() for name in ("app", "lib", "serde")] == [False, False, True]


def test_what_one_script_left_when_only_that_runs_again(made: Build) -> None:
    mine, other = output(made, "lib"), output(made, "app")
    edit(made, "lib/Cargo.toml")
    assert (mine.exists(), other.exists()) == (False, True)
    assert read(made.tree).keys() >= MADE


def test_nothing_is_left_either_when_the_clock_went_back(made: Build) -> None:
    found = output(made, "lib")
    later = made.record.stat().st_mtime + 3600
    os.utime(found.parents[2] / f".fingerprint/lib-{HASH}/dep", (later, later))
    made.sync(*SCRIPTED)
    assert not found.exists()


def test_what_is_mounted_in_the_tree_is_no_script_s(made: Build) -> None:
    lay(made.tree, {b"vendor/x/lib.rs": ("file", b"")})
    (made.context / "notes.txt").write_text("new")
    made.sync("--skip", "vendor", *SCRIPTED)
    assert (made.tree / "vendor/x/lib.rs").exists()


def test_a_link_that_a_script_made_is_not_followed(made: Build) -> None:
    lay(made.root, {b"away/kept": ("file", b"1")})
    (made.tree / "src/out").symlink_to(made.root / "away")
    edit(made, "notes.txt")
    assert (made.root / "away/kept").exists()
    assert not (made.tree / "src/out").is_symlink()


def test_a_script_writes_again_what_it_wrote_over_a_file_that_was_sent(made: Build) -> None:
    made.compiled("app", "bin-app", "src/one.rs")
    made.sync(*SCRIPTED)
    (made.tree / "src/one.rs").write_text("// generated")
    later = made.record.stat().st_mtime + 1
    os.utime(made.tree / "src/one.rs", (later, later))
    before = made.tree.joinpath("build.rs").stat().st_mtime_ns
    made.stow("sync", made.context, made.root / "build", *SCRIPTED)
    assert (made.tree / "src/one.rs").read_text() == ""
    assert made.tree.joinpath("build.rs").stat().st_mtime_ns > before


@pytest.mark.parametrize("cut", [False, True])
def test_directories_that_become_empty_go(build: Build, cut: bool) -> None:
    lay(build.context, {b"crates/two/src/lib.rs": ("file", b""), b"crates/one": ("file", b"")})
    build.sync(*PACKAGES)
    record = build.record.read_bytes()
    for name in ("crates/two/src/lib.rs", "crates/two/src", "crates/two"):
        path = build.context / name
        path.rmdir() if path.is_dir() else path.unlink()
    build.sync(*PACKAGES)
    if cut:
        (build.tree / "crates/two").mkdir()
        build.record.write_bytes(record)
        build.sync(*PACKAGES)
    assert not (build.tree / "crates/two").exists()
    assert (build.tree / "crates/one").exists()


def test_empty_directories_are_in_the_tree(build: Build) -> None:
    """A script may list one."""
    (build.context / "lib/migrations").mkdir()
    assert build.sync(*SCRIPTED) == {"lib/src/lib.rs", "build.rs", "lib/build.rs"}
    assert (build.tree / "lib/migrations").is_dir()
    assert build.sync(*SCRIPTED) == set()
    lay(build.context, {b"lib/migrations/one.sql": ("file", b"")})
    build.sync(*SCRIPTED)
    (build.context / "lib/migrations/one.sql").unlink()
    build.sync(*SCRIPTED)
    assert list((build.tree / "lib/migrations").iterdir()) == []
    (build.context / "lib/migrations").rmdir()
    build.sync(*SCRIPTED)
    assert not (build.tree / "lib/migrations").exists()


def test_what_is_neither_file_nor_link_is_not_read(build: Build) -> None:
    os.mkfifo(build.context / "pipe")
    build.stow("sync", build.context, build.root / "build", *PACKAGES)
    assert not (build.tree / "pipe").exists()
