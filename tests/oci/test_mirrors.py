from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cargo_stow.errors import UsageError
from cargo_stow.oci.registry.configuration import find_verify, load_configuration
from cargo_stow.oci.registry.endpoints import is_loopback, make_host
from cargo_stow.oci.registry.mirrors import Configuration, Table, find_endpoints
from cargo_stow.reference import parse_reference

if TYPE_CHECKING:
    from pathlib import Path

NAME = "registry.example.org/team/web"


def found(configuration: Configuration, name: str = NAME) -> list[str]:
    endpoints = find_endpoints(parse_reference(name), configuration)
    return [f"{each.host.host}{each.host.path}/{each.repository}" for each in endpoints]


def test_nothing_is_configured() -> None:
    assert found(Configuration()) == ["registry.example.org/v2/team/web"]
    assert found(Configuration(), "debian") == ["registry-1.docker.io/v2/library/debian"]
    assert make_host("docker.io").registry == "docker.io"


def test_mirrors_come_first_in_their_order() -> None:
    table: Table = {
        "prefix": "docker.io",
        "mirror": [{"location": "one.example.org/hub"}, {"location": "two.example.org:5000"}],
    }
    assert found(Configuration(registries=[table]), "debian") == [
        "one.example.org/v2/hub/library/debian",
        "two.example.org:5000/v2/library/debian",
        "registry-1.docker.io/v2/library/debian",
    ]


def test_the_longest_prefix_wins_and_is_one_of_whole_components() -> None:
    tables: list[Table] = [
        {"location": "registry.example.org", "mirror": [{"location": "short"}]},
        {"location": "registry.example.org/team", "mirror": [{"location": "long.example.org/t"}]},
        {"location": "registry.example.org/team/we", "mirror": [{"location": "wrong"}]},
    ]
    assert found(Configuration(registries=tables))[0] == "long.example.org/v2/t/web"


def test_a_later_file_stands_in_for_an_earlier() -> None:
    tables: list[Table] = [{"location": "registry.example.org", "insecure": flag} for flag in (False, True)]
    endpoints = find_endpoints(parse_reference(NAME), Configuration(registries=tables))
    assert endpoints[-1].host.schemes == ("https", "http")


def test_location_insecure_and_wildcard() -> None:
    moved: Table = {"prefix": "registry.example.org/team", "location": "other.example.org/x", "insecure": True}
    assert found(Configuration(registries=[moved])) == ["other.example.org/v2/x/web"]
    wild: Table = {"prefix": "*.example.org", "blocked": True}
    with pytest.raises(UsageError, match="blocks"):
        found(Configuration(registries=[wild]))
    assert found(Configuration(registries=[wild]), "example.org/a") == ["example.org/v2/a"]


def test_mirrors_for_digests_only() -> None:
    mirrors = [{"location": "m.example.org", "pull-from-mirror": "digest-only"}]
    table: Table = {"location": "registry.example.org", "mirror": mirrors}
    mirror, own = find_endpoints(parse_reference(NAME), Configuration(registries=[table]))
    assert (mirror.for_tags, mirror.for_digests, own.for_tags) == (False, True, True)


@pytest.mark.parametrize(
    "table",
    [
        {"location": 7},
        {"location": "registry.example.org", "mirror": [{}]},
        {"location": "registry.example.org", "mirror": 3},
        {"location": "registry.example.org", "mirror": [3]},
    ],
)
def test_tables_that_cannot_be(table: Table) -> None:
    with pytest.raises(UsageError):
        find_endpoints(parse_reference(NAME), Configuration(registries=[table]))


def test_hosts_of_containerd() -> None:
    hosts = {
        "https://m.example.org/proxy": {"capabilities": ["pull"], "ca": "/ca.pem"},
        "http://push.example.org": {"capabilities": ["push"]},
        "http://plain.example.org:80/v2/x": {"override_path": True, "skip_verify": True},
    }
    table: Table = {"server": "https://up.example.org", "host": hosts}
    endpoints = find_endpoints(parse_reference(NAME), Configuration(hosts={"registry.example.org": table}))
    assert [each.host.host for each in endpoints] == ["m.example.org", "plain.example.org:80", "up.example.org"]
    assert [each.host.path for each in endpoints] == ["/proxy/v2", "/v2/x", "/v2"]
    assert [each.host.namespace for each in endpoints] == ["registry.example.org"] * 2 + [""]
    assert [each.for_tags for each in endpoints] == [False, True, True]
    assert (endpoints[0].host.authority, endpoints[1].host.schemes) == ("/ca.pem", ("http",))
    assert endpoints[-1].host.registry == "registry.example.org"


@pytest.mark.parametrize(
    "hosts", [{"ftp://m": {}}, {"https://": {}}, {"https://m": {"capabilities": 7}}, {"https://[m": {}}]
)
def test_hosts_of_containerd_that_cannot_be(hosts: Table) -> None:
    with pytest.raises(UsageError, match=r"hosts\.toml"):
        found(Configuration(hosts={"registry.example.org": {"host": hosts}}))


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_files_are_read_in_their_order(tmp_path: Path) -> None:
    home, etc = tmp_path / "home", tmp_path / "etc"
    environment = {"HOME": str(home)}

    def locations() -> list[str]:
        return [table["location"] for table in load_configuration("r", environment, etc).registries]

    assert locations() == []
    write(etc / "containers/registries.conf", '[[registry]]\nlocation = "machine"\n')
    write(etc / "containers/registries.conf.d/1.conf", '[[registry]]\nlocation = "drop-in"\n')
    assert locations() == ["machine", "drop-in"]
    write(home / ".config/containers/registries.conf", '[[registry]]\nlocation = "user"\n')
    assert locations() == ["user", "drop-in"]
    environment["CONTAINERS_REGISTRIES_CONF"] = str(write(tmp_path / "own", '[[registry]]\nlocation = "own"\n'))
    assert locations() == ["own", "drop-in"]


def test_hosts_and_certificates_are_found(tmp_path: Path) -> None:
    write(tmp_path / "containerd/certs.d/r_5000_/hosts.toml", '[host."https://m"]\nca = "own.pem"\n')
    write(tmp_path / "containerd/certs.d/_default/hosts.toml", '[host."https://d"]\n')
    certificate = write(tmp_path / "docker/certs.d/r:5000/ca.crt", "")
    found = load_configuration("r:5000", {"HOME": "/nowhere"}, tmp_path)
    directory = tmp_path / "containerd/certs.d/r_5000_"
    assert found.hosts["r:5000"]["host"] == {"https://m": {"ca": [f"{directory}/own.pem"]}}
    assert found.authorities == {"r:5000": str(certificate)}
    endpoints = find_endpoints(parse_reference("r:5000/x"), found)
    assert [each.host.authority for each in endpoints] == [f"{directory}/own.pem", str(certificate)]
    assert "https://d" in load_configuration("s", {"HOME": "/nowhere"}, tmp_path).hosts["s"]["host"]


def test_broken_files_are_named(tmp_path: Path) -> None:
    path = write(tmp_path / "containers/registries.conf", "[[")
    with pytest.raises(UsageError, match=str(path)):
        load_configuration("r", {"HOME": "/nowhere"}, tmp_path)
    path.write_text("registry = 3")
    with pytest.raises(UsageError, match=str(path)):
        load_configuration("r", {"HOME": "/nowhere"}, tmp_path)


def test_authorities() -> None:
    assert find_verify({"SSL_CERT_FILE": "/x"}) == "/x"
    assert find_verify({"REQUESTS_CA_BUNDLE": "/y"}) is True


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        *((name, True) for name in ("localhost", "localhost:5000", "127.3.2.1", "[::1]:5000")),
        *((name, False) for name in ("10.0.0.1:5000", "localhost.example.org", "example.org", "[fe80::1]")),
    ],
)
def test_loopback(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected
