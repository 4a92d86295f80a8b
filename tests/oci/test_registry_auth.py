"""Credentials: asked for, sent to whom they are for, and to nobody else."""

from __future__ import annotations

import base64
import io
import json
import traceback
from typing import TYPE_CHECKING

import pytest

from cargo_stow.errors import NoCredentialsError, RefusedError, RegistryError, StowError
from cargo_stow.oci.credentials import Credentials, find_credentials, native_config_file
from cargo_stow.oci.registry.client import Registry
from cargo_stow.oci.registry.exchange import Exchange, Message
from cargo_stow.oci.registry.mirrors import Configuration
from cargo_stow.oci.registry.tokens import Authorizer, Site
from cargo_stow.reference import ImageRef, parse_reference
from tests.oci.fake_registry import IDENTITY, PASSWORD, USER, Canned, FakeRegistry, describe, digest_of, make_manifest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cargo_stow.oci.blobs import Blobs

LAYER = b"layer" * 1000
IMAGE = make_manifest(b"{}", LAYER)
WRONG = "not-the-password"


@pytest.fixture
def name(server: FakeRegistry) -> ImageRef:
    server.hold("team/web", LAYER, b"{}")
    server.hold_manifest("team/web", "1", IMAGE)
    return parse_reference(f"{server.host}/team/web:1")


def assert_no_secret(error: StowError) -> None:
    text = "".join(traceback.format_exception(error)) + error.hint + error.detail
    encoded = base64.b64encode(f"{USER}:{WRONG}".encode()).decode()
    assert not [secret for secret in (PASSWORD, WRONG, IDENTITY, encoded) if secret in text]


@pytest.mark.parametrize("auth", ["basic", "bearer"])
def test_credentials_are_sent_once_they_are_asked_for(
    client: Registry, server: FakeRegistry, name: ImageRef, log_in: Callable[..., None], auth: str
) -> None:
    server.auth = auth
    log_in(server.host)
    assert client.resolve(name).digest == digest_of(IMAGE)
    assert client.fetch_manifest(name, digest_of(IMAGE))[1] == IMAGE
    sent = [one.authorization.partition(" ")[0].lower() for one in server.seen if "/manifests/" in one.path]
    assert sent == ["", auth, auth]


@pytest.mark.parametrize("auth", ["basic", "bearer"])
@pytest.mark.parametrize("method", ["HEAD", "GET"])
def test_none_were_found(client: Registry, server: FakeRegistry, name: ImageRef, auth: str, method: str) -> None:
    server.auth = auth
    with pytest.raises(NoCredentialsError, match="wants credentials") as caught:
        client.resolve(name) if method == "HEAD" else client.fetch_manifest(name, digest_of(IMAGE))
    assert f"docker login {server.host}" in caught.value.hint


@pytest.mark.parametrize("auth", ["basic", "bearer"])
def test_they_are_refused(
    client: Registry, server: FakeRegistry, name: ImageRef, log_in: Callable[..., None], auth: str
) -> None:
    server.auth = auth
    log_in(server.host, WRONG)
    with pytest.raises(RefusedError, match=f"refused the user `{USER}`") as caught:
        client.resolve(name)
    assert_no_secret(caught.value)
    assert caught.value.__context__ is None


def test_a_registry_that_repeats_secrets(
    client: Registry, server: FakeRegistry, name: ImageRef, log_in: Callable[..., None]
) -> None:
    server.auth = "bearer"
    log_in(server.host)
    body = json.dumps({"details": f"no {PASSWORD} here"}).encode()
    server.canned.append(Canned(method="GET", ends="/token", status=401, body=body))
    with pytest.raises(RefusedError) as caught:
        client.resolve(name)
    assert caught.value.detail == "no *** here"


def test_tokens_are_kept_for_each_scope(
    client: Registry, server: FakeRegistry, name: ImageRef, log_in: Callable[..., None]
) -> None:
    server.auth = "bearer"
    log_in(server.host)
    client.resolve(name)
    client.resolve(name)
    client.has_blob(name, describe(LAYER))
    client.mount(name, describe(LAYER), "team/base")
    scopes = [one.query["scope"] for one in server.asked("GET", "/token")]
    pull, push = "repository:team/web:pull", "repository:team/web:pull,push"
    assert scopes == [[pull], [push], [push, "repository:team/base:pull"]]
    assert server.asked("GET", "/token")[0].query["service"] == ["fake"]


def test_a_token_that_ran_out_is_replaced(
    client: Registry, server: FakeRegistry, name: ImageRef, log_in: Callable[..., None]
) -> None:
    server.auth = "bearer"
    log_in(server.host)
    client.resolve(name)
    server.tokens = {"other": set()}
    assert client.resolve(name).digest == digest_of(IMAGE)
    assert len(server.asked("GET", "/token")) == 2


def test_an_identity_token_is_posted(
    client: Registry, server: FakeRegistry, name: ImageRef, log_in: Callable[..., None]
) -> None:
    server.auth = "bearer"
    log_in(server.host, identitytoken=IDENTITY)
    assert client.resolve(name).digest == digest_of(IMAGE)
    (posted,) = server.asked("POST", "/token")
    assert b"grant_type=refresh_token" in posted.body
    assert posted.authorization == ""


def test_an_identity_token_does_not_move(
    client: Registry,
    server: FakeRegistry,
    name: ImageRef,
    log_in: Callable[..., None],
    make_server: Callable[[], FakeRegistry],
) -> None:
    server.auth = "bearer"
    other = make_server()
    log_in(server.host, identitytoken=IDENTITY)
    location = {"Location": f"{other.url}/token"}
    server.canned.append(Canned(method="POST", ends="/token", status=307, headers=location))
    with pytest.raises(RegistryError, match="redirects"):
        client.resolve(name)
    assert not other.seen


def test_storage_on_another_host_gets_no_credentials(  # noqa: PLR0917
    client: Registry,
    server: FakeRegistry,
    name: ImageRef,
    blobs: Blobs,
    log_in: Callable[..., None],
    make_server: Callable[[], FakeRegistry],
) -> None:
    server.auth, server.storage = "bearer", make_server()
    server.storage.hold("team/web", LAYER)
    log_in(server.host)
    client.pull(name, describe(LAYER), blobs, lambda _: None)
    assert blobs.path(digest_of(LAYER)).read_bytes() == LAYER
    assert [one.authorization for one in server.storage.seen] == [""]
    assert server.asked("GET", "/blobs/")[-1].authorization.startswith("Bearer")


def test_a_refusal_of_storage_is_not_about_credentials(
    client: Registry, server: FakeRegistry, name: ImageRef, make_server: Callable[[], FakeRegistry], blobs: Blobs
) -> None:
    server.storage = make_server()
    server.storage.canned.append(Canned(method="GET", ends=digest_of(LAYER), status=403))
    with pytest.raises(RegistryError, match="answered 403"):
        client.pull(name, describe(LAYER), blobs, lambda _: None)


def test_a_netrc_is_not_for_registries(
    client: Registry, server: FakeRegistry, name: ImageRef, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / ".netrc").write_text("machine 127.0.0.1 login x password y\n")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("NETRC", str(home / ".netrc"))
    client.resolve(name)
    assert {one.authorization for one in server.seen} == {""}


def test_tls_is_not_left(make_server: Callable[[], FakeRegistry]) -> None:
    exchange = Exchange()
    message = Message(method="GET", url="https://registry.example.org/v2/", authorization="Basic x")
    with pytest.raises(RegistryError, match="redirects"):
        exchange._moved(message, "http://registry.example.org/v2/", 307)
    moved = exchange._moved(message, "https://registry.example.org:8443/v2/", 307)
    assert (moved.authorization, moved.url) == ("", "https://registry.example.org:8443/v2/")
    same = exchange._moved(message, "https://registry.example.org:443/other", 307)
    assert same.authorization == "Basic x"


def test_the_file_of_podman(server: FakeRegistry, name: ImageRef, home: Path, tmp_path: Path) -> None:
    server.auth = "basic"
    pair = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    file = tmp_path / "auth.json"
    file.write_text(json.dumps({"auths": {server.host: {"auth": pair}}}))
    environment = {"HOME": str(home), "PATH": "/nowhere", "REGISTRY_AUTH_FILE": str(file)}
    with Registry(environment, load=lambda *_: Configuration(), sleep=lambda _: None) as client:
        assert client.resolve(name).digest == digest_of(IMAGE)
    assert native_config_file({"HOME": "/h"}).as_posix() == "/h/.docker/config.json"
    assert not find_credentials(server.host, environment).found


def test_the_credentials_of_docker_hub(home: Path, log_in: Callable[..., None]) -> None:
    log_in("https://index.docker.io/v1/")
    with Registry({"HOME": str(home), "PATH": "/nowhere"}, load=lambda *_: Configuration()) as client:
        connection, repository = client._own(parse_reference("debian"))
    assert (connection._credentials.user, repository) == (USER, "library/debian")


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True)
    path.write_text(text)


def test_a_mirror_gets_no_credentials_of_the_registry(  # noqa: PLR0917
    client: Registry,
    server: FakeRegistry,
    name: ImageRef,
    log_in: Callable[..., None],
    make_server: Callable[[], FakeRegistry],
    tmp_path: Path,
) -> None:
    mirror = make_server()
    mirror.auth = server.auth = "bearer"
    log_in(server.host)
    hosts = f'[host."{mirror.url}"]\ncapabilities = ["pull", "resolve"]\n'
    write(tmp_path / "etc/containerd/certs.d" / server.host / "hosts.toml", hosts)
    assert client.resolve(name).digest == digest_of(IMAGE)
    assert [one.query["ns"] for one in mirror.asked("HEAD")] == [[server.host]]
    assert {one.authorization for one in mirror.seen} == {""}
    assert "ns" not in server.asked("HEAD")[0].query


def test_a_password_is_not_sent_in_plain_text_for_a_registry_with_tls() -> None:
    authorizer = Authorizer(Credentials(user=USER, password=PASSWORD), Exchange())
    site = Site(url="https://registry.example.org")
    with pytest.raises(RegistryError, match="do not send secrets"):
        authorizer.learn('Bearer realm="http://registry.example.org/token"', ["x"], site)


def test_an_upload_to_another_host_gets_no_credentials(
    client: Registry,
    server: FakeRegistry,
    name: ImageRef,
    log_in: Callable[..., None],
    make_server: Callable[[], FakeRegistry],
) -> None:
    storage, server.auth = make_server(), "basic"
    log_in(server.host)
    client.resolve(name)
    location = {"Location": f"{storage.url}/v2/team/web/blobs/uploads/1?state=a%2Fb"}
    server.canned.append(Canned(method="POST", ends="/uploads/", status=202, headers=location))
    client.upload(name, describe(LAYER), lambda: io.BytesIO(LAYER), lambda _: None)
    assert storage.blobs["team/web", digest_of(LAYER)] == LAYER
    assert [one.authorization for one in storage.seen] == [""]
