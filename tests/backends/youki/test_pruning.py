"""What of a store goes, and what is left of it."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cargo_stow.backends.youki.assembly import image_note
from cargo_stow.backends.youki.contents import BLOB, CACHE, IMAGE, KINDS, LAYER, Entry, list_entries
from cargo_stow.backends.youki.images import Images
from cargo_stow.backends.youki.pruning import Policy, choose, prune
from cargo_stow.backends.youki.store import Store, locked
from cargo_stow.oci.descriptor import CONFIG, LAYER_GZIP, MANIFEST, Descriptor
from cargo_stow.oci.documents import as_bytes
from cargo_stow.oci.image import Manifest
from tests.sandbox.mappers import install_mappers, make_rights
from tests.sandbox.test_isolation import isolated

if TYPE_CHECKING:
    from pathlib import Path

NOW = 1_000_000_000.0
DAY = 86400
ALL = Policy(everything=True)
entries = st.lists(
    st.builds(
        Entry,
        kind=st.sampled_from(KINDS),
        name=st.text("abc", min_size=1, max_size=3),
        size=st.integers(0, 100),
        used=st.integers(-100, 100).map(lambda age: NOW + age),
        needed=st.booleans(),
    )
)
policies = st.builds(Policy, age=st.none() | st.integers(0, 100), size=st.none() | st.integers(0, 500))


def never() -> None:
    pytest.fail("nobody uses the store")


def put_image(store: Store, text: str, *names: str, used: float) -> Descriptor:
    """An image of a configuration and a layer, last used then."""
    parts = [store.blobs.put(f"{kind} of {text}".encode(), kind) for kind in (CONFIG, LAYER_GZIP)]
    manifest = store.blobs.put(as_bytes(Manifest(config=parts[0], layers=(parts[1],)).as_json()), MANIFEST)
    for name in (*names, manifest.digest):
        Images(store.directory).add(name, manifest)
    store.layer("x").parent.mkdir(parents=True, exist_ok=True)
    store.note(image_note(manifest)).write_text("{}")
    for path in (*(store.blobs.path(each.digest) for each in (manifest, *parts)), store.note(image_note(manifest))):
        os.utime(path, (used, used))
    return manifest


def put(path: Path, used: float, size: int = 10) -> Path:
    path.mkdir(parents=True)
    (path / "file").write_bytes(bytes(size))
    os.utime(path, (used, used))
    return path


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path / "store")
    (made.directory / "tmp").mkdir(parents=True)
    return made


@given(entries, policies)
def test_what_is_chosen(found: list[Entry], policy: Policy) -> None:
    chosen = choose(found, policy, NOW)
    assert not [each for each in chosen if each.needed]
    assert [each.used for each in chosen] == sorted(each.used for each in chosen)
    left = [each for each in found if each not in chosen and not each.needed]
    fresh = [each for each in left if each.kind in {IMAGE, BLOB} and each.used > NOW - 60]
    if policy.age is not None:
        assert all(each.used >= NOW - policy.age or each in fresh for each in left)
    if policy.size is not None and sum(each.size for each in found if each.kind != IMAGE) <= policy.size:
        assert choose(found, Policy(size=policy.size), NOW) == []


def test_the_oldest_go_until_it_is_small_enough() -> None:
    found = [Entry(kind=LAYER, name=str(age), size=10, used=NOW - age) for age in (5, 4, 3, 2, 1)]
    assert [each.name for each in choose(found, Policy(size=25), NOW)] == ["5", "4", "3"]
    assert [each.name for each in choose(found, Policy(age=3.5), NOW)] == ["5", "4"]
    assert len(choose(found, ALL, NOW)) == 5


def test_named_images_stay_with_their_blobs(store: Store) -> None:
    named = put_image(store, "one", "web:1", used=NOW - 9 * DAY)
    other = put_image(store, "two", used=NOW - 9 * DAY)
    stray = store.blobs.put(b"nobody's", "")
    os.utime(store.blobs.path(stray.digest), (NOW - DAY, NOW - DAY))
    prune(store, ALL, NOW, never)
    assert list(Images(store.directory).names()) == ["web:1"]
    assert store.blobs.has(named)
    assert not store.blobs.has(other)
    assert not store.blobs.has(stray)
    assert len(list((store.directory / "blobs/sha256").iterdir())) == 3
    assert [path.name for path in store.layer("x").parent.iterdir()] == [f"{image_note(named)}.json"]


def test_an_image_that_was_just_built_waits_for_its_name(store: Store) -> None:
    made = put_image(store, "new", used=NOW - 1)
    prune(store, ALL, NOW, never)
    assert Images(store.directory).find(made.digest)
    assert store.blobs.has(made)


def test_a_layer_goes_with_its_note(store: Store) -> None:
    old, new = put(store.layer("old"), NOW - 9 * DAY), put(store.layer("new"), NOW)
    base, cache = put(store.base("sha256:b"), NOW - 9 * DAY), put(store.cache("c"), NOW - 9 * DAY)
    store.write_note("old", {"layer": None})
    gone = prune(store, Policy(age=DAY), NOW, never)
    assert {each.name for each in gone} == {"old", "b", "c"}
    assert not any(path.exists() for path in (old, base, cache, store.note("old")))
    assert new.exists()
    assert not list((store.directory / "tmp").iterdir())


@isolated
def test_a_user_does_so_in_his_namespace(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{install_mappers(tmp_path / 'mappers')}:{os.environ['PATH']}")
    old, new = put(store.layer("old"), NOW - 9 * DAY), put(store.layer("new"), NOW)
    # Of nobody in that namespace: a sign of where it was tried.
    (old / "foreign").mkdir(mode=0o700)
    (old / "foreign/file").touch()
    os.chown(old / "foreign", 100, 100)
    os.utime(old, (NOW - 9 * DAY, NOW - 9 * DAY))
    (gone,) = prune(store, Policy(age=DAY), NOW, never, rights=make_rights())
    assert (gone.kind, gone.name) == (LAYER, "old")
    assert not old.exists()
    assert new.exists()
    assert [path.name for path in (store.directory / "tmp").glob("*/*")] == ["foreign"]


def test_a_locked_cache_stays(store: Store) -> None:
    cache = put(store.cache("held"), NOW - 9 * DAY)
    with locked(cache):
        assert prune(store, ALL, NOW, never) == []
    assert [each.kind for each in prune(store, ALL, NOW, never)] == [CACHE]


def test_it_waits_for_a_build(store: Store) -> None:
    layer = put(store.layer("old"), NOW - 9 * DAY)
    said = threading.Event()
    with store.in_use(), store.in_use():
        waiting = threading.Thread(target=prune, args=(store, ALL, NOW, said.set))
        waiting.start()
        assert said.wait(10)
        assert layer.exists()
    waiting.join(10)
    assert not layer.exists()


def test_use_is_noted(store: Store) -> None:
    before = time.time() - 1
    put(store.cache("c"), 5)
    store.layer("k").parent.mkdir()
    store.write_note("k", {})
    os.utime(store.note("k"), (5, 5))
    store.read_note("k")
    with store.locked_cache("c", shared=True):
        pass
    assert store.note("k").stat().st_mtime > before
    [cache] = [each for each in list_entries(store) if each.kind == CACHE]
    assert cache.used > before
    assert cache.size == 10


def test_an_empty_store(tmp_path: Path) -> None:
    store = Store(tmp_path / "nothing")
    assert list_entries(store) == []
    assert prune(store, ALL, NOW, never) == []
