"""One blob from one server, as a stream that goes on where it broke off.

Source: OCI distribution specification, "Pulling blobs"; RFC 9110, section 14, for ranges.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cargo_stow.errors import ImageNotFoundError
from cargo_stow.oci.registry.answers import read_pieces
from cargo_stow.oci.registry.connection import Question
from cargo_stow.oci.registry.errors import BrokenOffError, UnreachableError
from cargo_stow.oci.registry.exchange import TRIES
from cargo_stow.oci.registry.scopes import pull_scope

if TYPE_CHECKING:
    from collections.abc import Iterator

    import requests

    from cargo_stow.oci.descriptor import Descriptor
    from cargo_stow.oci.registry.connection import Connection
    from cargo_stow.reference import ImageRef

_OK, _PARTIAL, _NOT_FOUND = 200, 206, 404
_RANGE = re.compile(r"bytes (\d+)-\d+/(?:\d+|\*)")


def stream(connection: Connection, repository: str, reference: ImageRef, blob: Descriptor) -> Iterator[bytes]:
    """Yield the bytes of a blob as they come; nothing is verified but that there are enough. Raises RegistryError.

    After a break the rest is asked for; a registry that sends the whole again has its beginning passed over. A few
    breaks in a row without a byte between them end it.
    """
    position = failures = 0
    while position < blob.size or failures == position == 0:
        before = position
        failure: UnreachableError | None = None
        try:
            for piece in _from(connection, repository, reference, blob, position):
                position += len(piece)
                yield piece
        except UnreachableError as error:
            failure = error
        if position >= blob.size and failure is None:
            return
        failures = 1 if position > before else failures + 1
        if failures >= TRIES:
            raise failure or _make_short_error(reference, blob)
        connection.wait(failures)


def _from(
    connection: Connection, repository: str, reference: ImageRef, blob: Descriptor, position: int
) -> Iterator[bytes]:
    with connection.asked(_question(repository, reference, blob, position)) as response:
        if response.status_code == _NOT_FOUND:
            raise ImageNotFoundError(
                f"the registry {reference.registry} lacks {blob.digest}, a part of `{reference}`",
                hint="push the image again",
            )
        if response.status_code not in {_OK, _PARTIAL}:
            raise connection.fail(response, f"fetch {blob.digest} of `{reference}`")
        yield from _without_beginning(read_pieces(response), position - _start(response))


def _question(repository: str, reference: ImageRef, blob: Descriptor, position: int) -> Question:
    return Question(
        method="GET",
        path=f"{repository}/blobs/{blob.digest}",
        reference=reference,
        scopes=(pull_scope(repository),),
        headers={"Accept-Encoding": "identity", **({"Range": f"bytes={position}-"} if position else {})},
    )


def _start(response: requests.Response) -> int:
    """Where in the blob the answer begins."""
    found = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
    return int(found[1]) if response.status_code == _PARTIAL and found else 0


def _without_beginning(pieces: Iterator[bytes], surplus: int) -> Iterator[bytes]:
    for piece in pieces:
        rest = piece[surplus:]
        surplus = max(0, surplus - len(piece))
        if rest:
            yield rest


def _make_short_error(reference: ImageRef, blob: Descriptor) -> BrokenOffError:
    return BrokenOffError(
        f"the registry {reference.registry} sends less of {blob.digest} than the {blob.size} bytes that it has",
        hint="try again; if it stays so, push the image again",
    )
