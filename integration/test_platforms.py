"""One image for two platforms, both of which this machine can run: built together, joined by an index in a registry."""

from __future__ import annotations

import json
import platform
from typing import TYPE_CHECKING

import pytest

from integration.driver.marks import newer_engine_only
from integration.driver.stow import plugin_home

if TYPE_CHECKING:
    from pathlib import Path

    from integration.driver.registry import Registry
    from integration.driver.stow import Stow

pytestmark = [
    newer_engine_only,
    pytest.mark.skipif(platform.machine() != "x86_64", reason="machines of that kind alone are of two kinds"),
]
PLATFORMS = ["linux/amd64", "linux/amd64/v2"]


@pytest.fixture
def both(greeter: Stow, closed_registry: Registry, tmp_path: Path) -> Stow:
    """The greeter for both platforms, to go to a registry that wants credentials, which are at hand."""
    prefix = f"{closed_registry.host}/{greeter.prefix.replace('.', '-')}"
    greeter.edit("Cargo.toml", greeter.prefix, prefix)
    greeter.edit("Cargo.toml", "build_deps = []", f'platforms = {json.dumps(PLATFORMS)}\ntags = ["next"]')
    greeter.prefix = prefix
    config = plugin_home(tmp_path / "docker-config")
    closed_registry.logged_in(config, closed_registry.user, closed_registry.password)
    greeter.environment["DOCKER_CONFIG"] = str(config)
    return greeter


def index_of(stow: Stow, name: str) -> dict[str, str]:
    """The digests of the images that a name in the registry stands for, by platform."""
    text = stow.run(["docker", "buildx", "imagetools", "inspect", "--raw", name]).out
    found = {}
    for entry in json.loads(text)["manifests"]:
        parts = [entry["platform"][key] for key in ("os", "architecture", "variant") if key in entry["platform"]]
        found["/".join(parts)] = entry["digest"]
    return found


def test_an_index(both: Stow) -> None:
    done = both("push")
    assert done.builds == 1
    index = index_of(both, done.reference)
    assert list(index) == PLATFORMS
    assert index_of(both, both.image("greeter")) == index_of(both, both.image("greeter", "next")) == index
    assert sorted(both.tags()) == [both.image("greeter", "latest-amd64"), both.image("greeter", "latest-amd64-v2")]
    assert both("build").builds == 0
    assert both("push").out == done.out
    assert both.run(["docker", "run", "--rm", done.reference, "all"]).out == "Hello, all!\n"
    assert both("run", "--", "here").out == "Hello, here!\n"


def test_a_base_that_is_for_another_machine(both: Stow) -> None:
    """A name that stands for one image alone: BuildKit takes that for any platform, and calls the result by it."""
    base = f"{both.prefix}/base:1"
    for words in (["tag", "debian:bookworm-slim", base], ["push", "--quiet", base], ["rmi", base]):
        both.run(["docker", *words])
    both.edit("Cargo.toml", "debian:bookworm-slim", base)
    both.edit("Cargo.toml", '"linux/amd64/v2"', '"linux/s390x"')
    refused = both("build", code=6)
    assert f"{base} is for amd64, and not for linux/s390x" in refused.err
    assert refused.builds == 0
    assert both.tags() == []
