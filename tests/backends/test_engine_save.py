"""An archive that comes in pieces, as a file."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cargo_stow.backends.engine_save import Chunks


@given(chunks=st.lists(st.binary(max_size=9), max_size=9), sizes=st.lists(st.integers(1, 12), min_size=1, max_size=9))
def test_pieces_are_joined(chunks: list[bytes], sizes: list[int]) -> None:
    file = io.BufferedReader(Chunks(iter(chunks)), 4)
    found = b"".join([file.read(size) for size in sizes])
    assert found + file.read() == b"".join(chunks)
    assert file.read(1) == b""


def test_no_more_is_taken_than_is_read() -> None:
    chunks = iter([b"one", b"two", b"three"])
    file = Chunks(chunks)
    assert file.read(2) == b"on"
    assert file.read(2) == b"e"
    assert next(chunks) == b"two"


def test_it_goes_one_way() -> None:
    file = Chunks(iter([b"one"]))
    assert (file.readable(), file.writable(), file.seekable()) == (True, False, False)
    with pytest.raises(io.UnsupportedOperation):
        file.seek(0)


def test_what_breaks_off_is_no_end() -> None:
    def broken() -> object:
        yield b"one"
        raise ConnectionError

    file = io.BufferedReader(Chunks(broken()))  # type: ignore[arg-type]
    with pytest.raises(ConnectionError):
        file.read()
