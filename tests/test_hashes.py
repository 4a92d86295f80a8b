"""Remembered hashes: what is not read again, and above all what is."""

from __future__ import annotations

import hashlib
import json
import os
import time
from typing import TYPE_CHECKING

import pytest

from cargo_stow import hashes as module
from cargo_stow.context import digest_file
from cargo_stow.hashes import Hashes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Look = Callable[[], bytes]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "model.bin"
    path.write_text("first")
    wait_for_the_clock(tmp_path)
    return path


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "stow" / "hashes" / "greeter.json"


@pytest.fixture
def look(file: Path, cache: Path) -> Look:
    """What a run of ours does."""

    def once() -> bytes:
        hashes = Hashes(cache)
        digest = hashes.digest(file, file.lstat())
        hashes.save()
        return digest

    return once


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that are read."""
    seen: list[Path] = []
    digest = digest_file

    def counted(path: Path) -> bytes:
        seen.append(path)
        return digest(path)

    monkeypatch.setattr(module, "digest_file", counted)
    return seen


def wait_for_the_clock(directory: Path) -> None:
    """Until a file that is written now is younger than those there are: within one tick nothing is remembered."""
    probe = directory / "probe"
    probe.touch()
    before = probe.stat().st_mtime_ns
    while probe.stat().st_mtime_ns == before:
        time.sleep(0.002)
        probe.touch()
    probe.unlink()


def sha256(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def test_a_file_is_read_once(file: Path, look: Look, reads: list[Path]) -> None:
    assert [look() for _ in range(3)] == [sha256("first")] * 3
    assert reads == [file]


def test_nothing_is_written_that_is_written_already(look: Look, cache: Path) -> None:
    look()
    before = cache.stat()
    look()
    assert cache.stat() == before
    assert sorted(path.name for path in cache.parent.iterdir()) == ["greeter.clock", "greeter.json"]


def test_an_edit_with_the_old_size_and_mtime_is_noticed(file: Path, look: Look) -> None:
    look()
    before = file.stat()
    file.write_text("FIRST")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = file.stat()
    assert (after.st_size, after.st_mtime_ns, after.st_ino) == (before.st_size, before.st_mtime_ns, before.st_ino)
    assert look() == sha256("FIRST")


def test_another_file_of_the_same_name_is_noticed(file: Path, look: Look) -> None:
    look()
    other = file.with_name("other")
    other.write_text("other")
    os.utime(other, ns=(file.stat().st_atime_ns, file.stat().st_mtime_ns))
    other.replace(file)
    assert look() == sha256("other")


def test_what_changed_in_this_tick_is_read_again(file: Path, look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second write in the same tick of the clock would leave everything that is compared as it is."""
    status = file.stat()
    monkeypatch.setattr(Hashes, "_look_at_clock", lambda _self: (status.st_dev, status.st_ctime_ns))
    monkeypatch.setattr(module, "_state", lambda _status: [1, 2, 3, 4, 5])
    assert look() == sha256("first")
    file.write_text("again")
    assert look() == sha256("again")


def test_what_changed_after_the_clock_is_read_again(
    file: Path, look: Look, reads: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Hashes, "_look_at_clock", lambda _self: (file.stat().st_dev, file.stat().st_ctime_ns - 1))
    look()
    look()
    assert len(reads) == 2


def test_a_file_with_a_date_of_the_future_is_read_once(file: Path, look: Look, reads: list[Path]) -> None:
    os.utime(file, ns=(0, 2**62))
    wait_for_the_clock(file.parent)
    look()
    look()
    assert len(reads) == 1


def test_a_version_is_that_of_what_was_read(file: Path, cache: Path) -> None:
    """The status that a caller took may be older."""
    hashes, status = Hashes(cache), file.lstat()
    file.write_text("a longer text")
    os.utime(file, ns=(0, 7))
    assert hashes.digest(file, status) == sha256("a longer text")
    assert hashes.versions == {str(file): (13, 7, sha256("a longer text").hex())}


def test_the_clock_is_looked_at_before_the_file(file: Path, look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written between the two would else pass for what was read."""
    clock = Hashes._look_at_clock

    def meanwhile(hashes: Hashes) -> tuple[int, int]:
        found = clock(hashes)
        file.write_text("after")
        return found

    monkeypatch.setattr(Hashes, "_look_at_clock", meanwhile)
    assert look() == sha256("after")
    monkeypatch.undo()
    assert look() == sha256("after")


def test_the_clock_of_another_file_system_says_nothing(
    look: Look, reads: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Hashes, "_look_at_clock", lambda _self: (-5, 2**62))
    look()
    look()
    assert len(reads) == 2


def test_where_nothing_can_be_written_all_is_read(file: Path, cache: Path, look: Look, reads: list[Path]) -> None:
    cache.parent.parent.write_text("a file where a directory should be")
    assert look() == look() == sha256("first")
    assert reads == [file, file]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "\xff",
        "[" * 100_000,
        '{"version": 1}',
        '{"version": 2, "files": {}}',
        '{"version": 1, "files": 3}',
    ],
)
def test_a_damaged_file_is_none(cache: Path, look: Look, text: str) -> None:
    cache.parent.mkdir(parents=True)
    cache.write_bytes(text.encode("latin-1"))
    assert look() == sha256("first")


@pytest.mark.parametrize(
    "entry", [None, [], 3, {}, "state", ["state"], ["state", None], ["state", 7], ["state", "xyz"]]
)
def test_a_damaged_entry_is_none(file: Path, cache: Path, look: Look, entry: object) -> None:
    status = file.stat()
    state = [status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns]
    filled = [*state, *entry[1:]] if isinstance(entry, list) and entry else entry
    cache.parent.mkdir(parents=True)
    cache.write_text(json.dumps({"version": 1, "files": {str(file): filled}}))
    assert look() == sha256("first")


def test_only_what_was_asked_for_stays(file: Path, cache: Path, look: Look) -> None:
    look()
    hashes = Hashes(cache)
    other = file.with_name("other")
    other.write_text("other")
    wait_for_the_clock(file.parent)
    hashes.digest(other, other.lstat())
    hashes.save()
    assert list(json.loads(cache.read_text())["files"]) == [str(other)]


def test_saving_without_a_question_keeps_what_is_there(cache: Path, look: Look) -> None:
    look()
    before = cache.read_bytes()
    Hashes(cache).save()
    assert cache.read_bytes() == before


def test_a_file_that_cannot_be_read(file: Path, cache: Path) -> None:
    status = file.lstat()
    file.unlink()
    with pytest.raises(FileNotFoundError):
        Hashes(cache).digest(file, status)
