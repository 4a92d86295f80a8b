"""`cache load`: base and toolchain come out of files, where there is neither a registry nor an engine."""

from __future__ import annotations

import gzip
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from integration.test_youki import load

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from integration.driver.stow import Stow

BASE, TOOLCHAIN = "debian:bookworm-slim", "rust:1.95-slim"


def save(stow: Stow, name: str) -> Path:
    archive = stow.scratch / f"{name.partition(':')[0]}.tar"
    stow.engine.docker("save", "--output", str(archive), name)
    return archive


def test_a_build_on_what_came_out_of_files(native: Callable[[str, str], Stow]) -> None:
    """In a store of its own: the base from a layout that skopeo wrote, the toolchain from what `docker save` did.

    Nobody answers at the registry that the base's name is of.
    """
    if shutil.which("skopeo") is None:
        pytest.skip("no skopeo on this machine")
    stow = native("greeter", "youki")
    stow.environment |= {"CARGO_STOW_STORE": str(stow.scratch / "store"), "DOCKER_HOST": "unix:///nowhere.sock"}
    base, layout = f"127.0.0.1:9/{stow.prefix}/base:1", stow.scratch / "layout"
    stow.edit("Cargo.toml", BASE, base)
    assert "cargo stow cache load FILE" in stow("build", "--offline", code=11).err

    saved = f"docker-archive:{save(stow, BASE)}"
    subprocess.run(["skopeo", "copy", "--quiet", saved, f"oci:{layout}:1"], check=True)
    assert "only the tag 1" in stow("cache", "load", str(layout), code=2).err
    for words, name in (("--name", base, str(layout)), base), ((str(save(stow, TOOLCHAIN)),), TOOLCHAIN):
        assert stow("cache", "load", *words).reference.startswith(f"{name}@sha256:")
    built = stow("build")
    assert "taking what this machine has" in built.err
    identity = stow.engine.docker("inspect", "--format", "{{.Id}}", TOOLCHAIN)
    pinned = f'reference = "{TOOLCHAIN}"\nplatform = "linux/amd64"\nid = "{identity}"'
    assert pinned in (stow.root / "Stow.lock").read_text(), "as if it came from the engine"
    assert stow.engine.docker("run", "--rm", load(stow, built.reference), "file") == "Hello, file!"

    stow.edit("src/main.rs", "Hello, ", "Hi, ")
    assert stow("run", "-q", "--locked", "--", "you").out == "Hi, you!\n"


def test_an_image_of_our_own_comes_back(native: Callable[[str, str], Stow]) -> None:
    stow = native("greeter", "youki")
    archive = stow.scratch / "image.tar"
    built = stow("build", "--output", f"type=oci-archive,dest={archive}")
    archive.write_bytes(gzip.compress(archive.read_bytes(), 1))
    loaded = stow("cache", "load", str(archive), env={"CARGO_STOW_STORE": str(stow.scratch / "store")})
    assert loaded.reference == f"{stow.image('greeter')}@{built.image}"
