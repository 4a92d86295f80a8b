"""The plain requests of the Docker Engine API, whatever carries them: question and answer, no stream, no credentials.

Source: the Docker Engine API, versions 1.41 (20.10) and later. An answer is what its JSON holds; nothing is read out of
it here. Must not know a socket, nor the SDK.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote, urlencode

if TYPE_CHECKING:
    from collections.abc import Mapping

# How long the engine may take for one answer, in seconds. A push has no limit.
TIMEOUT = 60.0
# The longest answer that is read, in bytes: a list of some thousand containers is a few of these millions.
LIMIT = 64 << 20
_FIRST_FAILURE = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int
    body: bytes


class Transport(Protocol):
    """What carries one request to the engine, and its answer back."""

    def send(self, method: str, target: str, timeout: float | None) -> Answer:
        """Send a request for a path, with its query, of the API; `timeout` is for each wait of it, in seconds.

        Raises OSError for a connection that cannot be made or broke, and ValueError for an answer longer than LIMIT.
        """


class AnswerError(Exception):
    """The engine answered, and it was a no: its status code, and its message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status
        self.message = message


class ForeignError(AnswerError):
    """What answered is no engine: it does not even know `/version`."""


class EngineApi:
    """The requests, one a method. Each may raise AnswerError, what the transport does, and ValueError for no JSON."""

    def __init__(self, transport: Transport, timeout: float = TIMEOUT) -> None:
        self._transport = transport
        self._timeout = timeout

    def ping(self) -> None:
        self._send("GET", "/_ping")

    def info(self) -> Any:
        return self._get("/info")

    def inspect_image(self, name: str) -> Any:
        return self._get(f"/images/{_quoted(name)}/json")

    def list_images(self, repository: str) -> Any:
        return self._get("/images/json", {"filters": _filters(reference=repository)})

    def tag_image(self, image: str, name: str, tag: str) -> None:
        self._send("POST", f"/images/{_quoted(image)}/tag", {"repo": name, "tag": tag})

    def remove_image(self, name: str) -> None:
        self._send("DELETE", f"/images/{_quoted(name)}")

    def inspect_container(self, container: str) -> Any:
        return self._get(f"/containers/{_quoted(container)}/json")

    def list_containers(self, prefix: str = "") -> Any:
        """List all containers, those that do not run included, or those that have a text in their name."""
        return self._get("/containers/json", {"all": "1", **({"filters": _filters(name=prefix)} if prefix else {})})

    def wait_for_container(self, container: str, timeout: float | None) -> None:
        """Wait until it does not run, for as long as it takes or until `timeout`, which is a TimeoutError."""
        self._exchange("POST", f"/containers/{_quoted(container)}/wait", timeout)

    def kill_container(self, container: str, signum: int) -> None:
        self._send("POST", f"/containers/{_quoted(container)}/kill", {"signal": str(int(signum))})

    def remove_container(self, container: str, *, force: bool) -> None:
        """Remove it with its anonymous volumes."""
        self._send("DELETE", f"/containers/{_quoted(container)}", {"v": "1", **({"force": "1"} if force else {})})

    def _get(self, path: str, query: Mapping[str, str] | None = None) -> Any:
        return json.loads(self._send("GET", path, query))

    def _send(self, method: str, path: str, query: Mapping[str, str] | None = None) -> bytes:
        return self._exchange(method, f"{path}?{urlencode(query)}" if query else path, self._timeout)

    def _exchange(self, method: str, target: str, timeout: float | None) -> bytes:
        answer = self._transport.send(method, target, timeout)
        if answer.status >= _FIRST_FAILURE:
            raise AnswerError(answer.status, read_message(answer.body))
        return answer.body


def _quoted(name: str) -> str:
    return quote(name, safe="/:")


def _filters(**values: str) -> str:
    return json.dumps({name: [value] for name, value in values.items()})


def read_message(body: bytes) -> str:
    text = body.decode("utf-8", errors="replace").strip()
    with contextlib.suppress(ValueError, LookupError, TypeError, RecursionError):
        return str(json.loads(text)["message"])
    return text
