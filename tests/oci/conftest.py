"""Registries of this process, and a client with a configuration of its own."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest

from cargo_stow.oci.blobs import Blobs
from cargo_stow.oci.registry.client import Registry
from cargo_stow.oci.registry.configuration import load_configuration
from tests.oci.fake_registry import PASSWORD, USER, FakeRegistry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from cargo_stow.oci.registry.mirrors import Configuration


@pytest.fixture
def make_server() -> Iterator[Callable[[], FakeRegistry]]:
    made: list[FakeRegistry] = []

    def make() -> FakeRegistry:
        made.append(FakeRegistry())
        return made[-1]

    yield make
    for server in made:
        server.close()


@pytest.fixture
def server(make_server: Callable[[], FakeRegistry]) -> FakeRegistry:
    return make_server()


@pytest.fixture
def waits() -> list[float]:
    """What the client waited, in seconds; it did not."""
    return []


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home directory without a configuration; no proxy stands between the tests and their servers."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "home/.docker").mkdir(parents=True)
    return tmp_path / "home"


@pytest.fixture
def client(home: Path, tmp_path: Path, waits: list[float]) -> Iterator[Registry]:
    """Reads `etc` of the test's directory in the place of /etc."""

    def load(registry: str, environment: Mapping[str, str]) -> Configuration:
        return load_configuration(registry, environment, tmp_path / "etc")

    with Registry({"HOME": str(home), "PATH": "/nowhere"}, load=load, sleep=waits.append) as registry:
        yield registry


@pytest.fixture
def log_in(home: Path) -> Callable[..., None]:
    """Write credentials for a host, as `docker login` does."""

    def write(host: str, password: str = PASSWORD, **entry: str) -> None:
        pair = base64.b64encode(f"{USER}:{password}".encode()).decode()
        auths = {host: entry or {"auth": pair}}
        (home / ".docker/config.json").write_text(json.dumps({"auths": auths}))

    return write


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path / "blobs")
