"""A toolchain that no image lends: the distribution's own, the base's own, and one that rustup installs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from integration.driver.marks import newer_engine_only

if TYPE_CHECKING:
    from integration.driver.stow import Stow

pytestmark = newer_engine_only


def runs(stow: Stow, reference: str) -> bool:
    return stow.engine.docker("run", "--rm", reference) == "Hello, world!"


def test_the_oldest_of_a_distribution(greeter: Stow) -> None:
    """Debian bookworm has Rust 1.63, which also has to compile the program that keeps sources fresh."""
    greeter.edit("Cargo.toml", "build_deps", 'toolchain = "apt"\nbuild_deps')
    assert runs(greeter, greeter("build").reference)
    assert "rust:" not in (greeter.root / "Stow.lock").read_text()
    greeter.edit("src/main.rs", "Hello, ", "Edited, ")
    again = greeter("build")
    assert greeter.engine.docker("run", "--rm", again.reference) == "Edited, world!"


def test_that_of_another_distribution(greeter: Stow) -> None:
    greeter.edit("Cargo.toml", "build_deps", 'toolchain = "apk"\nbuild_deps')
    refused = greeter("build", code=2)
    assert 'toolchain = "apt"' in refused.err


def test_that_of_the_base(greeter: Stow) -> None:
    greeter.edit("Cargo.toml", "debian:bookworm-slim", "rust:1.95-slim")
    greeter.edit("Cargo.toml", "build_deps", 'toolchain = "base"\nbuild_deps')
    assert runs(greeter, greeter("build").reference)


def test_a_base_that_has_none(greeter: Stow) -> None:
    refused = greeter("build", code=5, env={"CARGO_STOW_TOOLCHAIN": "base"})
    assert "the base image has no cargo on its PATH; install it there" in refused.err


def test_one_that_rustup_installs(greeter: Stow) -> None:
    (greeter.root / "rust-toolchain.toml").write_text(
        '[toolchain]\nchannel = "1.95"\ncomponents = ["clippy"]\ntargets = ["wasm32-unknown-unknown"]\n'
    )
    done = greeter("build", code=None)
    if "could not download" in done.err:
        pytest.skip("rustup reaches no server from a container here")
    assert done.code == 0, done.err
    assert "rustup toolchain install 1.95 --profile minimal" in done.err
    assert runs(greeter, done.reference)
    layers = greeter.engine.layers(done.reference)
    assert layers[:-1] == greeter.engine.layers("debian:bookworm-slim")
