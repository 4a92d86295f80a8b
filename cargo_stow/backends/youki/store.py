"""What this machine keeps of builds without a daemon: images, base file systems, layers of steps, caches.

    oci-layout index.json blobs/    images, as an OCI image layout; a name is an annotation in the index
    bases/<chain ID>/               the file system of an image that others are built on
    layers/<key>/                   what a step left, as overlayfs writes it; <key>.json what it is as a layer
    caches/<name>/                  directories that outlive builds
    tmp/<name>/                     what is being made; locked by the one who makes it
    lock                            shared by builds and runs; who removes something holds it alone
    ids                             which ids of the machine those of its files are, for a user who is not root

Whatever is in the first four was complete when it came in: it is made in `tmp` and renamed. So two builds can share a
store, and one that was killed leaves nothing but a directory in `tmp`, which the next one removes. The time of an entry
(mtime) says when it was used last.

What has files of images in it is closed to others: they could run programs there that are set to be their owner's, who
is the user of the store, and write where all may (`/tmp`).
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cargo_stow.errors import FileError
from cargo_stow.files import read_text, write_text
from cargo_stow.oci.blobs import Blobs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_IDS = "ids"
_CLOSED = ("bases", "layers", "caches", "tmp")


class Store:
    """`directory` is the store's. Names of entries are made of letters, digits, `-`, `_` and `.`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.blobs = Blobs(directory / "blobs")

    def base(self, chain: str) -> Path:
        """Where the file system of a chain ID is, or would be."""
        return self.directory / "bases" / chain.partition(":")[2]

    def layer(self, key: str) -> Path:
        return self.directory / "layers" / key

    def cache(self, name: str) -> Path:
        return self.directory / "caches" / name

    def read_note(self, key: str) -> dict[str, Any] | None:
        """What is known of a layer; None where nothing is."""
        with contextlib.suppress(OSError, ValueError):
            found = json.loads(self.note(key).read_text(encoding="utf-8"))
            touch(self.note(key))
            return found if isinstance(found, dict) else None
        return None

    def write_note(self, key: str, note: Mapping[str, object]) -> None:
        write_text(self.note(key), json.dumps(note), durable=False)

    def note(self, key: str) -> Path:
        return self.layer(key).with_name(f"{key}.json")

    @contextlib.contextmanager
    def scratch(self) -> Iterator[Path]:
        """A new directory in `tmp`, gone at the end. Raises OSError."""
        with contextlib.ExitStack() as held:
            path = self._new(held)
            try:
                yield path
            finally:
                shutil.rmtree(path, ignore_errors=True)

    def _new(self, held: contextlib.ExitStack) -> Path:
        """Make a directory and lock it; again, if somebody swept it before it was locked."""
        while True:
            path = self.directory / "tmp" / os.urandom(6).hex()
            path.mkdir(parents=True, mode=0o700)
            with contextlib.suppress(FileNotFoundError):
                held.enter_context(locked(path))
            if path.exists():
                return path

    def adopt(self, made: Path, place: Path) -> None:
        """Put a complete directory where it belongs; where another build did so before, that one stays."""
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            made.rename(place)
        except OSError:
            if not place.is_dir():
                raise

    def sweep(self) -> list[str]:
        """Remove what builds that were killed left; returns the names of their directories."""
        swept = []
        for path in (self.directory / "tmp").glob("*"):
            with contextlib.suppress(OSError), locked(path, wait=False):
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink()
                swept.append(path.name)
        return swept

    def claim(self, ids: str) -> None:
        """Note which ids of the machine are those in images, here and now. Raises FileError where it was others.

        Whose a file is would be misread then, and with it what is removed by marks.
        """
        known = self._ids()
        if known is None:
            write_text(self.directory / _IDS, f"{ids}\n", durable=False)
        elif known != ids:
            raise FileError(
                f"the store {self.directory} is another user's, or from when this one had other ids in /etc/subuid",
                hint="set CARGO_STOW_STORE to a directory of your own, or remove that one as root",
            )
        self._close()

    def _close(self) -> None:
        for path in (self.directory / name for name in _CLOSED):
            with contextlib.suppress(OSError):  # A store that cannot be written into.
                path.mkdir(exist_ok=True)
                path.chmod(0o700)

    def is_claimed(self) -> bool:
        return self._ids() is not None

    def _ids(self) -> str | None:
        text = read_text(self.directory / _IDS)
        return text.strip() if text else None

    @contextlib.contextmanager
    def in_use(self) -> Iterator[None]:
        """Keep what is here from being pruned, beside others who do. Raises FileError."""
        with self._opened_lock() as descriptor:
            fcntl.flock(descriptor, fcntl.LOCK_SH)
            yield

    @contextlib.contextmanager
    def alone(self, waiting: Callable[[], None]) -> Iterator[None]:
        """Hold the store while nobody uses it; `waiting` is called once if somebody does. Raises FileError."""
        with self._opened_lock() as descriptor:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                waiting()
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield

    @contextlib.contextmanager
    def _opened_lock(self) -> Iterator[int]:
        path = self.directory / "lock"
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise FileError(f"cannot lock {path}: {error.strerror}", hint="check its permissions") from error
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    @contextlib.contextmanager
    def locked_cache(self, name: str, *, shared: bool) -> Iterator[Path]:
        """The directory of a cache, made where it is missing; held by one build at a time unless `shared`."""
        path = self.cache(name)
        path.mkdir(parents=True, exist_ok=True)
        touch(path)
        with contextlib.nullcontext() if shared else locked(path):
            yield path


def touch(path: Path) -> None:
    """Note that something is used; a store that cannot be written into is of use all the same."""
    with contextlib.suppress(OSError):
        os.utime(path)


@contextlib.contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold a directory or a file of the store. Raises OSError, also where we do not `wait` for another."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield
    finally:
        os.close(descriptor)


def find_store(environment: Mapping[str, str]) -> Store:
    """Return the store of this user: CARGO_STOW_STORE, else in the cache directory of the XDG specification."""
    given = environment.get("CARGO_STOW_STORE")
    if given and not Path(given).is_absolute():
        raise FileError(f"CARGO_STOW_STORE is {given!r}, not an absolute path", hint="set it to one, or unset it")
    cache = Path(environment.get("XDG_CACHE_HOME", ""))
    if not cache.is_absolute():  # Which the specification says to ignore.
        cache = Path(environment.get("HOME") or "/root") / ".cache"
    return Store(Path(given) if given else cache / "cargo-stow")
