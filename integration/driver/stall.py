"""A proxy before an engine that never passes one kind of request on, so that a command can be met in that phase."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING

from integration.driver.running import wait_until

if TYPE_CHECKING:
    from integration.driver.engine import Engine

_CHUNK = 1 << 16
_DEFAULT = "unix:///var/run/docker.sock"


class Stall:
    """Listens on loopback. While `what` is set, a request whose first line holds it is kept, and `met` is set."""

    def __init__(self, engine: Engine) -> None:
        self._target = engine.host or _DEFAULT
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.what = ""
        self.met = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Stall:
        return self

    def __exit__(self, *_: object) -> None:
        for one in [self._listener, *self._open]:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    @property
    def host(self) -> str:
        """The DOCKER_HOST that leads through here."""
        return f"tcp://127.0.0.1:{self._listener.getsockname()[1]}"

    def wait(self) -> None:
        wait_until(self.met.is_set, f"a request for {self.what}")

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = self._connect()
                self._open += [client, server]
                threading.Thread(target=self._pass, args=(client, server, True), daemon=True).start()
                threading.Thread(target=self._pass, args=(server, client, False), daemon=True).start()

    def _connect(self) -> socket.socket:
        scheme, _, place = self._target.partition("://")
        if scheme == "unix":
            server = socket.socket(socket.AF_UNIX)
            server.connect(place)
            return server
        host, _, port = place.partition(":")
        return socket.create_connection((host, int(port)))

    def _pass(self, source: socket.socket, sink: socket.socket, requests: bool) -> None:
        kept = False
        with contextlib.suppress(OSError):
            while data := source.recv(_CHUNK):
                if requests and self.what and self.what in data.split(b"\r\n", 1)[0].decode(errors="replace"):
                    kept = True  # with the rest of the request, whenever that comes
                    self.met.set()
                if not kept:
                    sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
