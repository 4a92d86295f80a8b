"""The committed Dockerfile: plain `docker build` makes the same image of it, and `--check` keeps it honest."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest

from integration.driver.dockerfile import ca_secret, shown_command
from integration.driver.marks import own_engine_only

if TYPE_CHECKING:
    from collections.abc import Callable

    from integration.driver.stow import Stow

CASES = [("greeter", [], ".", "greeter"), ("workspace", ["-p", "api"], "api", "api")]
NOWHERE = {"DOCKER_HOST": "unix:///nowhere.sock"}


@pytest.mark.parametrize(("example", "flags", "directory", "program"), CASES, ids=[case[0] for case in CASES])
def test_plain_docker_build_makes_the_same(
    copy: Callable[[str], Stow], example: str, flags: list[str], directory: str, program: str
) -> None:
    stow = copy(example)
    built = stow("build", *flags).reference
    stow("dockerfile", *flags)
    place = stow.root / directory
    argv = shown_command((place / "Dockerfile").read_text())
    mine = stow.image("plain")
    environment = {"DOCKER_BUILDKIT": "1", "BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}
    stow.run([*argv, "--tag", mine, *ca_secret()], cwd=place, env=environment)
    engine, checksum = stow.engine, f"sha256sum /usr/bin/{program}"
    assert engine.shell(mine, checksum) == engine.shell(built, checksum)
    assert engine.layers(mine) == engine.layers(built)
    assert engine.inspect(mine)["Config"] == engine.inspect(built)["Config"]


@own_engine_only
def test_check_needs_neither_engine_nor_network(greeter: Stow) -> None:
    greeter("dockerfile")
    assert greeter("dockerfile", "--check", env=NOWHERE).docker == ()
    texts = {name: (greeter.root / name).read_text() for name in ("Dockerfile", "Dockerfile.dockerignore")}
    unshared = ["unshare", "--net"] if os.geteuid() == 0 else []
    greeter.run([*unshared, "cargo-stow", "dockerfile", "--check"], env=NOWHERE)
    greeter.edit("Cargo.toml", "runtime_deps = []", 'runtime_deps = ["libssl3"]')
    red = greeter("dockerfile", "--check", code=3, env=NOWHERE)
    assert re.search(r"^\s*\|? *\+.*libssl3", red.err, re.MULTILINE)
    assert red.out == ""
    for name, text in texts.items():
        assert (greeter.root / name).read_text() == text
    greeter("dockerfile", env=NOWHERE)  # Stow.lock has all it needs
    greeter("dockerfile", "--check", env=NOWHERE)


@own_engine_only
@pytest.mark.parametrize("name", ["Dockerfile", "Dockerfile.dockerignore"])
def test_check_notices_a_hand_in_either_file(greeter: Stow, name: str) -> None:
    greeter("dockerfile")
    with (greeter.root / name).open("a") as file:
        file.write("# by hand\n")
    assert "# by hand" in greeter("dockerfile", "--check", code=3).err
    (greeter.root / name).unlink()
    assert name in greeter("dockerfile", "--check", code=3).err


@own_engine_only
def test_without_stow_lock_check_says_what_to_type(greeter: Stow) -> None:
    assert "cargo stow update" in greeter("dockerfile", "--check", code=4, env=NOWHERE).err


@own_engine_only
def test_elsewhere(greeter: Stow) -> None:
    text = greeter("dockerfile", "--output", "-").out
    assert not (greeter.root / "Dockerfile").exists()
    (greeter.root / "deploy").mkdir()
    greeter("dockerfile", "--output", "deploy/app.Dockerfile")
    written = (greeter.root / "deploy/app.Dockerfile").read_text()
    assert shown_command(written) == ["docker", "build", "-f", "app.Dockerfile", ".."]
    assert written.splitlines()[3:] == text.splitlines()[3:]
    assert (greeter.root / "deploy/app.Dockerfile.dockerignore").exists()
    greeter("dockerfile", "--output", "deploy/app.Dockerfile", "--check", env=NOWHERE)
