"""One question over HTTP and its answer: redirects, repetition, and what keeps an answer from coming.

Knows nothing of registries but that an `Authorization` is for one origin. Must not let a secret out: neither a header
nor an address stands in an error (the address of a redirect may be signed), and no exception of requests is kept in the
chain of ours.
"""

from __future__ import annotations

import contextlib
import http.client
import http.cookiejar
import socket
import ssl
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urljoin, urlsplit

import requests
import urllib3

from cargo_stow import __version__
from cargo_stow.errors import RegistryError
from cargo_stow.oci.causes import walk_causes
from cargo_stow.oci.registry.errors import BrokenOffError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_T = TypeVar("_T")
TRIES = 4
_LONGEST_WAIT = 10.0
_FIRST_WAIT = 0.5
_REDIRECTS = 10
# urllib3 takes the first for each write of a body, too; a registry may need long to put a big blob into its store.
_TIMEOUT = (30, 300)
PASSING = frozenset({429, 500, 502, 503, 504})
_MOVED = frozenset({301, 302, 303, 307, 308})
_KEEPS_METHOD = frozenset({307, 308})
_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A request. `body` makes what is sent anew each time; it is closed, if it can be.

    `verify` is what requests calls so, for this origin only. `repeated` says whether one that fails in passing may be
    sent again, `moves` whether another origin may have it: a body with a secret in it stays where it was sent.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Callable[[], Any] | None = None
    authorization: str = field(default="", repr=False)
    verify: bool | str = True
    repeated: bool = True
    moves: bool = True


class Exchange:
    """Sends messages on kept connections. `verify` stands for hosts that nothing else is known of; `sleep` waits."""

    def __init__(self, verify: bool | str = True, sleep: Callable[[float], None] = time.sleep) -> None:
        self.verify = verify
        self._sleep = sleep
        self._session = requests.Session()
        self._session.headers["User-Agent"] = f"cargo-stow/{__version__}"
        self._session.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
        # Whoever configures a registry as insecure has been told.
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)

    def close(self) -> None:
        self._session.close()

    def send(self, message: Message) -> requests.Response:
        """Send and follow; the answer is a stream, to be closed, of whatever status. Raises RegistryError."""
        for number in range(TRIES - 1 if message.repeated else 0):
            try:
                response = self._follow(message)
            except BrokenOffError:
                self.wait(number)
                continue
            if response.status_code not in PASSING:
                return response
            response.close()
            self.wait(number, response.headers.get("Retry-After", ""))
        return self._follow(message)

    def wait(self, number: int, asked: str = "") -> None:
        """Wait before a repetition, the first being number 0: as many seconds as were `asked` for, ten at most."""
        seconds = float(asked) if asked.isdecimal() else _FIRST_WAIT * 2**number
        self._sleep(min(seconds, _LONGEST_WAIT))

    def _follow(self, message: Message) -> requests.Response:
        for _ in range(_REDIRECTS):
            response = self._send(message)
            target = response.headers.get("Location", "")
            if response.status_code not in _MOVED or not target:
                return response
            response.close()
            message = self._moved(message, urljoin(message.url, target), response.status_code)
        raise RegistryError(f"the registry at {host_of(message.url)} redirects in a circle")

    def _moved(self, message: Message, url: str, status: int) -> Message:
        """The same question to another address. Another origin gets no credentials, and never in plain text from TLS.

        Source: RFC 9110, section 15.4; Fetch standard, "HTTP-redirect fetch", for what crosses origins.
        """
        scheme = urlsplit(url).scheme
        may_move = message.method in {"GET", "HEAD"} or status in _KEEPS_METHOD
        may_move = may_move and (message.moves or origin(url) == origin(message.url))
        if scheme not in _PORTS or not may_move or (message.url.startswith("https:") and scheme == "http"):
            raise RegistryError(
                f"the registry at {host_of(message.url)} redirects to where it cannot be followed ({host_of(url)})",
                hint="ask whoever runs the registry",
            )
        if origin(url) == origin(message.url):
            return replace(message, url=url)
        return replace(message, url=url, authorization="", verify=self.verify)

    def _send(self, message: Message) -> requests.Response:
        body: Any = message.body() if message.body else None
        with contextlib.ExitStack() as stack:
            if hasattr(body, "close"):
                stack.callback(body.close)
            return attempt(host_of(message.url), lambda: self._request(message, body))

    def _request(self, message: Message, body: Any) -> requests.Response:
        return self._session.request(
            message.method,
            message.url,
            headers=dict(message.headers),
            data=body,
            auth=_Authorization(message.authorization),
            verify=message.verify,
            timeout=_TIMEOUT,
            allow_redirects=False,
            stream=True,
        )


class _Authorization(requests.auth.AuthBase):
    """Sets the header, or none. That there is one keeps requests from looking into `.netrc`."""

    def __init__(self, value: str) -> None:
        self._value = value

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._value:
            request.headers["Authorization"] = self._value
        return request


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port: what credentials are for."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)


def host_of(url: str) -> str:
    """Host and port of an address, to be shown: neither user nor path nor query, which may be secret."""
    return urlsplit(url).netloc.rpartition("@")[2]


def attempt(host: str, act: Callable[[], _T]) -> _T:
    """Send or read; whatever that raises becomes an UnreachableError, which keeps nothing of it.

    A context manager could not do it: it would leave the exception in the chain.
    """
    try:
        return act()
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
        failure = _translate(error, host)
    raise failure


def _translate(error: BaseException, host: str) -> UnreachableError:
    causes = list(walk_causes(error))

    def any_is(*classes: type[BaseException]) -> bool:
        return any(isinstance(cause, classes) for cause in causes)

    broken: type[UnreachableError] = UnreachableError
    if any_is(requests.exceptions.ProxyError, urllib3.exceptions.ProxyError):
        why, hint = "the proxy gave no connection", "see HTTPS_PROXY, HTTP_PROXY and NO_PROXY"
    elif any_is(socket.gaierror):
        why, hint = "its name is not known", "check the registry's name, and the network"
    elif any_is(ssl.SSLError, requests.exceptions.SSLError, urllib3.exceptions.SSLError):
        why, hint = "TLS failed", f"if its authority is your own, put it into /etc/docker/certs.d/{host}/ca.crt"
    elif any_is(ConnectionRefusedError):
        why, hint = "the connection was refused", "check host and port, and whether it runs"
    elif any_is(TimeoutError, requests.Timeout, urllib3.exceptions.ReadTimeoutError):
        why, hint = "it did not answer in time", "check the network, and try again"
    elif any_is(ConnectionError, urllib3.exceptions.ProtocolError, http.client.HTTPException):
        why, hint, broken = "the connection broke", "check the network, and try again", BrokenOffError
    else:
        number = next((cause.strerror for cause in causes if isinstance(cause, OSError) and cause.strerror), "")
        why, hint = number or "what it sent is no HTTP", "check the registry's name, and the network"
    return broken(f"cannot reach the registry at {host}: {why}", hint=hint)
