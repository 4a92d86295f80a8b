"""An image of an engine as an archive that is read while it comes. Source: the Docker Engine API, `ImageGet`.

Imports the SDK: import this module when it is needed only.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from _typeshed import WriteableBuffer


class Chunks(io.RawIOBase):
    """Pieces of bytes as a file to be read once."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        self._rest = self._rest or next(filter(None, self._chunks), b"")
        view = memoryview(buffer).cast("B")
        size = min(len(view), len(self._rest))
        view[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size
