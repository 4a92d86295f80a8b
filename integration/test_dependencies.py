"""What compiles a dependency again and what does not, told by cargo's own lines and by what BuildKit took from a cache.

One workspace is changed step by step, each change on top of those before, and built after each: by cargo-stow, and by
plain `docker build` of the Dockerfile that it commits.
"""

from __future__ import annotations

import secrets
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from integration.driver.dockerfile import ca_secret, shown_command
from integration.driver.progress import Progress, parse_progress
from integration.driver.stow import Stow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from integration.driver.engine import Engine
    from integration.driver.leaks import Ledger

DEPENDENCY = '\n[dependencies]\nitoa = "1"\n'
ITOA = """
[[package]]
name = "itoa"
version = "1.0.19"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "3bd1574e617a9a6c1f8f8181bd7e841e1f20e4277607ef28945765188d6284d4"
"""
MEMBER = '[package]\nname = "idle"\nversion = "0.1.0"\nedition = "2021"\n'


@dataclass
class Work:
    """The workspace, whose package `api` has a name of its own, so that no one else's cache has it compiled."""

    stow: Stow
    package: str

    def write(self, path: str, text: str) -> None:
        file = self.stow.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def append(self, path: str, text: str) -> None:
        self.write(path, (self.stow.root / path).read_text() + text)

    def lock(self) -> None:
        """Bring Cargo.lock up to the manifests."""
        self.stow.run(["cargo", "update", "--workspace"])

    def build(self) -> Progress:
        return parse_progress(self.stow("build", "-p", self.package).err)

    def build_plainly(self) -> Progress:
        """Build what `cargo stow dockerfile` writes, without cargo-stow."""
        self.stow("dockerfile", "-p", self.package)
        place = self.stow.root / "api"
        words = [*shown_command((place / "Dockerfile").read_text()), "--tag", self.stow.image("plain"), *ca_secret()]
        done = self.stow.run([*words, "--progress", "plain"], cwd=place, env={"DOCKER_BUILDKIT": "1"})
        return parse_progress(done.out + done.err)


@pytest.fixture(scope="module")
def work(own_engine: Engine, tmp_path_factory: pytest.TempPathFactory, ledger: Ledger) -> Iterator[Work]:
    stow = Stow.copy("workspace", own_engine, tmp_path_factory.mktemp("work"))
    work = Work(stow, f"api-{secrets.token_hex(4)}")
    for path in ("api/Cargo.toml", "Cargo.lock"):
        stow.edit(path, 'name = "api"', f'name = "{work.package}"')
    work.append("shared/Cargo.toml", DEPENDENCY)
    stow.edit(
        "Cargo.lock",
        'name = "shared"\nversion = "0.1.0"\n',
        'name = "shared"\nversion = "0.1.0"\ndependencies = ["itoa"]\n',
    )
    work.append("Cargo.lock", ITOA)
    work.lock()  # in the format of this cargo, which later changes keep
    yield work
    ledger.add(stow)
    stow.clean()


@pytest.fixture(scope="module")
def begun(work: Work) -> Work:
    """Compiled once, in both ways: so that the tests cannot pass for want of something to compile."""
    for progress in (work.build(), work.build_plainly()):
        assert "itoa" in progress.crates()
        assert not progress.is_cached("deps")
    return work


def bump_the_version(work: Work) -> None:
    work.stow.edit("Cargo.toml", 'version = "0.1.0"', 'version = "0.2.0"')
    work.lock()


def edit_metadata(work: Work) -> None:
    work.append("api/Cargo.toml", '\n[package.metadata.other]\nkey = "value"\n')
    work.stow.edit("api/Cargo.toml", "Takes in jobs", "Takes jobs")


def edit_a_source(work: Work) -> None:
    work.append("api/src/main.rs", "\n// edited\n")
    work.append("shared/src/lib.rs", "\n// edited\n")


def edit_the_readme(work: Work) -> None:
    work.write("api/README.md", "# The API\n")
    work.append("README.md", "\nMore.\n")


def add_a_source(work: Work) -> None:
    work.write("api/src/more.rs", "pub fn more() {}\n")


def add_an_executable(work: Work) -> None:
    work.write("api/src/bin/other.rs", "fn main() {}\n")
    work.stow.edit(
        "api/Cargo.toml", "edition.workspace = true\n", f'edition.workspace = true\ndefault-run = "{work.package}"\n'
    )


def add_a_member(work: Work) -> None:
    work.write("idle/Cargo.toml", MEMBER)
    work.write("idle/src/lib.rs", "")
    work.stow.edit("Cargo.toml", '"worker"]', '"worker", "idle"]')
    work.lock()


def touch_every_file(work: Work) -> None:
    for path in work.stow.root.rglob("*"):
        if path.is_file() and "target" not in path.relative_to(work.stow.root).parts:
            path.touch()
    (work.stow.root / "target/stow/record.json").unlink()


CHANGES = [
    bump_the_version,
    edit_metadata,
    edit_a_source,
    edit_the_readme,
    add_a_source,
    add_an_executable,
    add_a_member,
    touch_every_file,
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_no_dependency_is_compiled_again(begun: Work, change: Callable[[Work], None]) -> None:
    change(begun)
    for progress in (begun.build(), begun.build_plainly()):
        assert progress.is_cached("deps")
        assert progress.crates() <= {begun.package, "shared"}


def test_another_clone_compiles_nothing(begun: Work, tmp_path: Path) -> None:
    """Not even the crates of the repository: they are what the other clone has compiled."""
    begun.build()
    root = tmp_path / "crate"
    shutil.copytree(begun.stow.root, root, ignore=shutil.ignore_patterns("target"), copy_function=shutil.copy)
    clone = Work(Stow(root=root, engine=begun.stow.engine, scratch=tmp_path, prefix=begun.stow.prefix), begun.package)
    progress = clone.build()
    assert clone.stow.calls() != ()
    assert progress.is_cached("deps")
    assert progress.crates() == set()


def test_a_dependency_more_is_compiled(begun: Work) -> None:
    begun.stow.edit("shared/Cargo.toml", 'itoa = "1"', 'itoa = { version = "1", default-features = false }\nfnv = "1"')
    begun.lock()
    progress = begun.build()
    assert not progress.is_cached("deps")
    assert {"itoa", "fnv"} <= progress.crates()
