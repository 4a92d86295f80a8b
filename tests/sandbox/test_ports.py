"""Ports as `docker run --publish` has them."""

from __future__ import annotations

import pytest

from cargo_stow.errors import UsageError
from cargo_stow.sandbox.ports import Port, parse_ports

ONE = [
    ("8080", Port(inside=8080)),
    ("9000:8080", Port(inside=8080, host=9000)),
    (":8080", Port(inside=8080)),
    ("127.0.0.1:9000:8080", Port(inside=8080, host=9000, address="127.0.0.1")),
    ("127.0.0.1::8080", Port(inside=8080, address="127.0.0.1")),
    ("[::1]:9000:8080", Port(inside=8080, host=9000, address="::1")),
    ("80/tcp", Port(inside=80)),
    ("80/TCP", Port(inside=80)),
    ("65535:1", Port(inside=1, host=65535)),
]


@pytest.mark.parametrize(("text", "port"), ONE, ids=[text for text, _ in ONE])
def test_one(text: str, port: Port) -> None:
    assert parse_ports(text) == (port,)


def test_a_range() -> None:
    assert [(each.host, each.inside) for each in parse_ports("8000-8002:9000-9002")] == [
        (8000, 9000),
        (8001, 9001),
        (8002, 9002),
    ]
    assert {each.host for each in parse_ports("9000-9002")} == {0}


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            ":",
            "no-port",
            "80/sctp",
            "53:53/udp",
            "80/",
            "0",
            "0:80",
            "65536",
            "80:65536",
            "80-79",
            "9000-9001:80",
            "-:80",
            "-80",
        ),
        *("1-:80", "::1:80:80", "localhost:80:80", "1.2.3:80:80", "[::1:80:80", "[]:80:80", "1:2:3:4", "80 ", "٨٠"),
    ],
)
def test_what_is_none(text: str) -> None:
    with pytest.raises(UsageError, match="--publish") as caught:
        parse_ports(text)
    assert text in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    ("text", "place"), [("9000:80", "0.0.0.0:9000"), ("127.0.0.1:9000:80", "127.0.0.1:9000"), ("[::1]:9:80", "[::1]:9")]
)
def test_where_it_is_reached(text: str, place: str) -> None:
    assert parse_ports(text)[0].place == place
