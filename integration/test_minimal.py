"""An image without a distribution: what is in it, that it runs, and that what packages and assets bring is there."""

from __future__ import annotations

import stat
import subprocess
import tarfile
from typing import TYPE_CHECKING

import pytest

from integration.driver.marks import newer_engine_only
from integration.test_linkage import CRATE, SAYS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from integration.driver.stow import Stow

# What programs in the build steps do, which no engine does.
pytestmark = newer_engine_only


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
    # An engine of old puts the kind of a file into its mode, too.
    assert (stat.S_IMODE(found["tmp"].mode), {each.uid for each in found.values()}) == (0o1777, {0})
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


def test_a_committed_dockerfile_makes_the_same_layer_anew(minimal: Callable[[str], Stow]) -> None:
    """No file of a minimal image has a time of its own: with nothing from a cache, its layer is the same."""
    stow = minimal("greeter")
    reference = stow("build").reference
    stow("dockerfile")
    by_hand = stow.image("greeter", "by-hand")
    stow.run(["docker", "build", "--quiet", "--no-cache", "--tag", by_hand, "."])
    assert stow.run(["docker", "run", "--rm", by_hand, "hand"]).out == "Hello, hand!\n"
    assert stow.engine.layers(by_hand) == stow.engine.layers(reference)
    stow.engine.docker("rmi", "--force", by_hand)
