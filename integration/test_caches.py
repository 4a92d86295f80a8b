"""Caches that outlive a machine: a new one compiles only the crate itself. And engines, clients, places that keep none.

The new machine is the newer engine with its builder's cache pruned, which is ours alone. Builds are compared by what
BuildKit took from a cache, and what cargo compiled.
"""

from __future__ import annotations

import gzip
import io
import json
import secrets
import shutil
import socket
import tarfile
from typing import TYPE_CHECKING

import pytest

from integration.driver.progress import Compiled, Progress, parse_progress
from integration.driver.stow import TOKEN, Stow

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from integration.driver.engine import Engine
    from integration.driver.leaks import Ledger
    from integration.driver.registry import Registry

newer_engine_only = pytest.mark.parametrize("engine", ["newer"], indirect=True, scope="session")
# The stages that do not depend on what the crate itself does.
STAGES = ("builder", "tools", "deps")
KEPT = "target/stow/cache"
DEPENDENCY = '\n[dependencies]\nitoa = "1"\n'
LOCKED = """\
dependencies = ["itoa"]

[[package]]
name = "itoa"
version = "1.0.19"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "3bd1574e617a9a6c1f8f8181bd7e841e1f20e4277607ef28945765188d6284d4"
"""
CALL = 'println!("{{}}", itoa::Buffer::new().format({}));'


class Machines:
    """Clones of one crate, each on a machine that has nothing but the images of the bed."""

    def __init__(self, engine: Engine, registry: Registry, factory: pytest.TempPathFactory) -> None:
        self.engine, self.factory = engine, factory
        self.prefix = f"{registry.host}/stow-{TOKEN}/{secrets.token_hex(4)}"
        self.package = f"greeter-{secrets.token_hex(4)}"  # whoever uses the engine too has no such layer
        self.every: list[Stow] = []

    def renew(self) -> None:
        """Be a new machine."""
        for stow in self.every:
            stow.clean()
        self.engine.docker("buildx", "prune", "--all", "--force")

    def clone(self, number: int) -> Stow:
        """The crate with a dependency, as it is committed; each clone has an edit of its own."""
        stow = Stow.copy("greeter", self.engine, self.factory.mktemp("machine"))
        stow.edit("Cargo.toml", stow.prefix, self.prefix)
        stow.prefix = self.prefix
        for path, text in (("Cargo.toml", DEPENDENCY), ("Cargo.lock", LOCKED)):
            stow.edit(path, 'name = "greeter"', f'name = "{self.package}"')
            (stow.root / path).write_text((stow.root / path).read_text() + text)
        stow.edit("src/main.rs", "    match args {", f"    {CALL.format(number)}\n    match args {{")
        if self.every:
            shutil.copyfile(self.every[0].root / "Stow.lock", stow.root / "Stow.lock")
        self.every.append(stow)
        return stow

    def build(self, stow: Stow, *options: str) -> Progress:
        done = stow("build", *options)
        assert self.engine.docker("run", "--rm", done.reference).endswith("\nHello, world!")
        return parse_progress(done.err)


@pytest.fixture(scope="module")
def machines(
    engine: Engine, registry: Registry, tmp_path_factory: pytest.TempPathFactory, ledger: Ledger
) -> Iterator[Machines]:
    machines = Machines(engine, registry, tmp_path_factory)
    yield machines
    for stow in machines.every:
        ledger.add(stow)
        stow.clean()


@pytest.fixture(scope="module")
def first(machines: Machines) -> Progress:
    """The first machine has no cache to begin with, and keeps one in each way there is."""
    machines.renew()
    stow = machines.clone(1)
    progress = machines.build(stow, "--cache-mode", "local")
    for options in (["--cache-mode", "registry"], ["--cache-to", f"type=local,dest={stow.scratch}/plain,mode=max"]):
        kept = stow("build", *options)  # the image is up to date
        assert "Fresh" in kept.err
        assert (kept.builds, parse_progress(kept.err).crates()) == (1, set())
    return progress


def digests(layout: Path) -> set[str]:
    """The layers of a cache in a directory."""
    (manifest,) = json.loads((layout / "index.json").read_text())["manifests"]
    listed = json.loads((layout / "blobs" / manifest["digest"].replace(":", "/")).read_text())
    found = [*listed.get("manifests", ()), *listed.get("layers", ())]
    return {each["digest"] for each in found if "layer" in each["mediaType"]}


def only(directory: Path) -> Path:
    (found,) = directory.iterdir()
    return found


@newer_engine_only
def test_without_a_cache_all_is_compiled(machines: Machines, first: Progress) -> None:
    assert not first.is_cached("deps")
    assert first.crates() == {machines.package, "itoa"}


@newer_engine_only
@pytest.mark.parametrize("way", ["local", "registry", "plain"])
def test_a_new_machine_compiles_the_crate_alone(machines: Machines, first: Progress, way: str) -> None:
    origin = machines.every[0]
    machines.renew()
    stow = machines.clone(2 + len(machines.every))
    if way == "local":
        shutil.copytree(origin.root / KEPT, stow.root / KEPT)
    plain = ["--cache-from", f"type=local,src={origin.scratch}/plain"]
    progress = machines.build(stow, *(plain if way == "plain" else ["--cache-mode", way]))
    assert [stage for stage in STAGES if not progress.is_cached(stage)] == []
    assert progress.compiled == [Compiled("build", machines.package)]
    if way == "local":
        # Whatever keeps caches between runs has nothing new to keep.
        assert digests(only(stow.root / KEPT)) == digests(only(origin.root / KEPT))


@newer_engine_only
def test_a_cache_holds_neither_program_nor_toolchain(machines: Machines, first: Progress) -> None:
    layout = only(machines.every[0].root / KEPT)
    names: set[str] = set()
    for digest in digests(layout):
        data = (layout / "blobs" / digest.replace(":", "/")).read_bytes()
        data = gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data
        assert TOKEN.encode() not in data  # it is in the program, and in the manifest's metadata
        with tarfile.open(fileobj=io.BytesIO(data)) as layer:
            names |= set(layer.getnames())
    assert any("libitoa" in name for name in names)
    assert [name for name in names if "rustup" in name or name.startswith("out/")] == []


@newer_engine_only
def test_a_cache_that_cannot_be_kept(greeter: Stow) -> None:
    with socket.socket() as taken:  # bound and not listening: nobody else can answer there
        taken.bind(("127.0.0.1", 0))
        target = f"127.0.0.1:{taken.getsockname()[1]}/cache"
        failed = greeter("build", "--cache-to", target, code=5)
    assert f"could not be kept in {target}" in failed.err
    assert failed.out == ""
    assert greeter("build").builds == 0  # the image is there all the same


@pytest.fixture
def edited(built: Stow, tmp_path: Path) -> Stow:
    """A crate on the own engine that was built, and changed since."""
    stow = built.twin(tmp_path)
    stow.edit("src/main.rs", "Hello, ", "Edited, ")
    return stow


def refused(stow: Stow, code: int, *says: str, options: list[str], env: dict[str, str] | None = None) -> None:
    """What cannot be done is said before anything is built."""
    before = stow.state()
    done = stow("build", *options, code=code, env=env)
    assert [text for text in says if text not in done.err] == [], done.err
    assert (done.out, done.builds, stow.state()) == ("", 0, before)


@pytest.mark.parametrize("options", [["--cache-mode", "local"], ["--cache-mode", "registry"], ["--cache-to", "a/b"]])
def test_an_engine_that_exports_no_caches(edited: Stow, options: list[str]) -> None:
    refused(edited, 10, "cannot export caches", "docker-container", "containerd-snapshotter", options=options)
    assert not (edited.root / KEPT).exists()


def test_a_builder_that_is_not_there(edited: Stow) -> None:
    refused(edited, 10, "docker buildx ls", options=["--cache-mode", "local"], env={"BUILDX_BUILDER": "nowhere"})


def test_an_old_client_without_buildx(edited: Stow) -> None:
    edited.use_old_client()
    refused(edited, 7, "no buildx plugin", "apt-get install docker-buildx", options=["--cache-mode", "local"])


def test_outside_of_github_actions(edited: Stow) -> None:
    refused(edited, 2, "ACTIONS_RUNTIME_TOKEN", options=["--cache-mode", "gha"])
    refused(edited, 2, "ACTIONS_RUNTIME_TOKEN", options=["--cache-to", "type=gha,scope=x"])


def test_a_variable_with_a_mode_that_is_none(edited: Stow) -> None:
    refused(edited, 2, "CARGO_STOW_CACHE_MODE", "'locl'", options=[], env={"CARGO_STOW_CACHE_MODE": "locl"})
