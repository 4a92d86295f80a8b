"""A Docker Engine that plays canned answers on a real unix socket, so that the clients' own code runs in the tests."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import socketserver
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from cargo_stow.backends.engine import Engine

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One canned answer. `chunks` are sent as a chunked stream; `cut` breaks the connection off after them.

    `version` is the header by which an engine says that it knows the path; "" leaves it out.
    """

    status: int = 200
    body: bytes = b"{}"
    chunks: tuple[bytes, ...] | None = None
    cut: bool = False
    version: str = "1.41"


@dataclass(frozen=True, kw_only=True)
class Request:
    """`prefix` is the version of the API that was asked for, "" for whichever the engine likes."""

    method: str
    prefix: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]

    @property
    def auth(self) -> dict[str, str]:
        value: dict[str, str] = json.loads(base64.urlsafe_b64decode(self.headers["x-registry-auth"]))
        return value


def answer(value: object, status: int = 200) -> Answer:
    return Answer(status=status, body=json.dumps(value).encode())


def failure(status: int, message: str) -> Answer:
    return answer({"message": message}, status)


def stream(*records: object, cut: bool = False) -> Answer:
    return Answer(chunks=tuple(json.dumps(record).encode() + b"\r\n" for record in records), cut=cut)


@dataclass
class FakeEngine:
    """`answers` by `METHOD /path`, without the API version; several for one are played in turn, the last for ever."""

    socket: Path
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    hung_up: threading.Event = field(default_factory=threading.Event)
    port: int = 0

    def __post_init__(self) -> None:
        self.set("GET /version", answer({"ApiVersion": "1.41"}))
        self.set("GET /_ping", Answer(body=b"OK"))

    @property
    def address(self) -> str:
        return f"tcp://127.0.0.1:{self.port}" if self.port else f"unix://{self.socket}"

    def set(self, what: str, *answers: Answer) -> None:
        self.answers[what] = list(answers)

    def take(self, what: str) -> Answer:
        found = self.answers.get(what, [failure(404, f"the fake has no answer to {what}")])
        return found.pop(0) if len(found) > 1 else found[0]


def connect(address: str, **more: str) -> Engine:
    return Engine({**os.environ, "DOCKER_HOST": address, **more})


def close(engine: Engine) -> None:
    """Give back the connections that the SDK keeps, which a process of ours does by ending."""
    if engine._client is not None:
        engine._client.close()


@contextlib.contextmanager
def playing(socket: Path | None = None) -> Iterator[FakeEngine]:
    """Play on a unix socket; without one, on a port of the loopback."""
    engine = FakeEngine(socket=socket or Path())
    with Server(engine) if socket else TcpServer(("127.0.0.1", 0), Handler) as server:
        server.engine = engine
        if isinstance(server, TcpServer):
            engine.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield engine
        server.shutdown()
        thread.join()


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, engine: FakeEngine) -> None:
        self.engine = engine
        super().__init__(str(engine.socket), Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # A client that hangs up is part of the tests.


class TcpServer(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True
    block_on_close = False
    engine: FakeEngine


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server | TcpServer

    def handle_any(self) -> None:
        url = urlsplit(self.path)
        prefix, path = "", unquote(url.path)
        if path.startswith("/v1."):
            _, prefix, path = path.split("/", 2)
            path = f"/{path}"
        headers = {key.lower(): value for key, value in self.headers.items()}
        self.rfile.read(int(headers.get("content-length", "0")))
        query = dict(parse_qsl(url.query))
        request = Request(method=self.command, prefix=prefix, path=path, query=query, headers=headers)
        self.server.engine.requests.append(request)
        self.play(self.server.engine.take(f"{self.command} {path}"))

    do_GET = do_POST = do_DELETE = handle_any  # noqa: N815

    def play(self, canned: Answer) -> None:
        self.send_response(canned.status)
        self.send_header("Content-Type", "application/json")
        if canned.version:
            self.send_header("Api-Version", canned.version)
        if canned.chunks is None:
            self.send_header("Content-Length", str(len(canned.body)))
            self.end_headers()
            self.wfile.write(canned.body[: len(canned.body) // 2] if canned.cut else canned.body)
        else:
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.send_chunks(canned.chunks, canned.cut)
        self.close_connection = canned.cut

    def send_chunks(self, chunks: tuple[bytes, ...], cut: bool) -> None:
        for chunk in chunks:
            if chunk == b"WAIT":
                self.rfile.read(1)  # Returns when the client hangs up.
                self.server.engine.hung_up.set()
                return
            self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
        if not cut:
            self.wfile.write(b"0\r\n\r\n")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass
