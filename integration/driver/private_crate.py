"""Crates that depend on what is not public: written for a test, built under names that no other test has."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from integration.driver.stow import Stow, plugin_home

if TYPE_CHECKING:
    from collections.abc import Mapping

    from integration.driver.engine import Engine

MANIFEST = """\
[package]
name = "{package}"
version = "0.1.0"
edition = "2021"
publish = false

[package.metadata.container]
base_image = "debian:bookworm-slim"
target_image = "{prefix}/asker:latest"
build_deps = [{build_deps}]

[dependencies]
{dependency}

[profile.release]
opt-level = 0
"""
LOCK = """\
version = 3

[[package]]
name = "{package}"
version = "0.1.0"
dependencies = [
 "{library}",
]

{entry}"""


@dataclass(kw_only=True)
class Asker:
    """A crate that prints what a library of its says. Cargo's home and HOME are its own, and empty."""

    stow: Stow
    package: str
    library: str
    cargo_home: Path
    home: Path

    def configure(self, text: str) -> None:
        (self.cargo_home / "config.toml").write_text(text)

    def log_in(self, registry: str, token: str) -> None:
        """Leave what `cargo login` leaves."""
        (self.cargo_home / "credentials.toml").write_text(f'[registries.{registry}]\ntoken = "{token}"\n')

    def says(self, image: str) -> str:
        return self.stow.engine.docker("run", "--rm", "--network", "none", image)


def write_asker(
    engine: Engine, scratch: Path, library: str, dependency: str, entry: str, *, build_deps: str = ""
) -> Asker:
    """`dependency` is what Cargo.toml says of the library, `entry` what Cargo.lock does."""
    package = f"asker-{secrets.token_hex(4)}"
    stow = Stow(root=scratch / "crate", engine=engine, scratch=scratch)
    values = {"package": package, "library": library, "prefix": stow.prefix, "build_deps": build_deps}
    files = {
        "Cargo.toml": MANIFEST.format(**values, dependency=f"{library} = {dependency}"),
        "Cargo.lock": LOCK.format(**values, entry=entry),
        "src/main.rs": f'fn main() {{\n    println!("it says {{}}", {library}::word());\n}}\n',
    }
    write_files(stow.root, files)
    homes = {name: scratch / name for name in ("cargo-home", "home")}
    for home in homes.values():
        home.mkdir()
    stow.environment = {
        "CARGO_HOME": str(homes["cargo-home"]),
        "HOME": str(homes["home"]),
        "RUSTUP_HOME": os.environ.get("RUSTUP_HOME") or str(Path.home() / ".rustup"),
        "DOCKER_CONFIG": str(plugin_home(scratch / "docker")),
    }
    return Asker(stow=stow, package=package, library=library, cargo_home=homes["cargo-home"], home=homes["home"])


def write_files(directory: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text)
