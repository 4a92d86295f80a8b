"""A small HTTP server of the tests, on an address that build containers of both engines reach, and no one else."""

from __future__ import annotations

import base64
import ipaddress
import json
import threading
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator

    from integration.driver.engine import Engine


@dataclass(frozen=True, kw_only=True)
class Answer:
    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


Ask = Callable[[str, Mapping[str, str]], Answer]
"""From a request's path and headers (their names in lower case) to the answer."""


def gateway(own_engine: Engine) -> str:
    """This machine's address on the bridge of its own engine; the newer engine is a container there."""
    ranges = json.loads(own_engine.docker("network", "inspect", "bridge"))[0]["IPAM"]["Config"]
    first = next(each for each in ranges if ":" not in each["Subnet"])
    return str(first.get("Gateway") or next(ipaddress.ip_network(first["Subnet"]).hosts()))


def basic(user: str, password: str) -> str:
    """The value of a header that says who asks."""
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


@contextmanager
def serving(address: str, ask: Ask, tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """Answer requests on a free port, which is yielded, until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            answer = ask(self.path, {name.lower(): value for name, value in self.headers.items()})
            self.send_response(answer.status)
            for name, value in {**answer.headers, "Content-Length": str(len(answer.body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, *_: Any) -> None:
            """Say nothing: pytest shows what is written."""

    with running(_Server((address, 0), Handler), tls) as port:
        yield port


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that does not trust us, or has gone, is no error of ours."""


@contextmanager
def running(server: ThreadingHTTPServer, tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """Let a server answer in threads until the block ends; yields its port."""
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
