"""The fixtures of the integration suite: two engines, the registries, and the examples under `cargo-stow`.

Where no engine answers, every test is skipped with the reason; with CI set, it fails instead.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest
from xdist.scheduler import LoadScopeScheduling

from integration.bed import docker as bed_docker
from integration.bed import images, newer_engine
from integration.bed import registry as bed_registry
from integration.bed.failure import BedError
from integration.driver.engine import Engine
from integration.driver.leaks import Ledger
from integration.driver.registry import Registry, wait_for
from integration.driver.stow import Stow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_docker.plugin import Services

_REMEDY = "make the bed with: python -m integration.bed engine buildx images registry newer-engine youki ordinary"


class EngineScheduling(LoadScopeScheduling):  # type: ignore[misc]
    """One worker an engine, and one for what needs none (`-n 3`): each is mostly waited for."""

    def _split_scope(self, nodeid: str) -> str:
        if re.search(r"test_(youki|rootless|load|output)", nodeid):
            return "native"
        return "newer" if re.search(r"[\[-]newer[\]-]", nodeid) else "own"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--published", action="store_true", help="build all crates of test_published.py, not a few")


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> EngineScheduling:
    return EngineScheduling(config, log)


def _give_up(reason: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(f"{reason}; {_REMEDY}", pytrace=False)
    pytest.skip(f"{reason}; {_REMEDY}")


@pytest.fixture(scope="session", autouse=True)
def own_engine() -> Engine:
    """The machine's own engine, with the bed in it."""
    if not bed_docker.answers():
        _give_up(f"no Docker engine answers at {os.environ.get('DOCKER_HOST', 'its default address')}")
    absent = bed_docker.missing([*images.names(), bed_registry.IMAGE])
    if absent:
        _give_up(f"the engine lacks {', '.join(absent)}")
    return Engine(name="own", host=os.environ.get("DOCKER_HOST"), address="127.0.0.1")


@pytest.fixture(scope="session")
def the_newer_engine(own_engine: Engine) -> Iterator[Engine]:
    """A newer engine, with containerd's image store, in a container of the own one; stopped if it was not running."""
    ran = own_engine.docker("ps", "--quiet", "--filter", f"name=^{newer_engine.NAME}$")
    try:
        host = newer_engine.ensure()
    except BedError as error:
        _give_up(f"{error.problem} ({error.hint})")
    yield Engine(name="newer", host=host, address=newer_engine.address())
    if not ran:
        newer_engine.stop()


@pytest.fixture(scope="session", params=["own", "newer"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine in turn."""
    fixture = {"own": "own_engine", "newer": "the_newer_engine"}[request.param]
    found: Engine = request.getfixturevalue(fixture)
    return found


@pytest.fixture(scope="session")
def docker_compose_command() -> str:
    return "docker-compose" if shutil.which("docker-compose") else "docker compose"


@pytest.fixture(scope="session")
def docker_compose_file() -> str:
    return str(Path(__file__).with_name("docker-compose.yml"))


@pytest.fixture(scope="session")
def docker_setup() -> list[str]:
    return ["up --detach"]  # docker-compose 1.29 has no --wait


@pytest.fixture(scope="session")
def registry(engine: Engine, docker_services: Services) -> Registry:
    """A registry that anybody may push to; the same reference means it to both engines."""
    return _registry("registry", engine, docker_services)


@pytest.fixture(scope="session")
def closed_registry(engine: Engine, docker_services: Services) -> Registry:
    """A registry that wants the credentials of the bed's one user."""
    return _registry("registry-auth", engine, docker_services)


def _registry(service: str, engine: Engine, services: Services) -> Registry:
    port = services.port_for(service, 5000)
    registry = Registry(host=f"127.0.0.1:{port}", user=bed_registry.USER, password=bed_registry.PASSWORD)
    wait_for(registry)
    if engine.name == "newer":
        newer_engine.lend(port)
    return registry


@pytest.fixture(scope="session")
def ledger() -> Iterator[Ledger]:
    """What the session made in the engines; at its end nothing of it may be left."""
    ledger = Ledger()
    yield ledger
    left = ledger.left()
    assert not left, f"left behind: {', '.join(left)}"


@pytest.fixture
def copy(engine: Engine, tmp_path: Path, ledger: Ledger) -> Iterator[Callable[[str], Stow]]:
    """Copy an example and drive it; what its commands made in the engine is removed afterwards."""
    made: list[Stow] = []

    def make(example: str) -> Stow:
        scratch = tmp_path / f"{len(made)}"
        scratch.mkdir()
        made.append(Stow.copy(example, engine, scratch))
        return made[-1]

    yield make
    for stow in made:
        ledger.add(stow)
        stow.clean()


@pytest.fixture
def greeter(copy: Callable[[str], Stow]) -> Stow:
    """The greeter, with a text in it that makes its image this session's own."""
    return copy("greeter")


@pytest.fixture
def workspace(copy: Callable[[str], Stow]) -> Stow:
    return copy("workspace")


@pytest.fixture(scope="module")
def built(own_engine: Engine, tmp_path_factory: pytest.TempPathFactory, ledger: Ledger) -> Iterator[Stow]:
    """A greeter on the own engine that was built once, and has a Dockerfile; tests take a `twin` of it."""
    stow = Stow.copy("greeter", own_engine, tmp_path_factory.mktemp("built"))
    stow("build")
    stow("dockerfile")
    yield stow
    ledger.add(stow)
    stow.clean()


@pytest.fixture(scope="session")
def native_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One store of builds without a daemon for all tests: the toolchain is unpacked once."""
    return tmp_path_factory.mktemp("store")


@pytest.fixture
def native(
    own_engine: Engine, native_store: Path, tmp_path: Path, ledger: Ledger
) -> Iterator[Callable[[str, str], Stow]]:
    """Copy an example and drive it without a daemon, with a runtime."""
    made: list[Stow] = []

    def copy(example: str, runtime: str = "youki") -> Stow:
        scratch = tmp_path / f"{len(made)}"
        scratch.mkdir()
        stow = Stow.copy(example, own_engine, scratch)
        stow.environment |= {
            "CARGO_STOW_BACKEND": "youki", "CARGO_STOW_RUNTIME": runtime, "CARGO_STOW_STORE": str(native_store),
        }  # fmt: skip
        made.append(stow)
        return stow

    yield copy
    for stow in made:
        ledger.add(stow)
        stow.clean()
