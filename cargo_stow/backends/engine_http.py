"""Requests to an engine over a local socket or plain TCP, with the standard library alone. Knows no request.

A connection serves one request, so none is kept that the engine, or a proxy before it, may have given up meanwhile.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cargo_stow.backends.engine_api import LIMIT, TIMEOUT, Answer, ForeignError, read_message
from cargo_stow.backends.engine_endpoint import UNIX

if TYPE_CHECKING:
    from cargo_stow.backends.engine_endpoint import Endpoint

_OK, _NOT_FOUND = 200, 404
_CHUNK = 1 << 16
_VERSION = re.compile(r"[0-9]+\.[0-9]+")


class HttpTransport:
    """A Transport to an endpoint that is `plain`.

    Paths go without the API's version, which saves asking for it: the engine takes its own. Should that, which is
    deprecated, have an end, an engine will not know the path, and not say its version in that answer as it does in all
    of its API: then it is asked. What is no engine at all answers likewise, and is not taken for one that has no image.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._url = endpoint.url
        self._version = ""

    def send(self, method: str, target: str, timeout: float | None) -> Answer:
        answer, is_known = self._exchange(method, f"{self._version}{target}", timeout)
        if is_known or self._version:
            return answer
        asked, _ = self._exchange("GET", "/version", TIMEOUT)
        if asked.status != _OK:
            raise ForeignError(asked.status, read_message(asked.body))
        self._version = f"/v{_read_version(asked)}"
        return self.send(method, target, timeout)

    def _exchange(self, method: str, target: str, timeout: float | None) -> tuple[Answer, bool]:
        """One request and its answer, and whether there is such a path in the API."""
        connection = self._connect(timeout)
        try:
            with contextlib.closing(connection):
                connection.request(method, target, headers={"Connection": "close"})
                with contextlib.closing(connection.getresponse()) as response:
                    answer = Answer(status=response.status, body=_read(response))
                    return answer, answer.status != _NOT_FOUND or bool(response.headers.get("Api-Version"))
        except http.client.HTTPException as error:
            raise ConnectionError(f"{type(error).__name__}: {error}") from error

    def _connect(self, timeout: float | None) -> http.client.HTTPConnection:
        if self._url.startswith(UNIX):
            return _UnixConnection(self._url.removeprefix(UNIX), timeout)
        parts = urlsplit(self._url)
        return http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float | None) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def _read(response: http.client.HTTPResponse) -> bytes:
    """The whole body, and no more than LIMIT; http.client does not notice a short one if it is read in pieces."""
    pieces: list[bytes] = []
    size = 0
    while piece := response.read(_CHUNK):
        pieces.append(piece)
        size += len(piece)
        if size > LIMIT:
            raise ValueError(f"the answer is longer than {LIMIT} bytes")
    if response.length:
        raise ConnectionError(f"{response.length} bytes of the answer are missing")
    return b"".join(pieces)


def _read_version(answer: Answer) -> str:
    version = str(json.loads(answer.body)["ApiVersion"])
    if not _VERSION.fullmatch(version):
        raise ValueError(f"the engine's API has the version {version!r}")
    return version
