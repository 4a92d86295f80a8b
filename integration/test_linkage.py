"""What the image needs to load its program: refused without it, inferred with `runtime_deps = "auto"`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from integration.driver.marks import newer_engine_only
from integration.driver.stow import TOKEN

if TYPE_CHECKING:
    from collections.abc import Callable

    from integration.driver.stow import Stow

# What programs in the build steps do, which no engine does.
pytestmark = newer_engine_only

CRATE = Path(__file__).parent / "crates/linked"
SAYS = re.compile(r"\w+ libxml2 2[0-9]+")
FILES = "cd /; find . -xdev ! -path './proc/*' ! -path './sys/*' ! -path './dev/*' | sort"


@pytest.fixture
def linked(copy: Callable[[str], Stow]) -> Stow:
    """A program that is linked with a library that no base has, and which needs another."""
    stow = copy(str(CRATE))
    stow.edit("src/main.rs", '"libxml2 {}"', f'"{TOKEN} libxml2 {{}}"')
    return stow


def packages(stow: Stow, reference: str) -> set[str]:
    return set(stow.engine.shell(reference, "dpkg-query --show --showformat '${Package}\\n'").split())


@pytest.mark.parametrize("base", ["debian:bookworm-slim", "debian:trixie-slim"])
def test_auto_installs_what_is_missing(linked: Stow, base: str) -> None:
    linked.edit("Cargo.toml", "debian:bookworm-slim", base)
    reference = linked("build").reference
    assert SAYS.fullmatch(linked.engine.docker("run", "--rm", reference))
    added = packages(linked, reference) - packages(linked, base)
    assert any(name.startswith("libxml2") for name in added)
    assert not any(name.endswith("-dev") for name in added)


def test_nothing_but_packages_and_the_program_is_added(linked: Stow) -> None:
    reference = linked("build").reference
    new = set(linked.engine.shell(reference, FILES).split())
    new -= set(linked.engine.shell("debian:bookworm-slim", FILES).split())
    owned = ("./usr/share/", "./usr/lib/", "./var/lib/dpkg/", "./etc/ld.so.cache")
    assert {path for path in new if not path.startswith(owned)} == {"./usr/bin/linked"}


def test_an_edit_installs_nothing_again(linked: Stow) -> None:
    first = linked("build").reference
    linked.edit("src/main.rs", "libxml2 {}", "libxml2 2{}")
    again = linked("build", "-v")
    assert "Setting up" not in again.err
    assert linked.engine.layers(again.reference)[:-1] == linked.engine.layers(first)[:-1]
    assert SAYS.fullmatch(linked.engine.docker("run", "--rm", again.reference))


def test_what_is_missing_is_refused_with_its_package(linked: Stow) -> None:
    linked.edit("Cargo.toml", '"auto"', "[]")
    before = linked.state("linked")
    failed = linked("build", code=5)
    assert "linked needs libxml2.so.2, which the image has not; it is in the package libxml2" in failed.err
    assert 'add "libxml2" to `runtime_deps` in Cargo.toml, or set runtime_deps = "auto"' in failed.err
    assert linked.state("linked").image == before.image
    linked.edit("Cargo.toml", "runtime_deps = []", 'runtime_deps = ["libxml2"]')
    assert SAYS.fullmatch(linked.engine.docker("run", "--rm", linked("build").reference))


def test_a_committed_dockerfile_refuses_it_too(linked: Stow) -> None:
    linked.edit("Cargo.toml", '"auto"', "[]")
    linked("dockerfile")
    assert "it is in the package libxml2" in linked.run(["docker", "build", "."], code=1).err
