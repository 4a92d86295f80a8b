"""What the bodies of answers say: documents of a limited size, and the registry's words for an error.

Source: OCI distribution specification, "Error Codes".
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cargo_stow.errors import ImageFormatError, StowError
from cargo_stow.oci.blobs import LARGEST_DOCUMENT
from cargo_stow.oci.registry.exchange import attempt, host_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import requests

_PIECE = 256 << 10
_LONGEST_MESSAGE = 500


def read_pieces(response: requests.Response) -> Iterator[bytes]:
    """The body as it was sent: a layer that is compressed stays so, whatever `Content-Encoding` says.

    Raises UnreachableError when it breaks off. A body may also end early without a word: count.
    """
    pieces = response.raw.stream(_PIECE, decode_content=False)
    while True:
        piece = attempt(host_of(response.url), lambda: next(pieces, b""))
        if not piece:
            return
        yield piece


def read_document(response: requests.Response) -> bytes:
    """A manifest, in its own bytes. Raises ImageFormatError for one that is too long, and UnreachableError."""
    found = bytearray()
    for piece in read_pieces(response):
        found += piece
        if len(found) > LARGEST_DOCUMENT:
            host = host_of(response.url)
            raise ImageFormatError(f"the registry at {host} sends a document of more than {LARGEST_DOCUMENT} bytes")
    return bytes(found)


def read_json(response: requests.Response) -> dict[str, Any]:
    """An object; an empty one for whatever is none. Raises as `read_document` does."""
    try:
        value = json.loads(read_document(response))
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def read_message(response: requests.Response) -> str:
    """What the registry says went wrong, "" where it says nothing that we know to read. Never raises."""
    try:
        value = read_json(response)
    except StowError:
        return ""
    errors = value.get("errors")
    entries = [entry for entry in errors if isinstance(entry, dict)] if isinstance(errors, list) else [value]
    texts = [str(entry.get("message") or entry.get("code") or entry.get("details") or "") for entry in entries]
    return "\n".join(filter(None, texts))[:_LONGEST_MESSAGE]
