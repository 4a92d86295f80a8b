"""The client of registries against the real one: what it pushes, an engine can pull, and it can itself."""

from __future__ import annotations

import gzip
import io
import json
import os
import tarfile
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from cargo_stow.errors import NoCredentialsError, RefusedError
from cargo_stow.oci.blobs import Blobs
from cargo_stow.oci.descriptor import CONFIG, LAYER_GZIP, MANIFEST, Descriptor
from cargo_stow.oci.registry.client import Registry as Client
from cargo_stow.oci.registry.publish import publish, publish_index
from cargo_stow.reference import ImageRef, parse_reference
from integration.bed import registry as bed_registry
from integration.driver.registry import Registry, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_docker.plugin import Services

    from cargo_stow.oci.progress import Progress
    from integration.driver.engine import Engine


@pytest.fixture
def registry(own_engine: Engine, docker_services: Services) -> Registry:
    """The open registry. The client has no engine, so the tests run once, and not for each."""
    return _find(docker_services.port_for("registry", 5000))


@pytest.fixture
def closed_registry(own_engine: Engine, docker_services: Services) -> Registry:
    return _find(docker_services.port_for("registry-auth", 5000))


def _find(port: int) -> Registry:
    found = Registry(host=f"127.0.0.1:{port}", user=bed_registry.USER, password=bed_registry.PASSWORD)
    wait_for(found)
    return found


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    (tmp_path / "docker").mkdir()
    environment = {"HOME": str(tmp_path), "DOCKER_CONFIG": str(tmp_path / "docker"), "PATH": os.environ["PATH"]}
    with Client(environment) as found:
        yield found


def silent(_: Progress) -> None:
    pass


def make_image(blobs: Blobs) -> Descriptor:
    """An image of one file of 3 MiB, which does not compress."""
    content = os.urandom(3 << 20)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        entry = tarfile.TarInfo("content")
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    layer = blobs.put(gzip.compress(packed.getvalue(), mtime=0), LAYER_GZIP)
    diff = f"sha256:{sha256(packed.getvalue()).hexdigest()}"
    rootfs = {"type": "layers", "diff_ids": [diff]}
    config = {"architecture": "amd64", "os": "linux", "rootfs": rootfs, "config": {"Cmd": ["/content"]}}
    kept = blobs.put(json.dumps(config).encode(), CONFIG)
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": kept.as_json(), "layers": [layer.as_json()]}
    return blobs.put(json.dumps(manifest).encode(), MANIFEST)


def pull(client: Client, name: ImageRef, image: Descriptor, blobs: Blobs) -> None:
    found, data = client.fetch_manifest(name, image.digest)
    assert found == image
    for part in (json.loads(data)["config"], *json.loads(data)["layers"]):
        blob = Descriptor(media_type=part["mediaType"], digest=part["digest"], size=part["size"])
        client.pull(name, blob, blobs, silent)
        assert blobs.has(blob)


def test_round_trip(client: Client, registry: Registry, own_engine: Engine, tmp_path: Path) -> None:
    blobs = Blobs(tmp_path / "here")
    image = make_image(blobs)
    name = parse_reference(f"{registry.host}/client/one:1")
    assert publish(client, [name], image, blobs, (), silent) == image.digest
    assert client.resolve(name) == image
    pull(client, name, image, Blobs(tmp_path / "back"))
    own_engine.docker("pull", "--quiet", str(name))
    try:
        assert own_engine.docker("inspect", "--format", "{{index .Config.Cmd 0}}", str(name)) == "/content"
    finally:
        own_engine.docker("rmi", str(name))


def test_layers_are_mounted(client: Client, registry: Registry, tmp_path: Path) -> None:
    blobs = Blobs(tmp_path / "here")
    image = make_image(blobs)
    publish(client, [parse_reference(f"{registry.host}/client/from:1")], image, blobs, (), silent)
    told: list[Progress] = []
    other = parse_reference(f"{registry.host}/client/to:1")
    publish(client, [other], image, blobs, ["client/from"], told.append)
    assert {one.status for one in told} == {"Mounted"}


def test_an_index_of_images(client: Client, registry: Registry, tmp_path: Path) -> None:
    blobs = Blobs(tmp_path / "here")
    image = make_image(blobs)
    name = parse_reference(f"{registry.host}/client/index:1")
    publish(client, [name], image, blobs, (), silent)
    digest = publish_index(client, [name], [image.digest])
    assert client.resolve(name).digest == digest
    (entry,) = json.loads(client.fetch_manifest(name, digest)[1])["manifests"]
    assert (entry["digest"], entry["platform"]) == (image.digest, {"architecture": "amd64", "os": "linux"})


def test_credentials(client: Client, closed_registry: Registry, tmp_path: Path) -> None:
    blobs = Blobs(tmp_path / "here")
    image = make_image(blobs)
    name = parse_reference(f"{closed_registry.host}/client/closed:1")
    with pytest.raises(NoCredentialsError):
        publish(client, [name], image, blobs, (), silent)
    for password, error in (("not-the-password", RefusedError), (closed_registry.password, None)):
        directory = closed_registry.logged_in(tmp_path / "docker", closed_registry.user, password)
        with Client({"DOCKER_CONFIG": str(directory), "PATH": os.environ["PATH"]}) as known:
            if error:
                with pytest.raises(error):
                    publish(known, [name], image, blobs, (), silent)
            else:
                publish(known, [name], image, blobs, (), silent)
                pull(known, name, image, Blobs(tmp_path / "back"))
