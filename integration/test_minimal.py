"""An image without a distribution: what is in it, that it runs, and that what packages and assets bring is there."""

from __future__ import annotations

import subprocess
import tarfile
from typing import TYPE_CHECKING

import pytest

from integration.test_linkage import CRATE, SAYS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from integration.driver.stow import Stow


@pytest.fixture
def minimal(copy: Callable[[str], Stow]) -> Callable[[str], Stow]:
    """A copy of a crate whose image is to be minimal."""

    def make(example: str) -> Stow:
        stow = copy(example)
        stow.edit("Cargo.toml", "build_deps = [", "minimal = true\nbuild_deps = [")
        return stow

    return make


def members(stow: Stow, reference: str, scratch: Path) -> dict[str, tarfile.TarInfo]:
    """What a container of the image begins with, but for what every engine puts there."""
    container = stow.engine.docker("create", reference)
    try:
        argv = ["docker", "export", "--output", str(scratch / "root.tar"), container]
        subprocess.run(argv, env=stow.engine.environment, check=True)
    finally:
        stow.engine.docker("rm", container)
    ours = ("dev", "proc", "sys", ".dockerenv", "etc/hostname", "etc/hosts", "etc/resolv.conf", "etc/mtab")
    with tarfile.open(scratch / "root.tar") as archive:
        return {each.name: each for each in archive if not each.name.startswith(ours)}


def test_nothing_but_the_program_and_what_it_needs(minimal: Callable[[str], Stow], tmp_path: Path) -> None:
    stow = minimal("greeter")
    reference = stow("build").reference
    assert stow.engine.docker("run", "--rm", reference, "all") == "Hello, all!"
    found = members(stow, reference, tmp_path)
    programs = {name for name, each in found.items() if each.isreg() and each.mode & 0o111 and ".so" not in name}
    assert programs == {"usr/bin/greeter"}
    assert {"etc/passwd", "etc/ssl/certs/ca-certificates.crt"} <= found.keys()
    assert (found["tmp"].mode, {each.uid for each in found.values()}) == (0o1777, {0})
    assert {each.mtime for name, each in found.items() if each.isreg()} == {0}
    assert len(stow.engine.layers(reference)) == 1
    assert stow.engine.try_docker("run", "--rm", "--entrypoint", "/bin/sh", reference).returncode != 0
    assert stow("build").builds == 0
    assert stow("run", "--", "again").out == "Hello, again!\n"


def test_packages_and_assets_are_there(minimal: Callable[[str], Stow], tmp_path: Path) -> None:
    stow = minimal(str(CRATE))
    (stow.root / "page.html").write_text("<p>")
    stow.edit("Cargo.toml", '"auto"', '["auto", "media-types"]\nassets = ["page.html:/srv/www/"]')
    reference = stow("build").reference
    assert SAYS.fullmatch("x " + stow.engine.docker("run", "--rm", reference))
    found = members(stow, reference, tmp_path)
    assert {"srv/www/page.html", "etc/mime.types"} <= found.keys()
    assert not any(name.startswith(("var/lib/dpkg", "usr/share/doc", "usr/bin/dpkg")) for name in found)


def test_the_same_program_is_the_same_layer(minimal: Callable[[str], Stow]) -> None:
    """The files of a minimal image have no times of their own: what is compiled again to the same is the same."""
    stow = minimal("greeter")
    first = stow("build").reference
    stow.edit("src/main.rs", "fn main()", "// Says hello.\nfn main()")
    again = stow("build")
    assert again.builds == 1
    assert stow.engine.layers(again.reference) == stow.engine.layers(first)


def test_a_committed_dockerfile_makes_it_too(minimal: Callable[[str], Stow]) -> None:
    stow = minimal("greeter")
    stow("dockerfile")
    stow.run(["docker", "build", "--quiet", "--tag", stow.image("greeter", "by-hand"), "."])
    said = stow.run(["docker", "run", "--rm", stow.image("greeter", "by-hand"), "hand"]).out
    assert said == "Hello, hand!\n"
    stow.engine.docker("rmi", "--force", stow.image("greeter", "by-hand"))
