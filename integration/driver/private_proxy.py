"""A forward proxy that wants a password, and knows hosts by names that nobody else can resolve."""

from __future__ import annotations

import select
import socket
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from integration.driver.private_server import basic, running

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHUNK = 65_536


@dataclass(kw_only=True)
class Proxy:
    """`hosts` are the names it knows, with where they are; `url` is what a client is to be told."""

    user: str
    password: str
    hosts: dict[str, tuple[str, int]] = field(default_factory=dict)
    url: str = ""
    passed: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def find(self, host: str, header: str | None, request: str) -> tuple[str, int] | None:
        """Where a host is, if whoever asks for it may; None where nothing is to be passed."""
        may = header == basic(self.user, self.password) and host in self.hosts
        (self.passed if may else self.refused).append(request)
        return self.hosts[host] if may else None


@contextmanager
def proxying(address: str, user: str, password: str) -> Iterator[Proxy]:
    proxy = Proxy(user=user, password=password)

    class Handler(BaseHTTPRequestHandler):
        def do_CONNECT(self) -> None:
            place = self._place(self.path.rpartition(":")[0])
            if place:
                with socket.create_connection(place) as other:
                    self.send_response(200)
                    self.end_headers()
                    _tunnel(self.connection, other)

        def do_GET(self) -> None:
            asked = urlsplit(self.path)
            place = self._place(asked.hostname or "")
            if place:
                lines = [f"GET {asked.path} HTTP/1.1", f"Host: {asked.netloc}", "Connection: close"]
                lines += [f"Authorization: {token}" for token in [self.headers.get("Authorization")] if token]
                with socket.create_connection(place) as other:
                    other.sendall("".join(f"{line}\r\n" for line in [*lines, ""]).encode())
                    while data := other.recv(_CHUNK):
                        self.connection.sendall(data)

        def _place(self, host: str) -> tuple[str, int] | None:
            self.close_connection = True
            place = proxy.find(host, self.headers.get("Proxy-Authorization"), f"{self.command} {self.path}")
            if place is None:
                self.send_response(407)
                self.send_header("Proxy-Authenticate", 'Basic realm="stow"')
                self.send_header("Content-Length", "0")
                self.end_headers()
            return place

        def log_message(self, *_: Any) -> None:
            """Say nothing: pytest shows what is written."""

    with running(ThreadingHTTPServer((address, 0), Handler)) as port:
        proxy.url = f"http://{user}:{password}@{address}:{port}"
        yield proxy


def _tunnel(one: socket.socket, other: socket.socket) -> None:
    """Pass bytes on in both directions until one side has no more."""
    while True:
        for ready in select.select([one, other], [], [])[0]:
            data = ready.recv(_CHUNK)
            if not data:
                return
            (other if ready is one else one).sendall(data)
