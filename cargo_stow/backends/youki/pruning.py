"""Which entries of a store may go, and their removal.

An image with a name that somebody gave stays, with its blobs. All else can be made or fetched again: images that only
have a digest, file systems of bases, layers of steps, caches, and blobs that no such image has.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cargo_stow.backends.youki.assembly import image_note
from cargo_stow.backends.youki.contents import BLOB, CACHE, IMAGE, LAYER, Entry, list_entries
from cargo_stow.backends.youki.images import Images
from cargo_stow.backends.youki.store import locked
from cargo_stow.errors import FileError
from cargo_stow.sandbox.isolation import call_as_owner
from cargo_stow.sandbox.rights import AS_WE_ARE, Rights

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from cargo_stow.backends.youki.store import Store

# A build gives an image its name when it no longer holds the store, in seconds.
_GRACE = 60
_FRESH = (IMAGE, BLOB)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What may stay: `age` in seconds since it was last used, `size` in bytes of the whole store. None is no limit.

    Of `everything`, only what a name leads to stays.
    """

    age: float | None = None
    size: int | None = None
    everything: bool = False


def choose(entries: Iterable[Entry], policy: Policy, now: float) -> list[Entry]:
    """Return what is to go, least recently used first, an image before its blobs. `now` is in seconds since 1970."""
    entries = list(entries)
    total = sum(entry.size for entry in entries if entry.kind != IMAGE)
    chosen = []
    for entry in sorted(filter(lambda each: _may_go(each, now), entries), key=_order):
        too_old = policy.age is not None and entry.used < now - policy.age
        too_much = policy.size is not None and total > policy.size
        if policy.everything or too_old or too_much:
            chosen.append(entry)
            total -= entry.size if entry.kind != IMAGE else 0
    return chosen


def prune(
    store: Store, policy: Policy, now: float, waiting: Callable[[], None], *, rights: Rights = AS_WE_ARE
) -> list[Entry]:
    """Remove what a policy says, once nobody uses the store; returns what went. A cache that somebody holds stays.

    `waiting` is called once if somebody uses the store. Raises FileError.
    """
    with store.alone(waiting):
        gone: list[Entry] = call_as_owner(_prune, store, policy, now, rights=rights)
    return gone


def _prune(store: Store, policy: Policy, now: float) -> list[Entry]:
    store.sweep()
    return [entry for entry in choose(list_entries(store), policy, now) if _remove(store, entry)]


def _may_go(entry: Entry, now: float) -> bool:
    return not entry.needed and not (entry.kind in _FRESH and entry.used > now - _GRACE)


def _order(entry: Entry) -> tuple[float, bool, str]:
    return entry.used, entry.kind != IMAGE, entry.name


def _remove(store: Store, entry: Entry) -> bool:
    """Remove an entry; returns whether it went."""
    try:
        if entry.kind == IMAGE:
            return _remove_image(store, entry.name)
        if entry.kind == BLOB:
            store.blobs.path(entry.name).unlink(missing_ok=True)
            return True
        with _held(entry, _place(store, entry)) as is_free:
            if is_free:
                _remove_directory(store, entry)
            return is_free
    except OSError as error:
        raise FileError(
            f"cannot remove {entry.kind} {entry.name} of the store {store.directory}: {error.strerror}",
            hint="check the permissions of that directory",
        ) from error


def _remove_image(store: Store, name: str) -> bool:
    """Take away a digest that is a name; the note of its directories goes unless the image has another name."""
    images = Images(store.directory)
    found = images.find(name)
    images.remove(name)
    if found is not None and images.find(found.digest) is None:
        store.note(image_note(found)).unlink(missing_ok=True)
    return True


def _place(store: Store, entry: Entry) -> Path:
    if entry.kind == CACHE:
        return store.cache(entry.name)
    return store.layer(entry.name) if entry.kind == LAYER else store.base(f"sha256:{entry.name}")


@contextlib.contextmanager
def _held(entry: Entry, place: Path) -> Iterator[bool]:
    """Hold a cache as a build does; says whether it can be had."""
    if entry.kind != CACHE:
        yield True
        return
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(locked(place, wait=False))
        except BlockingIOError:
            yield False
        else:
            yield True


def _remove_directory(store: Store, entry: Entry) -> None:
    """The note first: what a step leaves the next time need not be that layer. Then all at once, by a new name."""
    if entry.kind == LAYER:
        store.note(entry.name).unlink(missing_ok=True)
    gone = store.directory / "tmp" / f"pruned-{os.urandom(6).hex()}"
    gone.parent.mkdir(exist_ok=True, mode=0o700)
    _place(store, entry).rename(gone)
    shutil.rmtree(gone, ignore_errors=True)
