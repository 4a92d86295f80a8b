"""A server with dependencies that links OpenSSL dynamically: built, asked over HTTP, ended gracefully.

On the own engine alone, since it compiles for a minute and more; ports of the newer engine are tested in test_run.py.
"""

from __future__ import annotations

import json
import re
import signal
from typing import TYPE_CHECKING

import pytest

from integration.driver.running import wait_until
from integration.driver.stow import Stow
from integration.driver.web import get, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from integration.driver.engine import Engine
    from integration.driver.leaks import Ledger

SHA256_OF_ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.fixture(scope="module")
def web(own_engine: Engine, tmp_path_factory: pytest.TempPathFactory, ledger: Ledger) -> Iterator[Stow]:
    stow = Stow.copy("web", own_engine, tmp_path_factory.mktemp("web"))
    yield stow
    ledger.add(stow)
    stow.clean()


@pytest.fixture(scope="module")
def reference(web: Stow) -> str:
    return web("build").reference


def stop(web: Stow, container: str) -> int:
    """Stop a container as `docker stop` does, and return the program's exit code: 137 if it had to be killed."""
    web.engine.docker("stop", "--time", "20", container)
    return int(web.engine.docker("wait", container))


def test_it_answers_and_ends_gracefully(web: Stow, reference: str) -> None:
    container = web.engine.docker("run", "--detach", "--publish", "127.0.0.1::8080", reference)
    try:
        address = web.engine.published(container, 8080)
        wait_for(address, "/healthz", "ok\n")
        assert get(address) == "Hello from a container!\n"
        answer = json.loads(get(address, "/digest?text=abc") or "")
        assert answer["sha256"] == SHA256_OF_ABC
        version = web.engine.shell(reference, "dpkg-query --show --showformat '${Version}' libssl3").partition("-")[0]
        assert answer["openssl"].startswith(f"OpenSSL {version} ")
        loaded = web.engine.docker("exec", container, "cat", "/proc/1/maps")
        assert re.search(r" /usr/lib/\S+/libcrypto\.so\.3$", loaded, re.MULTILINE)
        assert stop(web, container) == 0
    finally:
        web.engine.docker("rm", "--force", container)


def test_build_packages_are_not_in_the_image(web: Stow, reference: str) -> None:
    engine = web.engine
    base, layers = engine.layers("debian:bookworm-slim"), engine.layers(reference)
    assert (layers[: len(base)], len(layers)) == (base, len(base) + 2)  # the runtime packages, the executable
    packages = "dpkg-query --show --showformat '${Package}\\n'"
    added = set(engine.shell(reference, packages).split()) - set(engine.shell("debian:bookworm-slim", packages).split())
    assert added <= {"libssl3"}
    leftovers = "ls -R /var/lib/apt/lists /var/cache/apt 2>/dev/null; true"
    assert engine.shell(reference, leftovers) == engine.shell("debian:bookworm-slim", leftovers)


def test_run_detached(web: Stow, reference: str) -> None:
    container = web("run", "--publish", "127.0.0.1::8080", "--detach").reference
    try:
        wait_for(web.engine.published(container, 8080), "/healthz", "ok\n")
        web.engine.docker("stop", "--time", "20", container)
        wait_until(lambda: web.engine.try_docker("inspect", container).returncode, "the engine removed the container")
    finally:
        web.engine.try_docker("rm", "--force", container)
    (kept,) = web.engine.temporary_names(web.engine.image_id(reference) or "")
    web.engine.docker("rmi", kept)  # a later run would sweep it, but not within the minute


def test_run_ends_gracefully_with_a_signal(web: Stow, reference: str) -> None:
    running = web.start("run", "--publish", "127.0.0.1::8080", "--env", "PORT=8080")
    running.until_it_says("listening on")
    running.send(signal.SIGTERM)
    web.finish(running, code=0)
    assert running.survivors() == []
    assert web.engine.containers_of({web.engine.image_id(reference) or ""}) == []
