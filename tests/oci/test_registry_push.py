"""What goes into a registry: blobs once, then manifests under their names."""

from __future__ import annotations

import errno
import io
import json
from typing import TYPE_CHECKING, Any, BinaryIO

import pytest
import requests

from cargo_stow.backends.docker import DockerBackend
from cargo_stow.backends.youki.backend import YoukiBackend
from cargo_stow.errors import FileError, ImageFormatError, ImageNotFoundError, RefusedError, RegistryError
from cargo_stow.oci.descriptor import DOCKER_LIST, DOCKER_MANIFEST, INDEX, MANIFEST
from cargo_stow.oci.registry.connection import locate_answer
from cargo_stow.oci.registry.publish import publish, publish_index
from cargo_stow.reference import ImageRef, parse_reference
from tests.backends.stub_engine import StubEngine
from tests.backends.voice import KeptVoice
from tests.canned_runner import CannedRunner
from tests.oci.fake_registry import Canned, FakeRegistry, describe, digest_of, make_manifest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cargo_stow.oci.blobs import Blobs
    from cargo_stow.oci.descriptor import Descriptor
    from cargo_stow.oci.progress import Progress
    from cargo_stow.oci.registry.client import Registry

CONFIG = json.dumps({"architecture": "arm", "os": "linux", "variant": "v7"}).encode()
BASE, LAYER = b"base" * 1000, b"layer" * 500_000
IMAGE = make_manifest(CONFIG, BASE, LAYER)


@pytest.fixture
def name(server: FakeRegistry) -> ImageRef:
    return parse_reference(f"{server.host}/team/web:1")


@pytest.fixture
def image(blobs: Blobs) -> Descriptor:
    for data in (CONFIG, BASE, LAYER):
        blobs.put(data, "")
    return blobs.put(IMAGE, MANIFEST)


def silent(_: Progress) -> None:
    pass


def test_an_image_is_pushed_under_all_of_its_names(
    client: Registry, server: FakeRegistry, name: ImageRef, image: Descriptor, blobs: Blobs
) -> None:
    told: list[Progress] = []
    names = [name, parse_reference(name.name)]
    assert publish(client, names, image, blobs, (), told.append) == digest_of(IMAGE)
    assert {digest for _, digest in server.blobs} == {digest_of(data) for data in (CONFIG, BASE, LAYER)}
    assert {server.manifests["team/web", tag] for tag in ("1", "latest")} == {(MANIFEST, IMAGE)}
    assert {one.status for one in told} == {"Pushing", "Pushed"}
    assert max(one.current for one in told) == len(LAYER)
    first = next(number for number, one in enumerate(server.seen) if "/manifests/" in one.path)
    assert not [one for one in server.seen[first:] if "/blobs/" in one.path]


def test_what_is_there_is_not_pushed(
    client: Registry, server: FakeRegistry, name: ImageRef, image: Descriptor, blobs: Blobs
) -> None:
    server.hold("team/web", BASE, LAYER, CONFIG)
    publish(client, [name], image, blobs, (), silent)
    assert not server.asked("POST")


def test_a_layer_is_mounted_though_it_is_not_here(
    client: Registry, server: FakeRegistry, name: ImageRef, image: Descriptor, blobs: Blobs
) -> None:
    server.hold("team/base", BASE)
    blobs.path(digest_of(BASE)).unlink()
    told: list[Progress] = []
    publish(client, [name], image, blobs, ["team/nothing", "team/base", "team/web"], told.append)
    assert ("team/web", digest_of(BASE)) in server.blobs
    assert [one.status for one in told].count("Mounted") == 1
    assert [one.query["from"] for one in server.asked("POST") if "from" in one.query].count(["team/web"]) == 0


def test_a_layer_that_is_nowhere(
    client: Registry, server: FakeRegistry, name: ImageRef, image: Descriptor, blobs: Blobs
) -> None:
    blobs.path(digest_of(BASE)).unlink()
    with pytest.raises(FileError, match=digest_of(BASE)):
        publish(client, [name], image, blobs, ["team/base"], silent)
    assert not server.manifests


def test_a_repository_that_may_not_be_mounted_from(client: Registry, server: FakeRegistry, name: ImageRef) -> None:
    server.canned.append(Canned(method="POST", ends="/uploads/", status=403))
    assert not client.mount(name, describe(BASE), "secret/base")


def test_credentials_are_asked_for_in_the_middle_of_an_upload(
    client: Registry, server: FakeRegistry, name: ImageRef, log_in: Callable[..., None]
) -> None:
    server.auth = "bearer"
    log_in(server.host)
    challenge = {"WWW_Authenticate": server.challenge.format(url=server.url)}
    server.canned.append(Canned(method="PUT", ends="/uploads/1", status=401, headers=challenge))
    opened: list[BinaryIO] = []

    def open_file() -> BinaryIO:
        opened.append(io.BytesIO(LAYER))
        return opened[-1]

    client.upload(name, describe(LAYER), open_file, silent)
    assert server.blobs["team/web", digest_of(LAYER)] == LAYER
    assert [file.closed for file in opened] == [True, True]
    assert {one.query["scope"][0] for one in server.asked("GET", "/token")} == {"repository:team/web:pull,push"}
    assert server.asked("PUT")[-1].headers["content-length"] == str(len(LAYER))


def test_an_upload_that_fails_in_passing_begins_anew(
    client: Registry, server: FakeRegistry, name: ImageRef, waits: list[float]
) -> None:
    server.canned.append(Canned(method="PUT", ends="/uploads/1", status=503))
    client.upload(name, describe(LAYER), lambda: io.BytesIO(LAYER), silent)
    assert len(server.asked("POST")) == 2
    assert len(waits) == 1


def test_an_upload_that_is_refused(client: Registry, server: FakeRegistry, name: ImageRef) -> None:
    with pytest.raises(RegistryError, match="answered 400") as caught:
        client.upload(name, describe(LAYER), lambda: io.BytesIO(b"x" * len(LAYER)), silent)
    assert caught.value.detail == "DIGEST_INVALID"
    assert len(server.asked("PUT")) == 1


def test_a_file_that_became_shorter(client: Registry, name: ImageRef) -> None:
    with pytest.raises(FileError, match="ends after 5 bytes"):
        client.upload(name, describe(LAYER), lambda: io.BytesIO(b"short"), silent)


def test_a_disk_that_fails_is_no_network_that_does(client: Registry, server: FakeRegistry, name: ImageRef) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise OSError(errno.EIO, f"Input/output error of {size} bytes")

    with pytest.raises(FileError, match="Input/output error"):
        client.upload(name, describe(LAYER), Broken, silent)
    assert len(server.asked("POST")) == 1


def test_an_empty_blob(client: Registry, server: FakeRegistry, name: ImageRef) -> None:
    client.upload(name, describe(b""), lambda: io.BytesIO(b""), silent)
    assert server.blobs["team/web", digest_of(b"")] == b""


def test_a_manifest_by_its_digest(client: Registry, server: FakeRegistry, name: ImageRef) -> None:
    exact = parse_reference(f"{name.name}@{digest_of(IMAGE)}")
    assert client.put_manifest(exact, IMAGE, MANIFEST) == digest_of(IMAGE)
    assert server.asked("PUT")[0].path.endswith(digest_of(IMAGE))
    with pytest.raises(ImageFormatError):
        client.put_manifest(exact, IMAGE + b" ", MANIFEST)


def test_a_registry_that_took_something_else(client: Registry, server: FakeRegistry, name: ImageRef) -> None:
    other = {"Docker_Content_Digest": digest_of(b"other")}
    server.canned.append(Canned(method="PUT", ends="/manifests/1", status=201, headers=other))
    with pytest.raises(ImageFormatError, match="took"):
        client.put_manifest(name, IMAGE, MANIFEST)


def test_an_index(client: Registry, server: FakeRegistry, name: ImageRef) -> None:
    server.hold("team/web", CONFIG)
    digest = server.hold_manifest("team/web", "1-arm", IMAGE)
    found = publish_index(client, [name, parse_reference(f"{name.name}:2")], [digest])
    media_type, data = server.manifests["team/web", "1"]
    assert (media_type, digest_of(data)) == (INDEX, found)
    assert server.manifests["team/web", "2"][1] == data
    platform = {"architecture": "arm", "os": "linux", "variant": "v7"}
    assert json.loads(data)["manifests"] == [{**describe(IMAGE, MANIFEST).as_json(), "platform": platform}]


def test_of_docker_s_images_it_is_a_list_as_docker_has_it(
    client: Registry, server: FakeRegistry, name: ImageRef
) -> None:
    server.hold("team/web", CONFIG)
    manifest = json.dumps({**json.loads(IMAGE), "mediaType": DOCKER_MANIFEST}).encode()
    digest = server.hold_manifest("team/web", "1-arm", manifest, DOCKER_MANIFEST)
    publish_index(client, [name], [digest])
    media_type, data = server.manifests["team/web", "1"]
    assert media_type == json.loads(data)["mediaType"] == DOCKER_LIST
    other = server.hold_manifest("team/web", "1-other", IMAGE)
    publish_index(client, [name], [digest, other])
    assert server.manifests["team/web", "1"][0] == INDEX


def test_both_backends_make_the_same_index(
    server: FakeRegistry, name: ImageRef, home: Path, log_in: Callable[..., None]
) -> None:
    """With the credentials of Docker's configuration, and with no docker program."""
    server.auth = "basic"
    log_in(server.host)
    server.hold("team/web", CONFIG)
    digest = server.hold_manifest("team/web", "1-arm", IMAGE)
    environment = {"HOME": str(home), "PATH": "/nowhere", "CARGO_STOW_STORE": str(home / "store")}
    docker: Any = DockerBackend(CannedRunner(), environment, print)
    docker._engine = StubEngine()
    found = {
        each.push_index([name], [digest]) for each in (docker, YoukiBackend(CannedRunner(), environment, KeptVoice()))
    }
    assert found == {digest_of(server.manifests["team/web", "1"][1])}
    log_in(server.host, "wrong")
    with pytest.raises(RefusedError, match=server.host):
        docker.push_index([name], [digest])


def test_no_index_of_an_index_or_of_nothing(client: Registry, server: FakeRegistry, name: ImageRef) -> None:
    digest = server.hold_manifest("team/web", "1", b"{}", INDEX)
    with pytest.raises(ImageFormatError, match="an index already"):
        publish_index(client, [name], [digest])
    with pytest.raises(ImageNotFoundError):
        publish_index(client, [name], [digest_of(b"absent")])


@pytest.mark.parametrize("data", [b"[]", b"{", b"{}", b'{"layers": [], "config": 7}'])
def test_what_is_no_image_is_not_pushed(client: Registry, name: ImageRef, blobs: Blobs, data: bytes) -> None:
    with pytest.raises(ImageFormatError):
        publish(client, [name], blobs.put(data, MANIFEST), blobs, (), silent)


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("", ""),
        ("/v2/x?a=b", "https://r.example.org/v2/x?a=b"),
        ("https://s.example.org/y", "https://s.example.org/y"),
    ],
)
def test_where_an_upload_goes_on(location: str, expected: str) -> None:
    assert locate_answer(make_answer(location)) == expected


def test_an_upload_does_not_leave_tls() -> None:
    with pytest.raises(RegistryError, match="without TLS"):
        locate_answer(make_answer("http://r.example.org/v2/x"))


def make_answer(location: str) -> requests.Response:
    answer = requests.Response()
    answer.url = "https://r.example.org/v2/x/blobs/uploads/"
    answer.headers["Location"] = location
    return answer
