"""A network of a container's own: ports that are free, name servers that can be reached, and what pasta is told."""

from __future__ import annotations

import contextlib
import socket
from typing import TYPE_CHECKING

import pytest

from cargo_stow.errors import RuntimeFailedError
from cargo_stow.process import Result
from cargo_stow.sandbox import network
from cargo_stow.sandbox.holding import Namespaces
from cargo_stow.sandbox.network import Network, plan_network, published
from cargo_stow.sandbox.ports import Port, parse_ports
from tests.canned_runner import CannedRunner

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def no_namespaces(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextlib.contextmanager
    def hold() -> Iterator[Namespaces]:
        yield Namespaces(holder=7, has_network=False)

    monkeypatch.setattr(network, "hold", hold)


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def free() -> int:
    with socket.socket(socket.AF_INET) as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def run(ports: tuple[Port, ...], directory: Path, *, forwards: bool = False) -> list[str]:
    runner = CannedRunner()
    with published(Network(ports=ports, resolver=directory, forwards=forwards), "/proc/9/ns/net", directory, runner):
        pass
    return runner.lines


def test_what_is_started(tmp_path: Path) -> None:
    port = free()
    lines = run(parse_ports(f"127.0.0.1:{port}:80"), tmp_path)
    assert lines[0] == f"mount --bind /proc/9/ns/net {tmp_path}/network"
    assert lines[1].startswith("nsenter --pid=/proc/7/ns/pid_for_children pasta ")
    assert f" --udp-ports none --tcp-ports 127.0.0.1/{port}:80 --netns {tmp_path}/network" in lines[1]
    assert lines[2:] == [f"umount {tmp_path}/network"]
    assert "--dns-forward" not in lines[1]


@pytest.mark.parametrize("option", ["--no-map-gw", "--tcp-ns none", "--udp-ns none"])
def test_this_machine_s_loopback_is_out_of_reach(tmp_path: Path, option: str) -> None:
    assert option in run((), tmp_path)[1]


def test_each_port(tmp_path: Path) -> None:
    first, second = free(), free()
    line = run((*parse_ports(f"{first}:80"), *parse_ports(f"{second}:53")), tmp_path)[1]
    assert f"--tcp-ports {first}:80 --tcp-ports {second}:53" in line


def test_a_free_port_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = run(parse_ports("127.0.0.1::80"), tmp_path)[1]
    said = capsys.readouterr().err
    assert "Publishing 127.0.0.1:" in said
    chosen = said.split("127.0.0.1:")[1].split()[0]
    assert int(chosen) > 0
    assert f"127.0.0.1/{chosen}:80" in line


@pytest.mark.parametrize("text", ["127.0.0.1:{}:80", "{}:80"])
def test_a_port_that_is_taken(tmp_path: Path, taken: int, text: str) -> None:
    with pytest.raises(RuntimeFailedError, match=rf":{taken}/tcp: Address already in use") as caught:
        run(parse_ports(text.format(taken)), tmp_path)
    assert f"sport = :{taken}" in caught.value.hint


def test_an_address_that_is_not_here(tmp_path: Path) -> None:
    with pytest.raises(RuntimeFailedError, match=r"cannot publish 192\.0\.2\.77:9/tcp"):
        run(parse_ports("192.0.2.77:9:80"), tmp_path)


@pytest.mark.parametrize("is_open", [True, False])
def test_pasta_that_fails(tmp_path: Path, is_open: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda path, _mode: is_open or path != "/dev/net/tun")
    said = "Failed to send 30 bytes to syslog\nNo routable interface\n"
    runner = CannedRunner({"nsenter": Result(code=1, stderr=said)})
    ours = Network(ports=parse_ports(f"{free()}:80"), resolver=tmp_path)
    block = published(ours, "/n", tmp_path, runner)
    with pytest.raises(RuntimeFailedError, match="pasta gives the container no network") as caught, block:
        pass
    assert caught.value.detail == "No routable interface"
    assert ("chmod 666 /dev/net/tun" in caught.value.hint) != is_open
    assert runner.lines[-1].startswith("umount")


NAMES = [
    ("nameserver 192.0.2.1\nsearch a.example\n", None),
    (
        "search a.example\nnameserver 127.0.0.53\noptions edns0\n",
        "search a.example\noptions edns0\nnameserver 169.254.1.1\n",
    ),
    ("nameserver ::1\n", "nameserver 169.254.1.1\n"),
    ("nameserver 127.0.0.1\nnameserver 192.0.2.1\n", "nameserver 192.0.2.1\n"),
    ("nameserver\n", None),
]


@pytest.mark.parametrize(("text", "found"), NAMES)
def test_name_servers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, found: str | None) -> None:
    (tmp_path / "here").write_text(text)
    monkeypatch.setattr(network, "RESOLVER", str(tmp_path / "here"))
    planned = plan_network((), tmp_path)
    if found is None:
        assert planned.resolver == tmp_path / "here"
    else:
        assert planned.resolver.read_text() == found
    assert planned.forwards == ("169.254.1.1" in (found or ""))
    assert ("--dns-forward 169.254.1.1" in run((), tmp_path, forwards=planned.forwards)[1]) == planned.forwards
