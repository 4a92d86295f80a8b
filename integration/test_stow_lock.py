"""Stow.lock: written once, kept to, moved by `update` only; and bases that have a digest in a real registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import tomli

from integration.driver.marks import own_engine_only

if TYPE_CHECKING:
    from collections.abc import Iterator

    from integration.driver.engine import Engine
    from integration.driver.registry import Registry
    from integration.driver.stow import Stow


def pins(stow: Stow) -> dict[str, dict[str, str]]:
    return {image["reference"]: image for image in tomli.loads((stow.root / "Stow.lock").read_text())["image"]}


def test_it_is_written_by_the_first_build_and_kept_by_the_next(greeter: Stow) -> None:
    refused = greeter("build", "--locked", code=4)
    assert "--locked" in refused.err
    assert not (greeter.root / "Stow.lock").exists()
    greeter("build")
    text = (greeter.root / "Stow.lock").read_text()
    assert set(pins(greeter)) == {"debian:bookworm-slim", "rust:1.95-slim"}
    greeter.edit("src/main.rs", "Hello, ", "Locked, ")
    greeter("build", "--locked")
    assert (greeter.root / "Stow.lock").read_text() == text


@pytest.fixture
def local_base(greeter: Stow) -> str:
    """A base that exists nowhere but in the engine."""
    name = greeter.image("base")
    greeter.engine.docker("tag", "debian:bookworm-slim", name)
    greeter.edit("Cargo.toml", "debian:bookworm-slim", name)
    return name


def test_a_base_that_moved_is_refused_until_update_says_so(greeter: Stow, local_base: str) -> None:
    greeter("build")
    old, new = greeter.engine.image_id(local_base), greeter.engine.image_id("debian:trixie-slim")
    assert pins(greeter)[local_base]["id"] == old
    greeter.engine.docker("tag", "debian:trixie-slim", local_base)
    greeter.edit("src/main.rs", "Hello, ", "Moved, ")
    before = greeter.state()
    refused = greeter("build", code=4)
    assert "cargo stow update" in refused.err
    assert refused.builds == 0
    assert greeter.state() == before
    assert greeter("update", "--locked", code=4).out == ""
    assert greeter.state() == before
    moved = greeter("update")
    assert f"Updating {local_base} from {old} to {new}" in moved.err
    assert pins(greeter)[local_base]["id"] == new
    reference = greeter("build", "--locked").reference
    assert greeter.engine.docker("run", "--rm", reference) == "Moved, world!"
    assert greeter.engine.layers(reference)[:-1] == greeter.engine.layers("debian:trixie-slim")


@own_engine_only
def test_a_base_that_went_is_named(greeter: Stow, local_base: str) -> None:
    greeter("build")
    greeter.engine.docker("rmi", local_base)
    greeter.edit("src/main.rs", "Hello, ", "Gone, ")
    before = greeter.state()
    refused = greeter("build", code=6)
    assert local_base in refused.err
    assert greeter.state() == before


@pytest.fixture
def published_base(engine: Engine, registry: Registry) -> Iterator[str]:
    """A base in a real registry, which the engine has to pull."""
    name = f"{registry.host}/debian:bookworm-slim"
    engine.docker("tag", "debian:bookworm-slim", name)
    engine.docker("push", "--quiet", name)
    engine.docker("rmi", name)
    yield name
    engine.try_docker("rmi", name)


def test_a_base_of_a_registry_is_pinned_by_digest(greeter: Stow, published_base: str) -> None:
    greeter.edit("Cargo.toml", "debian:bookworm-slim", published_base)
    first = greeter("build").image
    assert greeter.engine.docker("run", "--rm", first) == "Hello, world!"
    digest = pins(greeter)[published_base]["digest"]
    text = greeter("dockerfile", "--output", "-").out
    assert f"FROM {published_base}@{digest} AS base\n" in text
    assert greeter("build", "--locked").builds == 0
    greeter.engine.docker("tag", "debian:trixie-slim", published_base)
    greeter.engine.docker("push", "--quiet", published_base)
    greeter.edit("src/main.rs", "Hello, ", "Still, ")
    still = greeter("build").reference
    assert greeter.engine.layers(still)[:-1] == greeter.engine.layers(first)[:-1]
    assert f"Updating {published_base} from {digest} to sha256:" in greeter("update").err
    moved = greeter("build").reference
    assert greeter.engine.layers(moved)[:-1] == greeter.engine.layers("debian:trixie-slim")
