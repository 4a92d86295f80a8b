"""Push to a real registry and back: by digest, with and without credentials, and what a refused push leaves alone."""

from __future__ import annotations

import json
import re
import socket
from typing import TYPE_CHECKING

import pytest

from integration.driver.marks import own_engine_only
from integration.driver.stow import plugin_home

if TYPE_CHECKING:
    from pathlib import Path

    from integration.driver.done import Done
    from integration.driver.registry import Registry
    from integration.driver.stow import Stow

WRONG = "not-the-password"


def aim(stow: Stow, host: str) -> str:
    """Let the crate's target be in a registry; returns its repository."""
    repository = f"{host}/{stow.prefix.replace('.', '-')}/greeter"
    stow.edit("Cargo.toml", f"{stow.prefix}/greeter", repository)
    stow.prefix = repository.removesuffix("/greeter")
    return repository


def round_trip(stow: Stow, pushed: str) -> None:
    """Remove the image here, pull what was printed, and run it."""
    stow.engine.docker("rmi", "--force", stow.image("greeter"))
    assert stow.engine.image_id(pushed) is None
    stow.engine.docker("pull", "--quiet", pushed)
    assert stow.engine.docker("run", "--rm", pushed, "again") == "Hello, again!"
    stow.engine.docker("rmi", pushed)


def test_push_prints_what_anyone_can_pull(greeter: Stow, registry: Registry) -> None:
    repository = aim(greeter, registry.host)
    done = greeter("push")
    assert done.builds == 1
    assert re.fullmatch(re.escape(repository) + r"@sha256:[0-9a-f]{64}", done.reference)
    assert greeter("push").out == done.out
    assert greeter("build").builds == 0
    round_trip(greeter, done.reference)


@own_engine_only
def test_push_without_a_target_is_refused_before_anything_is_built(greeter: Stow) -> None:
    greeter.edit("Cargo.toml", "target_image", "# target_image")
    refused = greeter("push", code=2)
    assert "target_image" in refused.err
    assert refused.builds == 0


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """An empty Docker configuration that still has the user's plugins."""
    return plugin_home(tmp_path / "docker-config")


def push(stow: Stow, config: Path, code: int, **env: str) -> Done:
    done = stow("push", code=code, env={"DOCKER_CONFIG": str(config), **env})
    assert WRONG not in done.out + done.err
    return done


def test_no_credentials(greeter: Stow, closed_registry: Registry, config: Path) -> None:
    aim(greeter, closed_registry.host)
    greeter("build")
    before = greeter.state()
    refused = push(greeter, config, 12)
    assert f"docker login {closed_registry.host}" in refused.err
    assert (refused.out, greeter.state()) == ("", before)


def test_wrong_credentials(greeter: Stow, closed_registry: Registry, config: Path) -> None:
    aim(greeter, closed_registry.host)
    greeter("build")
    before = greeter.state()
    closed_registry.logged_in(config, "mallory", WRONG)
    refused = push(greeter, config, 13)
    assert "mallory" in refused.err
    assert (refused.out, greeter.state()) == ("", before)


def test_credentials_of_the_configuration(greeter: Stow, closed_registry: Registry, config: Path) -> None:
    aim(greeter, closed_registry.host)
    closed_registry.logged_in(config, closed_registry.user, closed_registry.password)
    done = push(greeter, config, 0)
    assert closed_registry.password not in done.out + done.err
    assert done.reference.startswith(closed_registry.host)


HELPER = """\
#!/bin/sh
[ "$1" = get ] || exit 1
read -r server
printf '%s' '{answer}' | sed "s|SERVER|$server|"
"""


@own_engine_only
def test_credentials_of_a_helper(greeter: Stow, closed_registry: Registry, config: Path) -> None:
    aim(greeter, closed_registry.host)
    closed_registry.helped(config, "stow-test")
    missing = push(greeter, config, 7)
    assert "docker-credential-stow-test" in missing.err
    secret = {"ServerURL": "SERVER", "Username": closed_registry.user, "Secret": closed_registry.password}
    helper = greeter.bin / "docker-credential-stow-test"
    helper.write_text(HELPER.format(answer=json.dumps(secret)))
    helper.chmod(0o755)
    done = push(greeter, config, 0)
    assert closed_registry.password not in done.out + done.err
    helper.write_text("#!/bin/sh\necho 'the vault is closed'\nexit 1\n")
    failed = push(greeter, config, 12)
    assert "the vault is closed" in failed.err


def test_nothing_listens_there(greeter: Stow) -> None:
    with socket.socket() as taken:  # bound and not listening: nobody else can answer there
        taken.bind(("127.0.0.1", 0))
        aim(greeter, f"127.0.0.1:{taken.getsockname()[1]}")
        greeter("build")
        before = greeter.state()
        refused = greeter("push", code=11)
    assert greeter.prefix.partition("/")[0] in refused.err
    assert (refused.out, greeter.state()) == ("", before)
