"""Where an engine is: what is read without the SDK, what only the SDK reads, and what is no address."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import traceback
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cargo_stow.backends import engine_sdk
from cargo_stow.backends.engine_endpoint import find_plain_endpoint, with_port
from cargo_stow.errors import ToolMissingError, UsageError
from tests.backends.fake_engine import connect, playing

if TYPE_CHECKING:
    from pathlib import Path

    from tests.backends.fake_engine import FakeEngine

pytestmark = pytest.mark.usefixtures("home")


@pytest.mark.parametrize("address", ["bogus", "ftp://x:1", "tcp://", "tcp://h/p", "tcp://h:no", "unix://x?y=1"])
def test_bogus_address(address: str) -> None:
    with pytest.raises(UsageError, match="DOCKER_HOST") as caught:
        connect(address).ping()
    assert address in str(caught.value)


def test_password_in_an_address_is_masked() -> None:
    for password in ("hunter2", "hunter2@x", "hun/ter2", "ter2@h/ter2"):
        with pytest.raises(UsageError) as caught:
            connect(f"tcp://bob:{password}@h:1").ping()
        assert "ter2" not in caught.value.message
    assert "hunter2" not in "".join(traceback.format_exception(caught.value))
    assert "bob:***@h" in str(caught.value)


def test_addresses_that_need_no_sdk(fake: FakeEngine, home: Path) -> None:
    """Its import takes longer than all the rest of a build that has nothing to do."""
    write_context(home, "mine", fake.address)
    code = (
        "import os, sys; from cargo_stow.backends.engine import Engine\n"
        "for host, context in (line.split(',') for line in sys.argv[1:]):\n"
        "    engine = Engine({**os.environ, 'DOCKER_HOST': host, 'DOCKER_CONTEXT': context})\n"
        "    print(engine.address)\n"
        "engine.ping()\n"
        "print([name for name in ('docker', 'requests', 'urllib3') if name in sys.modules])"
    )
    cases = ["tcp://127.0.0.1:2375,", "tcp://[::1]:2375,", "unix:///x/y.sock,", ",", ",default", ",mine"]
    done = subprocess.run([sys.executable, "-c", code, *cases], capture_output=True, text=True, check=True)
    expected = [*(case.rstrip(",") for case in cases[:3]), *["unix:///var/run/docker.sock"] * 2, fake.address, "[]"]
    assert done.stdout.split("\n")[:-1] == expected


def write_context(home: Path, name: str, host: str, **more: object) -> Path:
    directory = home / "contexts/meta" / hashlib.sha256(name.encode()).hexdigest()
    directory.mkdir(parents=True, exist_ok=True)
    if not (home / "config.json").exists():
        (home / "config.json").write_text("{}")
    meta = {"Name": name, "Metadata": {}, "Endpoints": {"docker": {"Host": host, "SkipTLSVerify": False}}, **more}
    (directory / "meta.json").write_text(json.dumps(meta))
    return directory


ADDRESSES = [
    *(
        "unix:///a",
        "unix:///a/b.sock",
        "unix:///a/",
        "unix:///",
        "unix://",
        "unix:///a;b",
        "unix:///a%20b",
        "unix:///A b",
    ),
    *(
        "unix:///a#b",
        "unix://a/b",
        "unix:///é",
        "tcp://h:1",
        "tcp://h:65535",
        "tcp://h:65536",
        "tcp://h:0",
        "tcp://h:01",
    ),
    *("tcp://H.example:1", "tcp://[::1]:1", "tcp://[::z]:1", "tcp://h:1/", "tcp://h:1/p", "tcp://u@h:1", "tcp://:1"),
    *(
        "http://h:1",
        "https://h:1",
        "h:1",
        "/a",
        "http+unix:///a",
        "ssh://h",
        "npipe:////./pipe/x",
        "fd://",
        "unix:///a\n",
    ),
    *("tcp://h:1\n", "tcp://h_x:1", "tcp://h..x:1", "tcp://-:1", "TCP://h:1", "UNIX:///a"),
]


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("where", ["DOCKER_HOST", "DOCKER_CONTEXT", "current context"])
def test_what_is_read_without_the_sdk_is_what_the_sdk_reads(home: Path, address: str, where: str) -> None:
    environment = {**os.environ, "DOCKER_HOST": address}
    if where != "DOCKER_HOST":
        write_context(home, "mine", address)
        environment = {**os.environ, "DOCKER_CONTEXT": "mine" if where == "DOCKER_CONTEXT" else ""}
        (home / "config.json").write_text('{"currentContext": "mine"}')
    plain = find_plain_endpoint(environment)
    if plain is not None:
        assert replace(plain, plain=False) == engine_sdk.find_endpoint(environment)


@pytest.mark.parametrize(
    "environment",
    [
        {"DOCKER_TLS_VERIFY": "1"},
        {"DOCKER_TLS_VERIFY": "0"},
        {"http_proxy": "http://p:1"},
        {"HTTP_PROXY": "http://p:1"},
        {"ALL_PROXY": "http://p:1"},
    ],
)
def test_what_only_the_sdk_can_do(environment: dict[str, str]) -> None:
    assert find_plain_endpoint({**environment, "DOCKER_HOST": "tcp://h:2375"}) is None
    assert find_plain_endpoint({"DOCKER_HOST": "tcp://127.0.0.1:2375", "DOCKER_TLS_VERIFY": ""}) is not None


@pytest.mark.parametrize("host", ["127.0.0.1:1", "127.8.9.1:1", "localhost:1", "LOCALHOST:1", "[::1]:1", "localhost"])
def test_nobody_asks_a_proxy_for_this_machine(host: str) -> None:
    found = find_plain_endpoint({"DOCKER_HOST": f"tcp://{host}", "HTTP_PROXY": "http://p:1"})
    assert found
    assert found.plain


def test_the_sdk_asks_no_proxy_for_this_machine_either(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with playing() as fake:
        endpoint = engine_sdk.find_endpoint({"DOCKER_HOST": fake.address})
        client = engine_sdk.connect(endpoint, timeout=5)
        assert client.ping()
        client.close()


@pytest.mark.parametrize(
    ("environment", "url"),
    [
        ({"DOCKER_HOST": "tcp://h"}, "http://h:2375"),
        ({"DOCKER_HOST": "tcp://h/"}, "http://h:2375"),
        ({"DOCKER_HOST": "tcp://[::1]"}, "http://[::1]:2375"),
        ({"DOCKER_HOST": "tcp://h:1", "DOCKER_CERT_PATH": "/certs"}, "http://h:1"),
        ({"DOCKER_HOST": "tcp://h:1", "DOCKER_CERT_PATH": "/certs", "DOCKER_TLS_VERIFY": ""}, "http://h:1"),
    ],
)
def test_as_the_docker_command_reads_it(environment: dict[str, str], url: str) -> None:
    plain = find_plain_endpoint(environment)
    assert plain
    assert plain.url == url
    assert engine_sdk.find_endpoint(environment) == replace(plain, plain=False)


def test_a_port_with_tls() -> None:
    assert with_port("tcp://h", tls=True) == "tcp://h:2376"


def test_headers_that_only_the_sdk_sends(home: Path) -> None:
    (home / "config.json").write_text('{"HttpHeaders": {"X-Team": "us"}}')
    assert find_plain_endpoint({"DOCKER_HOST": "unix:///a"}) is None


def test_ssh_without_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(ToolMissingError, match=r"ssh://me@h is reached over ssh, for which .* paramiko") as caught:
        connect("ssh://me@h").ping()
    assert "pipx inject cargo-stow 'docker[ssh]'" in caught.value.hint


def test_a_pipe_of_windows() -> None:
    with pytest.raises(UsageError, match=r"DOCKER_HOST is `npipe:.*which only Windows has") as caught:
        connect("npipe:////./pipe/docker_engine").ping()
    assert "unix:///" in caught.value.hint


def test_no_proxy_is_between_us_and_a_socket() -> None:
    found = find_plain_endpoint({"DOCKER_HOST": "unix:///a", "http_proxy": "http://p:1"})
    assert found
    assert found.plain


def test_a_context_that_is_not_plain(fake: FakeEngine, home: Path) -> None:
    environment = {**os.environ, "DOCKER_HOST": "", "DOCKER_CONTEXT": "mine"}
    directory = write_context(home, "mine", fake.address)
    assert find_plain_endpoint(environment)
    certificates = home / "contexts/tls" / directory.name
    certificates.mkdir(parents=True)
    assert find_plain_endpoint(environment) is None
    certificates.rmdir()
    others: list[dict[str, object]] = [
        {"Name": "other"},
        {"Endpoints": {}},
        {"Endpoints": {"docker": {"Host": 7}}},
        {"Endpoints": None},
    ]
    for other in others:
        write_context(home, "mine", fake.address, **other)
        assert find_plain_endpoint(environment) is None
    for text in ("", "[]", "{", "\xff"):
        (directory / "meta.json").write_bytes(text.encode("latin-1"))
        assert find_plain_endpoint(environment) is None
    write_context(home, "mine", "tcp://h:1")  # It may have certificates elsewhere.
    assert find_plain_endpoint(environment) is None


@pytest.mark.parametrize("config", ['{"currentContext": 7}', '{"currentContext": ["x"]}'])
def test_a_current_context_that_is_no_name(home: Path, config: str) -> None:
    (home / "config.json").write_text(config)
    assert find_plain_endpoint({}) is None
    with pytest.raises(UsageError, match="the current Docker context"):
        connect("").ping()


def test_where_the_configuration_is(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`$DOCKER_CONFIG`, else `~/.docker`: of two, docker reads the former, also where it has no such file."""
    (home / ".docker").mkdir()
    (home / ".docker/config.json").write_text('{"currentContext": "gone"}')
    monkeypatch.setenv("DOCKER_CONFIG", "")
    with pytest.raises(UsageError, match="`gone`"):
        connect("").ping()
    monkeypatch.setenv("DOCKER_CONFIG", str(home / "nowhere"))
    assert connect("").address == "unix:///var/run/docker.sock"
    with pytest.raises(UsageError, match="`gone`, which does not exist"):
        connect("", DOCKER_CONTEXT="gone").ping()
    monkeypatch.setenv("DOCKER_CONFIG", str(home))
    (home / "config.json").write_text("{}")
    assert connect("").address == "unix:///var/run/docker.sock"


def test_contexts(home: Path) -> None:
    with pytest.raises(UsageError, match=r"DOCKER_CONTEXT is `nope`, which does not exist"):
        connect("", DOCKER_CONTEXT="nope").ping()
    (home / "config.json").write_text('{"currentContext": "gone"}')
    with pytest.raises(UsageError, match="the current Docker context is `gone`"):
        connect("").ping()
    assert connect("", DOCKER_CONTEXT="default").address == "unix:///var/run/docker.sock"


def test_a_context_beside_no_configuration(home: Path, fake: FakeEngine) -> None:
    write_context(home, "mine", fake.address)
    (home / "config.json").unlink()
    connect("", DOCKER_CONTEXT="mine").ping()
    write_context(home, "mine", "tcp://h:1")
    (home / "config.json").unlink()
    with pytest.raises(UsageError, match=r"`mine`, which cannot be read without a file .*config\.json"):
        connect("", DOCKER_CONTEXT="mine").ping()


def test_context_of_the_user(fake: FakeEngine, home: Path) -> None:
    from docker.context import ContextAPI  # noqa: PLC0415

    (home / "config.json").write_text("{}")
    ContextAPI.create_context("mine", host=fake.address)
    engine = connect("", DOCKER_CONTEXT="mine")
    assert engine.address == fake.address
    engine.ping()
    for meta in home.glob("contexts/meta/*/meta.json"):
        meta.write_text("{")
    with pytest.raises(UsageError, match="`mine`, which cannot be read"):
        connect("", DOCKER_CONTEXT="mine").ping()


def test_certificates_that_are_missing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="DOCKER_CERT_PATH"):
        connect("tcp://127.0.0.1:1", DOCKER_TLS_VERIFY="1", DOCKER_CERT_PATH=str(tmp_path)).ping()
