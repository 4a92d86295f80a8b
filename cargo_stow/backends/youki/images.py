"""The images of a store and their names: the index of an OCI image layout, rewritten in one step under a lock.

Source: OCI image specification, "OCI Image Layout Specification", "index.json File".
"""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING

from cargo_stow.errors import FileError
from cargo_stow.files import read_text, write_text
from cargo_stow.oci.descriptor import MANIFEST, Descriptor
from cargo_stow.oci.image import index_as_json, parse_index
from cargo_stow.oci.layout import TAG, VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Mapping
    from pathlib import Path


class Images:
    """`directory` is that of the layout."""

    def __init__(self, directory: Path) -> None:
        self._file = directory / "index.json"
        self._directory = directory

    def names(self) -> dict[str, Descriptor]:
        """Each name with what it stands for."""
        return {dict(each.annotations).get(TAG, each.digest): each for each in self._load()}

    def find(self, name: str) -> Descriptor | None:
        """Look up a name, or the digest of an image that has one."""
        return next((each for each in self._load() if name in {each.digest, dict(each.annotations).get(TAG)}), None)

    def add(self, name: str, image: Descriptor) -> None:
        """Give an image a name, taking it from whichever has it."""
        self.add_all({name: image})

    def add_all(self, images: Mapping[str, Descriptor]) -> None:
        """Give images their names, all in one step."""
        named = [_named(image, name) for name, image in images.items()]
        self._change(lambda entries: [*_without(entries, images), *named])

    def remove(self, name: str) -> None:
        """Take a name away; an absent one is fine."""
        self._change(lambda entries: _without(entries, [name]))

    def _load(self) -> list[Descriptor]:
        text = read_text(self._file)
        return list(parse_index(text.encode(), str(self._file))) if text else []

    def _change(self, change: Callable[[list[Descriptor]], list[Descriptor]]) -> None:
        with self._locked():
            entries = sorted(change(self._load()), key=lambda each: (each.annotations, each.digest))
            write_text(self._directory / "oci-layout", VERSION.decode(), durable=False)
            write_text(self._file, json.dumps(index_as_json(entries), indent=1) + "\n")

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        from filelock import FileLock  # noqa: PLC0415 - to look up a name takes none

        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self._directory / "index.lock")
            lock.acquire()
        except OSError as error:
            raise FileError(f"cannot lock {self._directory}: {error.strerror}", hint="check its permissions") from error
        try:
            yield
        finally:
            lock.release()


def _without(entries: list[Descriptor], names: Container[str]) -> list[Descriptor]:
    return [each for each in entries if dict(each.annotations).get(TAG) not in names]


def _named(image: Descriptor, name: str) -> Descriptor:
    return Descriptor(
        media_type=image.media_type or MANIFEST,
        digest=image.digest,
        size=image.size,
        annotations=tuple(sorted({**dict(image.annotations), TAG: name}.items())),
    )
