"""A proxy before a registry that passes so many bytes of its answers on, and then is gone."""

from __future__ import annotations

import contextlib
import socket
import threading

_CHUNK = 1 << 14


class Cut:
    """Listens on loopback. `left` is how many bytes may still come back; None for all."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._guard = threading.Lock()
        self.left: int | None = None
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Cut:
        return self

    def __exit__(self, *_: object) -> None:
        self._close(self._listener, *self._open)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                if self.left is not None and self.left <= 0:
                    self._close(client)
                    continue
                server = socket.create_connection(("127.0.0.1", self._port))
                self._open += [client, server]
                for pair in ((client, server, False), (server, client, True)):
                    threading.Thread(target=self._pass, args=pair, daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket, answers: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(_CHUNK):
                if answers and not self._admits(len(data)):
                    break
                sink.sendall(data)
        self._close(source, sink)

    def _admits(self, count: int) -> bool:
        with self._guard:
            if self.left is not None:
                self.left -= count
            return self.left is None or self.left > 0

    @staticmethod
    def _close(*sockets: socket.socket) -> None:
        for one in sockets:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
