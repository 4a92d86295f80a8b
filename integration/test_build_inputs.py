"""What a build reads besides its packages: variables, secrets, files elsewhere in the repository, and its history."""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from integration.driver.dockerfile import ca_secret, shown_command
from integration.driver.marks import own_engine_only
from integration.driver.private_crate import write_files
from integration.driver.private_leaks import check_for_leaks
from integration.driver.stow import Stow

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from integration.driver.engine import Engine
    from integration.driver.leaks import Ledger

MANIFEST = """\
[package]
name = "{package}"
version = "0.1.0"
edition = "2021"
publish = false

[package.metadata.container]
base_image = "debian:bookworm-slim"
target_image = "{prefix}/reader:latest"
{keys}
[dependencies]
told = "1"

[profile.release]
opt-level = 0
"""
LOCK = """\
version = 3

[[package]]
name = "{package}"
version = "0.1.0"
dependencies = [
 "told",
]

[[package]]
name = "told"
version = "1.0.0"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "{checksum}"
"""
SCRIPT = """\
use std::{env, fs, process::Command};
fn main() {
    let secret = fs::read_to_string("/run/secrets/the_token").map_or(0, |text| text.trim().len());
    println!("cargo:rustc-env=SECRET={}", secret);
    let text = fs::read_to_string("../words/one.txt").unwrap_or_default();
    println!("cargo:rustc-env=TEXT={}", text.trim());
    let said = Command::new("git").args(&["describe", "--always", "--tags"]).output();
    let said = said.map_or(String::new(), |said| String::from_utf8(said.stdout).unwrap());
    println!("cargo:rustc-env=COMMIT={}", said.trim());
}
"""
MAIN = """\
fn main() {
    println!("{} {} {} {}", told::SEEN, cfg!(special), told::SECRET, env!("SECRET"));
    println!("{} {}", option_env!("WORD").unwrap_or("-"), told::WORD);
    println!("{} {}", env!("TEXT"), env!("COMMIT"));
}
"""
TOLD = """\
pub const SEEN: bool = cfg!(special);
pub const WORD: &str = match option_env!("WORD") { Some(word) => word, None => "-" };
pub const SECRET: &str = env!("SECRET");
"""
CHECKSUM = "0" * 64


class Reader:
    """A crate with a vendored dependency; both tell what they were compiled with."""

    def __init__(self, engine: Engine, scratch: Path, directory: str = "", keys: str = "") -> None:
        self.package = f"reader-{secrets.token_hex(4)}"
        self.home = scratch / "crate" / directory
        self.stow = Stow(root=scratch / "crate", engine=engine, scratch=scratch)
        vendor = {
            "Cargo.toml": '[package]\nname = "told"\nversion = "1.0.0"\nedition = "2021"\n',
            "src/lib.rs": TOLD,
            "build.rs": SCRIPT,
            ".cargo-checksum.json": json.dumps({"files": {}, "package": CHECKSUM}),
        }
        replaced = '[source.crates-io]\nreplace-with = "here"\n[source.here]\ndirectory = "vendor"\n'
        manifest = MANIFEST.format(package=self.package, prefix=self.stow.prefix, keys=keys)
        files = {
            "Cargo.toml": manifest,
            "Cargo.lock": LOCK.format(package=self.package, checksum=CHECKSUM),
            ".cargo/config.toml": replaced,
            "src/main.rs": MAIN,
            "build.rs": SCRIPT,
            **{f"vendor/told/{name}": text for name, text in vendor.items()},
        }
        write_files(self.home, files)

    def edit(self) -> None:
        with (self.home / "src/main.rs").open("a") as file:
            file.write(f"// {secrets.token_hex(4)}\n")

    def says(self, image: str) -> str:
        return self.stow.engine.docker("run", "--rm", "--network", "none", image)


@pytest.fixture
def scratch(tmp_path: Path, ledger: Ledger) -> Iterator[list[Stow]]:
    made: list[Stow] = []
    yield made
    for stow in made:
        ledger.add(stow)
        stow.clean()


WORD = """a "$HOME" `id` \\ it's"""
KEYS = f"""
build_env = {{ WORD = '''{WORD}''' }}
[package.metadata.container.secrets]
the_token = {{ env = "THE_TOKEN" }}
"""


def test_variables_and_secrets(engine: Engine, tmp_path: Path, scratch: list[Stow]) -> None:
    reader = Reader(engine, tmp_path, keys=KEYS)
    stow = reader.stow
    scratch.append(stow)
    token = secrets.token_hex(12)
    special = {"RUSTFLAGS": "--cfg special", "THE_TOKEN": token}
    first = stow("build", "-v", env=special)
    assert reader.says(first.image) == f"true true 24 24\n{WORD} {WORD}"
    assert "variable RUSTFLAGS" in first.err
    # Neither another token nor none makes another image.
    assert stow("build", env={**special, "THE_TOKEN": None}).builds == 0
    reader.edit()
    refused = stow("build", env={**special, "THE_TOKEN": None}, code=2)
    assert "`the_token` is the variable THE_TOKEN, which is not set" in refused.err
    second = stow("build", env={**special, "THE_TOKEN": f"{token}more"})
    assert "Compiling told" not in second.err
    assert reader.says(second.image).startswith("true true 24 28\n")
    check_for_leaks(stow, reader.package, second.image, [first, refused, second], token)
    file = tmp_path / "token"
    file.write_text(f"{token}\n")
    plain = stow("build", "--secret", f"id=the_token,src={file}")
    assert "Compiling told" in plain.err
    assert reader.says(plain.image).startswith("false false 24 24\n")
    encoded = stow("build", env={"CARGO_ENCODED_RUSTFLAGS": "--cfg\x1fspecial", "THE_TOKEN": token})
    assert reader.says(encoded.image).startswith("true true ")
    config = stow.root / ".cargo/config.toml"
    config.write_text(f"{config.read_text()}[build]\nrustflags = ['--cfg', 'special']\n")
    assert reader.says(stow("build", env={"THE_TOKEN": token}).image).startswith("true true ")


def git(directory: Path, *words: str) -> str:
    argv = ["git", "-c", "user.name=stow", "-c", "user.email=stow@example.org", *words]
    done = subprocess.run(argv, cwd=directory, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@own_engine_only
def test_files_of_the_repository_and_its_history(engine: Engine, tmp_path: Path, scratch: list[Stow]) -> None:
    if not shutil.which("git"):
        pytest.skip("git is not installed")
    keys = 'build_deps = ["git"]\ninclude = ["../words/*.txt", ".git"]\n'
    reader = Reader(engine, tmp_path, "crate", keys)
    root, stow = reader.stow.root, reader.stow
    stow.root = reader.home
    scratch.append(stow)
    write_files(root, {"words/one.txt": "some words\n", "words/other.md": "", ".gitignore": "target\nStow.lock\n"})
    git(root, "init", "--quiet", "--initial-branch", "main")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "one")
    git(root, "tag", "v1")
    git(root, "config", "http.extraheader", "secret")
    first = stow("build")
    assert reader.says(first.image).endswith("\nsome words v1")
    (root / "words/other.md").write_text("not read")
    git(root, "add", "--all")
    assert stow("build").builds == 0
    git(root, "commit", "--quiet", "--message", "two")
    second = stow("build")
    assert reader.says(second.image).endswith(f"\nsome words v1-1-g{git(root, 'rev-parse', '--short', 'HEAD')}")
    (root / "words/one.txt").write_text("other words\n")
    assert reader.says(stow("build").image).splitlines()[2].startswith("other words v1-1-g")
    check_that_the_dockerfile_builds(reader, root)


def check_that_the_dockerfile_builds(reader: Reader, root: Path) -> None:
    reader.stow("dockerfile")
    git(root, "pack-refs", "--all")
    shown = shown_command((reader.home / "Dockerfile").read_text())
    name = reader.stow.image("by-hand")
    argv = [*shown[:2], "--tag", name, *ca_secret(), *shown[2:]]
    reader.stow.run(argv, env={"DOCKER_BUILDKIT": "1"})
    assert reader.says(name).splitlines()[2].startswith("other words v1-1-g")
    ignored = (reader.home / "Dockerfile.dockerignore").read_text()
    assert "!.git/objects" in ignored
    assert ".git/config" not in ignored
