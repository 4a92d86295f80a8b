"""A directory of blobs by their digests: what is in it was verified when it came in, and comes in whole or not at all.

Source: OCI image specification, "OCI Image Layout Specification", "Blobs".
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from typing import TYPE_CHECKING

from cargo_stow.errors import FileError, ImageFormatError
from cargo_stow.oci.descriptor import Descriptor

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from typing import BinaryIO

# A manifest, an index or a configuration; registries refuse manifests above 4 MiB.
LARGEST_DOCUMENT = 8 << 20
_CHUNK = 1 << 20


class Blobs:
    """`directory` is the `blobs` of a layout. Writers do not disturb each other: equal names have equal bytes."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def path(self, digest: str) -> Path:
        algorithm, _, value = digest.partition(":")
        return self.directory / algorithm / value

    def has(self, descriptor: Descriptor) -> bool:
        """Whether a blob is here, in its whole size."""
        with contextlib.suppress(OSError):
            return self.path(descriptor.digest).stat().st_size == descriptor.size
        return False

    def open(self, descriptor: Descriptor) -> BinaryIO:
        """Open a blob that is here. Raises FileError."""
        try:
            return self.path(descriptor.digest).open("rb")
        except OSError as error:
            raise _failed("read", self.path(descriptor.digest), error) from error

    def read(self, descriptor: Descriptor) -> bytes:
        """Return a document, verified once more: a disk may have lost what was written. Raises ImageFormatError."""
        if descriptor.size > LARGEST_DOCUMENT:
            raise ImageFormatError(f"{descriptor.digest} is said to have {descriptor.size} bytes, too many to read")
        with self.open(descriptor) as file:
            data = file.read(LARGEST_DOCUMENT + 1)
        check_bytes(data, descriptor)
        return data

    def put(self, data: bytes, media_type: str) -> Descriptor:
        """Keep a document; returns what describes it."""
        return self.add([data], media_type=media_type)

    def add(self, chunks: Iterable[bytes], expected: Descriptor | None = None, *, media_type: str = "") -> Descriptor:
        """Keep a blob, as it comes. Raises ImageFormatError for one that is not what it was said to be, and FileError.

        One that is longer than it should be is refused when it is, and not when it ends.
        """
        with self.writing() as (temporary, file):
            found = _copy(chunks, file, expected, media_type)
            file.close()
            self.adopt(temporary, found)
        return found

    def adopt(self, file: Path, descriptor: Descriptor) -> None:
        """Take over a file whose digest is known. Raises FileError."""
        path = self.path(descriptor.digest)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            os.replace(file, path)
        except OSError as error:
            raise _failed("write", path, error) from error

    @contextlib.contextmanager
    def writing(self) -> Iterator[tuple[Path, BinaryIO]]:
        """A new file beside the blobs, gone at the end unless it was adopted. Every OSError becomes a FileError."""
        temporary = self.directory / f".new-{os.urandom(8).hex()}"
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            with temporary.open("xb") as file:
                yield temporary, file
        except OSError as error:
            raise _failed("write", self.directory, error) from error
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink()


def check_bytes(data: bytes, descriptor: Descriptor) -> None:
    """Raise ImageFormatError unless these are the bytes of a descriptor."""
    _check(len(data), hash_chunks([data], descriptor.digest), descriptor)


def hash_chunks(chunks: Iterable[bytes], digest: str) -> str:
    """Return the digest of what comes, by the algorithm of `digest`."""
    found = _hasher(digest)
    for chunk in chunks:
        found.update(chunk)
    return f"{found.name}:{found.hexdigest()}"


def read_chunks(file: BinaryIO) -> Iterator[bytes]:
    """Yield what is in a file, a piece at a time."""
    while chunk := file.read(_CHUNK):
        yield chunk


def _copy(chunks: Iterable[bytes], file: BinaryIO, expected: Descriptor | None, media_type: str) -> Descriptor:
    digest = _hasher(expected.digest if expected else "sha256:")
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if expected and size > expected.size:
            raise ImageFormatError(f"{expected.digest} is longer than the {expected.size} bytes it was said to have")
        digest.update(chunk)
        file.write(chunk)
    name = f"{digest.name}:{digest.hexdigest()}"
    if expected is None:
        return Descriptor(media_type=media_type, digest=name, size=size)
    _check(size, name, expected)
    return expected


def _check(size: int, digest: str, expected: Descriptor) -> None:
    if size != expected.size:
        raise ImageFormatError(f"{expected.digest} has {size} bytes, and was said to have {expected.size}")
    if digest != expected.digest:
        raise ImageFormatError(f"a blob that should be {expected.digest} is {digest}: it was damaged, or exchanged")


def _hasher(digest: str) -> hashlib._Hash:
    return hashlib.new(digest.partition(":")[0])


def _failed(verb: str, path: Path, error: OSError) -> FileError:
    return FileError(
        f"cannot {verb} {path}: {error.strerror or error}", hint="check the path and the space on its disk"
    )
