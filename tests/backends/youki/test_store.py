"""What a store keeps, and what it does not."""

from __future__ import annotations

import fcntl
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cargo_stow.backends.youki.store import Store, find_store
from cargo_stow.errors import FileError


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def test_scratch_is_gone_afterwards(store: Store) -> None:
    with store.scratch() as one, store.scratch() as other:
        assert one != other
        assert one.stat().st_mode & 0o777 == 0o700
        (one / "sub").mkdir()
        (one / "sub/file").touch()
    with pytest.raises(KeyError), store.scratch() as third:
        raise KeyError
    assert not any(each.exists() for each in (one, other, third))


def test_ids_do_not_become_others(store: Store) -> None:
    assert not store.is_claimed()
    store.claim("0 0 4294967295\n0 0 4294967295")
    store.claim("0 0 4294967295\n0 0 4294967295")
    assert store.is_claimed()
    with pytest.raises(FileError, match=f"the store {store.directory} is another user's") as caught:
        store.claim("0 1000 1 1 100000 65536\n0 1000 1 1 100000 65536")
    assert "CARGO_STOW_STORE" in caught.value.hint


def test_others_are_kept_from_what_is_in_images(store: Store) -> None:
    """From programs that are set to be their owner's, and from directories for all, as /tmp."""
    store.base("sha256:1").mkdir(parents=True)  # Of a store from before.
    store.claim("0 0 4294967295\n0 0 4294967295")
    for place in (store.base("sha256:1"), store.layer("k"), store.cache("c"), store.directory / "tmp/gone"):
        assert place.parent.stat().st_mode & 0o777 == 0o700


class TestSweep:
    def test_only_what_nobody_makes_any_more(self, store: Store) -> None:
        with store.scratch() as made:
            (made / "file").touch()
            left = store.directory / "tmp/left"
            (left / "sub").mkdir(parents=True)
            (left / "sub/file").touch()
            (store.directory / "tmp/left.json").touch()
            store.sweep()
            assert list((store.directory / "tmp").iterdir()) == [made]
            assert (made / "file").exists()

    def test_nothing_else_of_the_store(self, store: Store) -> None:
        for each in (store.layer("k"), store.base("sha256:1"), store.cache("c")):
            each.mkdir(parents=True)
        store.sweep()
        assert all(each.is_dir() for each in (store.layer("k"), store.base("sha256:1"), store.cache("c")))

    def test_a_new_store(self, store: Store) -> None:
        store.sweep()

    def test_between_the_making_of_a_directory_and_its_lock(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What another build takes for left over then is made anew."""
        flock = fcntl.flock
        swept: list[bool] = []

        def sweeping(descriptor: int, how: int) -> None:
            if not swept:
                swept.append(True)
                store.sweep()
            flock(descriptor, how)

        monkeypatch.setattr(fcntl, "flock", sweeping)
        with store.scratch() as made:
            assert made.is_dir()
        assert swept


def make(directory: Path, text: str) -> Path:
    directory.mkdir(parents=True)
    (directory / "file").write_text(text)
    return directory


class TestAdopt:
    def test_the_first_one_stays(self, store: Store, tmp_path: Path) -> None:
        for name in ("one", "two"):
            store.adopt(make(tmp_path / name, name), store.layer("key"))
        assert (store.layer("key") / "file").read_text() == "one"

    def test_an_empty_one(self, store: Store, tmp_path: Path) -> None:
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
            store.adopt(tmp_path / name, store.layer("key"))
        assert store.layer("key").is_dir()

    def test_another_build_is_first_by_a_hair(
        self, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rename, place = Path.rename, store.layer("key")

        def late(self: Path, target: Path) -> Path:
            make(place, "theirs")
            return rename(self, target)

        ours = make(tmp_path / "ours", "ours")
        monkeypatch.setattr(Path, "rename", late)
        store.adopt(ours, place)
        assert (place / "file").read_text() == "theirs"

    def test_what_is_missing_is_an_error(self, store: Store, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError):
            store.adopt(tmp_path / "gone", store.layer("key"))


class TestNotes:
    def test_written_and_read(self, store: Store) -> None:
        store.write_note("key", {"layer": None})
        store.write_note("key", {"layer": {"size": 1}})
        assert store.read_note("key") == {"layer": {"size": 1}}

    def test_none(self, store: Store) -> None:
        assert store.read_note("key") is None

    @pytest.mark.parametrize("text", ["", "[]", "{", "\xff"])
    def test_a_damaged_one_is_none(self, store: Store, text: str) -> None:
        store.write_note("key", {})
        store.layer("key").with_name("key.json").write_bytes(text.encode("latin-1"))
        assert store.read_note("key") is None

    def test_while_others_sweep(self, store: Store) -> None:
        stop = threading.Event()

        def sweep() -> None:
            while not stop.is_set():
                store.sweep()

        with ThreadPoolExecutor(2) as pool:
            sweeping = pool.submit(sweep)
            for number in range(100):
                store.write_note("key", {"number": number})
            stop.set()
            sweeping.result()
        assert store.read_note("key") == {"number": 99}


def is_locked(path: Path) -> bool:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


@pytest.mark.parametrize("shared", [True, False])
def test_a_cache_is_held_unless_it_is_shared(store: Store, shared: bool) -> None:
    with store.locked_cache("registry", shared=shared) as path:
        assert path == store.cache("registry")
        assert is_locked(path) is not shared
    assert path.is_dir()
    assert not is_locked(path)


@pytest.mark.parametrize(
    ("environment", "found"),
    [
        ({"CARGO_STOW_STORE": "/s", "XDG_CACHE_HOME": "/c", "HOME": "/h"}, "/s"),
        ({"XDG_CACHE_HOME": "/c", "HOME": "/h"}, "/c/cargo-stow"),
        ({"XDG_CACHE_HOME": "", "HOME": "/h"}, "/h/.cache/cargo-stow"),
        ({"XDG_CACHE_HOME": "relative", "HOME": "/h"}, "/h/.cache/cargo-stow"),
        ({"CARGO_STOW_STORE": "", "HOME": "/h"}, "/h/.cache/cargo-stow"),
        ({}, "/root/.cache/cargo-stow"),
    ],
)
def test_where_it_is(environment: dict[str, str], found: str) -> None:
    assert find_store(environment).directory == Path(found)


def test_a_relative_store_is_refused() -> None:
    with pytest.raises(FileError, match="'store', not an absolute path"):
        find_store({"CARGO_STOW_STORE": "store"})
