"""What was built from what: one small JSON file below the target directory, read by the CLI and by any doit.

An entry says that these inputs (a hash of plan and context) became this image in this engine. It is a claim about the
past: whether the image still exists is the backend's to say.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from cargo_stow.errors import FileError
from cargo_stow.files import read_text, write_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """One build: the hash of its inputs, the ID of the image, and the tag the image was given."""

    inputs: str
    id: str
    tag: str


class Record:
    """The builds of one target directory. `directory` is `<target directory>/stow`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._file = directory / "record.json"

    def find(self, name: str) -> Built | None:
        """The last build under a name; None where there is none, or the file is not one we can read."""
        entry = self._load().get(name)
        try:
            return Built(**entry) if isinstance(entry, dict) else None
        except TypeError:
            return None

    def tags(self) -> set[str]:
        """The names that images got at their last builds."""
        builds = map(self.find, self._load())
        return {tag for built in builds if built is not None for tag in built.tag.split()}

    def add(self, name: str, built: Built) -> None:
        """Remember a build. Raises FileError. Call it with the lock held."""
        builds = {**self._load(), name: asdict(built)}
        document = {"version": VERSION, "builds": builds}
        write_text(self._file, json.dumps(document, indent=1, sort_keys=True) + "\n", durable=False)

    def _load(self) -> dict[str, object]:
        # A record that was damaged costs a rebuild, never a failure.
        with contextlib.suppress(ValueError, RecursionError, FileError):
            document = json.loads(read_text(self._file) or "{}")
            if isinstance(document, dict) and document.get("version") == VERSION:
                builds = document.get("builds")
                return builds if isinstance(builds, dict) else {}
        return {}


@contextlib.contextmanager
def locked(directory: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold `<directory>/lock`: one cargo-stow at a time builds in a target directory, as one cargo does.

    Re-entrant in one process. `waiting` is called once if another process holds it. Raises FileError, also where links
    would lead what is written there to another place.
    """
    from filelock import FileLock, Timeout  # noqa: PLC0415 - `run --detach` and `dockerfile --check` need none

    try:
        check_place(directory)
        directory.mkdir(parents=True, exist_ok=True)
        lock = FileLock(directory / "lock", is_singleton=True)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            waiting()
            lock.acquire()
    except (OSError, NotImplementedError) as error:  # the latter where the file system knows no locks
        reason = getattr(error, "strerror", None) or error
        raise FileError(f"cannot lock {directory / 'lock'}: {reason}", hint="check its permissions") from error
    try:
        yield
    finally:
        lock.release()


def check_place(directory: Path) -> None:
    """Hold that there is no link where files are written and removed: it would be done to what the link leads to.

    Raises FileError. Sources can come with a `target` in which there is one. Ours are one level deeper, in `contexts`,
    and what is below `generated` looks after itself.
    """
    for path in _upper(directory):
        if path.is_symlink():
            raise FileError(
                f"{path} is a symbolic link, and cargo-stow would write to what it leads to",
                hint=f"see who made it: `ls -l {path}`; without it, the directory is made anew",
            )


def _upper(directory: Path) -> Iterator[Path]:
    """A directory and two levels of what is in it; nothing behind a link."""
    yield directory
    if directory.is_dir():
        for path in sorted(directory.iterdir()):
            yield path
            if path.is_dir():
                yield from path.iterdir()
