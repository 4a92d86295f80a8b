"""What goes over the socket when the SDK is not in between. What is the same either way is in `test_engine.py`."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING

import pytest

from cargo_stow.backends import engine_http
from cargo_stow.errors import EngineError, EngineStoppedError
from tests.backends.fake_engine import Answer, answer, connect, playing

if TYPE_CHECKING:
    from pathlib import Path

    from tests.backends.fake_engine import FakeEngine

pytestmark = pytest.mark.usefixtures("home")

IMAGE = {"Id": "sha256:1", "Os": "linux", "Architecture": "amd64"}
INSPECT = "GET /images/web:1/json"


def test_one_question_is_one_request(fake: FakeEngine) -> None:
    fake.set(INSPECT, answer(IMAGE))
    engine = connect(fake.address)
    engine.ping()
    assert engine.image("web:1")
    assert [(one.method, one.prefix, one.path) for one in fake.requests] == [
        ("GET", "", "/_ping"),
        ("GET", "", "/images/web:1/json"),
    ]


def test_over_tcp() -> None:
    with playing() as fake:
        fake.set(INSPECT, answer(IMAGE))
        fake.set("DELETE /containers/c", Answer(status=409))
        engine = connect(fake.address)
        assert engine.address == f"tcp://127.0.0.1:{fake.port}"
        assert engine.image("web:1")
        assert engine.image("web:2") is None
        engine.remove_container("c")
        assert fake.requests[0].headers["host"] == f"127.0.0.1:{fake.port}"


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(EngineStoppedError, match="no-such-host"):
        connect("tcp://no-such-host.invalid:2375").ping()


def test_an_engine_that_wants_the_version_in_the_path(fake: FakeEngine) -> None:
    lost = Answer(status=404, body=b'{"message": "page not found"}', version="")
    fake.set("GET /version", answer({"ApiVersion": "1.99"}))
    fake.set(INSPECT, lost, answer(IMAGE), answer(IMAGE))
    engine = connect(fake.address)
    for _ in range(2):
        assert engine.image("web:1")
    assert [(one.prefix, one.path.rpartition("/")[2]) for one in fake.requests] == [
        ("", "json"),
        ("", "version"),
        ("v1.99", "json"),
        ("v1.99", "json"),
    ]


@pytest.mark.parametrize("version", [{}, {"ApiVersion": None}, {"ApiVersion": "1.4/../x"}, [], "1.41"])
def test_a_version_that_is_none(fake: FakeEngine, version: object) -> None:
    fake.set("GET /version", answer(version))
    fake.set(INSPECT, Answer(status=404, version=""))
    with pytest.raises(EngineError, match="was not understood"):
        connect(fake.address).image("web:1")


@pytest.mark.parametrize("name", ["a b", "ä:1", "a?b=c", "a#b", "a%2fb", "a@sha256:1", "../version", "a\r\nX: y"])
def test_a_name_is_nothing_but_a_name(fake: FakeEngine, name: str) -> None:
    fake.set(f"GET /images/{name}/json", answer(IMAGE))
    assert connect(fake.address).image(name)
    assert "x" not in fake.requests[0].headers


@pytest.mark.parametrize("canned", [Answer(body=b"[" + b" " * 2000 + b"]"), Answer(chunks=(b"[",) + (b" " * 500,) * 4)])
def test_an_answer_without_end(fake: FakeEngine, monkeypatch: pytest.MonkeyPatch, canned: Answer) -> None:
    monkeypatch.setattr(engine_http, "LIMIT", 1000)
    fake.set(INSPECT, canned)
    with pytest.raises(EngineError, match="was not understood") as caught:
        connect(fake.address).image("web:1")
    assert "longer than 1000 bytes" in caught.value.detail


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n{",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200,
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000,
    ],
)
def test_what_does_not_speak_to_the_end(tmp_path: Path, said: bytes) -> None:
    path = tmp_path / "s.sock"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()

        def speak() -> None:
            with listening.accept()[0] as connection:
                connection.recv(4096)
                connection.sendall(said)

        thread = threading.Thread(target=speak)
        thread.start()
        with pytest.raises(EngineError, match=r"the connection to the engine at .* broke"):
            connect(f"unix://{path}").image("web:1")
        thread.join()


def test_no_socket_is_left_open(fake: FakeEngine) -> None:
    """pytest turns a ResourceWarning into a failure."""
    engine = connect(fake.address)
    fake.set(INSPECT, Answer(body=b"{}", cut=True))
    for _ in range(3):
        with pytest.raises(EngineError):
            engine.image("web:1")
    with pytest.raises(EngineStoppedError):
        connect(f"{fake.address}.gone").ping()
