"""What comes out of a registry: resolved, fetched and pulled, and every way in which it can be wrong."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import pytest

from cargo_stow.errors import ImageFormatError, ImageNotFoundError, RegistryError
from cargo_stow.oci.credentials import Credentials
from cargo_stow.oci.descriptor import DOCKER_LIST, INDEX, MANIFEST
from cargo_stow.oci.registry import exchange
from cargo_stow.oci.registry.connection import Connection
from cargo_stow.oci.registry.endpoints import Host
from cargo_stow.oci.registry.exchange import Exchange, Message
from cargo_stow.reference import ImageRef, parse_reference
from tests.oci.fake_registry import Canned, FakeRegistry, describe, digest_of, make_manifest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cargo_stow.oci.blobs import Blobs
    from cargo_stow.oci.progress import Progress
    from cargo_stow.oci.registry.client import Registry

LAYER = os.urandom(3 << 20)
IMAGE = make_manifest(b"{}", LAYER)


@pytest.fixture
def name(server: FakeRegistry) -> ImageRef:
    server.hold("team/web", LAYER, b"{}")
    server.hold_manifest("team/web", "1", IMAGE)
    return parse_reference(f"{server.host}/team/web:1")


def silent(_: Progress) -> None:
    pass


def test_resolve_asks_for_all_kinds_and_fetches_nothing(client: Registry, server: FakeRegistry, name: ImageRef) -> None:
    assert client.resolve(name) == describe(IMAGE, MANIFEST)
    (head,) = server.asked("HEAD")
    assert {part.strip() for part in head.headers["accept"].split(",")} >= {INDEX, MANIFEST, DOCKER_LIST}
    assert len(head.headers["accept"].split(",")) == 4
    assert not server.asked("GET", "/manifests/")


def test_resolve_without_a_digest_header(client: Registry, server: FakeRegistry, name: ImageRef) -> None:
    server.digests = False
    assert client.resolve(name) == describe(IMAGE, MANIFEST)
    assert len(server.asked("GET", "/manifests/1")) == 1


def test_resolve_where_no_head_is_answered(client: Registry, server: FakeRegistry, name: ImageRef) -> None:
    server.canned.append(Canned(method="HEAD", ends="/manifests/1", status=405))
    assert client.resolve(name).digest == digest_of(IMAGE)


def test_no_tag_is_latest(client: Registry, server: FakeRegistry, name: ImageRef) -> None:
    server.hold_manifest("team/web", "latest", IMAGE)
    assert client.resolve(parse_reference(name.name)).digest == digest_of(IMAGE)


def test_absent(client: Registry, server: FakeRegistry, name: ImageRef) -> None:
    with pytest.raises(ImageNotFoundError, match="has no image"):
        client.resolve(parse_reference(f"{name.name}:2"))
    with pytest.raises(ImageNotFoundError, match="a part of"):
        client.read_blob(name, describe(b"absent"))


def test_a_digest_that_is_claimed_must_be_true(client: Registry, server: FakeRegistry, name: ImageRef) -> None:
    wrong = Canned(
        method="GET",
        ends="/manifests/1",
        status=200,
        headers={"Docker_Content_Digest": digest_of(b"other"), "Content_Type": MANIFEST},
        body=IMAGE,
    )
    server.canned += [Canned(method="HEAD", ends="/manifests/1", status=405), wrong]
    with pytest.raises(ImageFormatError, match="should be"):
        client.resolve(name)


def test_a_digest_that_was_asked_for_must_be_answered(client: Registry, server: FakeRegistry, name: ImageRef) -> None:
    asked = digest_of(b"asked")
    server.manifests["team/web", asked] = (MANIFEST, IMAGE)
    with pytest.raises(ImageFormatError):
        client.resolve(name.at(asked))
    with pytest.raises(ImageFormatError):
        client.fetch_manifest(name, asked)


def test_fetch_manifest(client: Registry, name: ImageRef) -> None:
    assert client.fetch_manifest(name, digest_of(IMAGE)) == (describe(IMAGE, MANIFEST), IMAGE)


def test_a_type_that_is_said_in_the_manifest_only(client: Registry, server: FakeRegistry, name: ImageRef) -> None:
    server.hold_manifest("team/web", "1", IMAGE, "application/json")
    assert client.resolve(name).media_type == MANIFEST
    server.hold_manifest("team/web", "1", b"{}", "application/vnd.docker.distribution.manifest.v1+prettyjws")
    with pytest.raises(ImageFormatError, match="is no image"):
        client.resolve(name)


def test_an_endless_manifest(client: Registry, server: FakeRegistry, name: ImageRef) -> None:
    digest = server.hold_manifest("team/web", "1", b" " * ((8 << 20) + 1))
    with pytest.raises(ImageFormatError, match="more than"):
        client.fetch_manifest(name, digest)


def test_pull_keeps_the_bytes_as_they_are(client: Registry, server: FakeRegistry, name: ImageRef, blobs: Blobs) -> None:
    told: list[Progress] = []
    client.pull(name, describe(LAYER), blobs, told.append)
    assert blobs.path(digest_of(LAYER)).read_bytes() == LAYER
    assert (told[-1].current, told[-1].total) == (len(LAYER), len(LAYER))
    client.pull(name, describe(LAYER), blobs, told.append)
    assert len(server.asked("GET", "/blobs/")) == 1


@pytest.mark.parametrize("ranges", [True, False])
def test_a_body_that_breaks_off_goes_on(
    client: Registry, server: FakeRegistry, name: ImageRef, blobs: Blobs, *, ranges: bool
) -> None:
    server.ranges = ranges
    server.cuts = [1_000_000, 1_500_001]
    client.pull(name, describe(LAYER), blobs, silent)
    assert blobs.path(digest_of(LAYER)).read_bytes() == LAYER
    asked = [one.headers.get("range") for one in server.asked("GET", "/blobs/")]
    assert asked == [None, "bytes=1000000-", "bytes=2500001-" if ranges else "bytes=1500001-"]


def test_a_body_that_never_comes(
    client: Registry, server: FakeRegistry, name: ImageRef, blobs: Blobs, waits: list[float]
) -> None:
    server.cuts = [0] * 100
    with pytest.raises(RegistryError):
        client.pull(name, describe(LAYER), blobs, silent)
    assert len(server.asked("GET", "/blobs/")) == 4
    assert waits
    assert list(blobs.directory.iterdir()) == []


@pytest.mark.parametrize("data", [b"x" * len(LAYER), LAYER + b"x"], ids=["of-that-size", "longer"])
def test_a_blob_that_is_another(
    client: Registry, server: FakeRegistry, name: ImageRef, blobs: Blobs, data: bytes
) -> None:
    server.blobs["team/web", digest_of(LAYER)] = data
    with pytest.raises(ImageFormatError):
        client.pull(name, describe(LAYER), blobs, silent)
    assert list(blobs.directory.iterdir()) == []


def test_an_empty_blob(client: Registry, server: FakeRegistry, name: ImageRef, blobs: Blobs) -> None:
    server.hold("team/web", b"")
    client.pull(name, describe(b""), blobs, silent)
    assert blobs.path(digest_of(b"")).read_bytes() == b""


def mirror(etc: Path, host: str, mirror: str, more: str = "") -> None:
    (etc / "containers").mkdir(parents=True)
    text = f'[[registry]]\nlocation = "{host}"\n[[registry.mirror]]\nlocation = "{mirror}"\n{more}'
    (etc / "containers/registries.conf").write_text(text)


def test_a_mirror_is_asked_first_and_the_registry_where_it_fails(  # noqa: PLR0917
    client: Registry,
    server: FakeRegistry,
    name: ImageRef,
    blobs: Blobs,
    tmp_path: Path,
    make_server: Callable[[], FakeRegistry],
) -> None:
    other = make_server()
    mirror(tmp_path / "etc", server.host, f"{other.host}/cache")
    other.hold_manifest("cache/team/web", "1", IMAGE)
    other.blobs["cache/team/web", digest_of(LAYER)] = b"damaged"
    assert client.resolve(name).digest == digest_of(IMAGE)
    assert not server.seen
    client.pull(name, describe(LAYER), blobs, silent)
    assert blobs.path(digest_of(LAYER)).read_bytes() == LAYER
    assert other.asked("GET", "/blobs/")
    assert len(server.asked("GET", "/blobs/")) == 1


def test_a_mirror_of_digests_is_not_asked_for_tags(
    client: Registry, server: FakeRegistry, name: ImageRef, tmp_path: Path, make_server: Callable[[], FakeRegistry]
) -> None:
    other = make_server()
    mirror(tmp_path / "etc", server.host, other.host, 'pull-from-mirror = "digest-only"\n')
    other.hold_manifest("team/web", "1", IMAGE)
    client.resolve(name)
    assert not other.seen
    client.fetch_manifest(name, digest_of(IMAGE))
    assert len(other.asked("GET", "/manifests/")) == 1
    assert not server.asked("GET", "/manifests/")


def test_a_mirror_that_is_down(client: Registry, server: FakeRegistry, name: ImageRef, tmp_path: Path) -> None:
    mirror(tmp_path / "etc", server.host, "127.0.0.1:1")
    assert client.resolve(name).digest == digest_of(IMAGE)


def test_nobody_answers(client: Registry) -> None:
    with pytest.raises(RegistryError, match=r"127\.0\.0\.1:1: the connection was refused") as caught:
        client.resolve(parse_reference("127.0.0.1:1/x"))
    assert caught.value.hint
    assert caught.value.__context__ is None


def test_a_name_that_is_not_known(client: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(RegistryError, match="its name is not known"):
        client.resolve(parse_reference("no-such-host.invalid/x"))


def test_no_tls_where_it_must_be(server: FakeRegistry, name: ImageRef) -> None:
    with pytest.raises(RegistryError, match="TLS failed") as caught:
        Exchange().send(Message(method="GET", url=f"https://{server.host}/v2/"))
    assert "ca.crt" in caught.value.hint


def test_an_answer_that_does_not_come(
    client: Registry, server: FakeRegistry, name: ImageRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "_TIMEOUT", (1, 0.05))
    with socket.create_server(("127.0.0.1", 0)) as silent_one:
        silent_one.listen()
        host = f"127.0.0.1:{silent_one.getsockname()[1]}"
        with pytest.raises(RegistryError, match="did not answer in time"):
            Exchange().send(Message(method="GET", url=f"http://{host}/v2/?secret", repeated=False))


@pytest.mark.parametrize(
    ("host", "verify"),
    [
        (Host(registry="r", host="r", authority="/ca"), "/ca"),
        (Host(registry="r", host="r"), "/all"),
        (Host(registry="r", host="r", scheme="https", insecure=True, authority="/ca"), False),
    ],
)
def test_whom_a_host_is_trusted_by(host: Host, verify: bool | str) -> None:
    assert Connection(host, Credentials(), Exchange("/all"))._find_site().verify == verify


def test_what_passes_is_waited_for(client: Registry, server: FakeRegistry, name: ImageRef, waits: list[float]) -> None:
    server.canned += [
        Canned(method="HEAD", ends="/manifests/1", status=429, headers={"Retry_After": "7"}),
        Canned(method="HEAD", ends="/manifests/1", status=503, headers={"Retry_After": "3600"}),
    ]
    assert client.resolve(name).digest == digest_of(IMAGE)
    assert waits == [7, 10]


def test_what_does_not_pass_is_told(client: Registry, server: FakeRegistry, name: ImageRef) -> None:
    body = b'{"errors": [{"code": "TOOMANYREQUESTS", "message": "enough for today"}]}'
    server.canned += [Canned(method="GET", ends=digest_of(IMAGE), status=429, body=body)] * 4
    with pytest.raises(RegistryError, match="answered 429") as caught:
        client.fetch_manifest(name, digest_of(IMAGE))
    assert caught.value.detail == "enough for today"
    assert len(server.asked("GET", "/manifests/")) == 4


def test_redirects_in_a_circle(client: Registry, server: FakeRegistry, name: ImageRef) -> None:
    path = f"/v2/team/web/manifests/{digest_of(IMAGE)}"
    server.canned += [Canned(method="GET", ends=path, status=307, headers={"Location": path})] * 20
    with pytest.raises(RegistryError, match="circle"):
        client.fetch_manifest(name, digest_of(IMAGE))
