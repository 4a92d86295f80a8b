"""The youki backend: the same crates, the same images, and no daemon that builds them.

The bed's base images are only in the machine's engine, from which they are taken once; steps then run in the real
youki, and in runc.
"""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import tarfile
from typing import TYPE_CHECKING, Any

import pytest

from integration.driver.marks import own_engine_only

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from integration.driver.registry import Registry
    from integration.driver.stow import Stow

_LAYOUT = re.compile(r"oci-layout://(?P<store>\S+)@(?P<digest>sha256:[0-9a-f]{64})")
# What a runtime or an engine puts into each container.
_MOUNTED = ("dev", "proc", "sys", ".dockerenv", "etc/hostname", "etc/hosts", "etc/resolv.conf", "etc/mtab")


@pytest.fixture(params=["youki", "runc"])
def runtime(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    assert shutil.which(name), f"{name} is missing: python -m integration.bed youki"
    return name


def load(stow: Stow, reference: str) -> str:
    """Give an image of the store to the engine; returns its name there."""
    found = _LAYOUT.fullmatch(reference)
    assert found, reference
    name = stow.image("loaded")
    archive = stow.scratch / "image.tar"
    write_archive(found["store"], found["digest"], name, archive)
    stow.engine.docker("load", "--input", str(archive))
    archive.unlink()
    return name


def read(store: str, digest: str) -> dict[str, Any]:
    with open(f"{store}/blobs/sha256/{digest[7:]}", encoding="utf-8") as file:  # noqa: PTH123
        found: dict[str, Any] = json.load(file)
    return found


def write_archive(store: str, digest: str, name: str, archive: Path) -> None:
    """Write what `docker load` reads (Docker image specification 1.2), from the blobs of a layout."""
    manifest = read(store, digest)
    layers = [layer["digest"][7:] for layer in manifest["layers"]]
    config = manifest["config"]["digest"][7:]
    document = [{"Config": config, "RepoTags": [name], "Layers": layers}]
    with tarfile.open(archive, "w") as tar:
        for blob in dict.fromkeys((config, *layers)):
            tar.add(f"{store}/blobs/sha256/{blob}", arcname=blob)
        described = archive.with_suffix(".json")
        described.write_text(json.dumps(document))
        tar.add(described, arcname="manifest.json")


def files(stow: Stow, image: str) -> dict[str, tuple[object, ...]]:
    """What a container of an image begins with: for each path its kind, mode, owner, and contents or target."""
    container = stow.engine.docker("create", image)
    exported = stow.scratch / "root.tar"
    try:
        argv = ["docker", "export", "--output", str(exported), container]
        subprocess.run(argv, env=stow.engine.environment, check=True)
    finally:
        stow.engine.docker("rm", container)
    with tarfile.open(exported) as tar:
        return {each.name: _content(each, tar) for each in tar if not each.name.startswith(_MOUNTED)}


def _content(entry: tarfile.TarInfo, tar: tarfile.TarFile) -> tuple[object, ...]:
    data = tar.extractfile(entry) if entry.isreg() or entry.islnk() else None
    kind = tarfile.REGTYPE if data else entry.type
    target = entry.linkname if entry.issym() else ""
    return (kind, entry.mode & 0o7777, entry.uid, entry.gid, target, data.read() if data else b"")


def config(stow: Stow, image: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(stow.engine.docker("inspect", "--format", "{{json .Config}}", image))
    # An engine fills in what an image leaves out.
    return {name: value for name, value in found.items() if value and name not in {"Image", "Hostname"}}


def test_a_crate_becomes_an_image_and_runs(native: Callable[[str, str], Stow], runtime: str) -> None:
    stow = native("greeter", runtime)
    built = stow("build")
    assert _LAYOUT.fullmatch(built.reference)
    assert built.builds == 0, "no engine builds"
    assert stow.engine.docker("run", "--rm", load(stow, built.reference), "all") == "Hello, all!"
    again = stow("build")
    assert again.reference == built.reference
    assert "Fresh" in again.err
    assert stow("run", "--", "again").out == "Hello, again!\n"


def test_streams_and_exit_codes(native: Callable[[str, str], Stow], runtime: str) -> None:
    stow = native("greeter", runtime)
    assert stow("run", "-q", "--", "--echo", stdin="said").out == "said"
    assert stow("run", "-q", "--", "--exit", "9", code=9).code == 9
    assert stow("run", "-q", "--", "--whoami").out == "uid=65532 gid=65532\n"


def test_the_program_ends_with_its_input(native: Callable[[str, str], Stow], runtime: str) -> None:
    stow = native("greeter", runtime)
    running = stow.start("run", "-q", "--", "--wait")
    running.until_it_says("waiting")
    assert running.process.stdin
    running.process.stdin.close()
    running.process.stdin = None
    assert stow.finish(running, code=0).out == "waiting\n"
    assert not running.survivors()


def test_an_edit_is_seen_and_its_revert_is_the_first_image(native: Callable[[str, str], Stow]) -> None:
    stow = native("greeter", "youki")
    first = stow("build").reference
    stow.edit("src/main.rs", "Hello, ", "Hi, ")
    edited = stow("build")
    assert edited.reference != first
    assert "apt-get" not in edited.err, "only the compile runs again"
    assert stow("run", "-q", "--", "you").out == "Hi, you!\n"
    stow.edit("src/main.rs", "Hi, ", "Hello, ")
    assert stow("build").reference == first


def test_another_store_makes_the_same_digest(native: Callable[[str, str], Stow], tmp_path: Path) -> None:
    stow = native("greeter", "youki")
    first = stow("build").image
    stow.environment |= {"CARGO_STOW_STORE": str(tmp_path / "other"), "CARGO_STOW_RUNTIME": "runc"}
    assert stow("build").image == first


@pytest.mark.parametrize("example", ["greeter", "web"])
def test_both_backends_make_equal_images(native: Callable[[str, str], Stow], example: str) -> None:
    stow = native(example, "youki")
    without = load(stow, stow("build").reference)
    docker = stow("build", "--backend", "docker").reference
    assert config(stow, without) == config(stow, docker)
    ours, theirs = files(stow, without), files(stow, docker)
    assert ours.keys() == theirs.keys()
    other = [name for name in ours if ours[name] != theirs[name]]
    assert [name for name in other if not name.endswith((".log", "aux-cache"))] == []


def test_a_step_that_fails_leaves_everything(native: Callable[[str, str], Stow], native_store: Path) -> None:
    stow = native("greeter", "youki")
    before = stow("build").reference
    stow.edit("src/main.rs", "fn main", "fn main oops")
    failed = stow("build", code=5)
    assert "error" in failed.err
    index = json.loads((native_store / "index.json").read_text())
    names = [each["annotations"]["org.opencontainers.image.ref.name"] for each in index["manifests"]]
    assert stow.image("greeter") in names
    assert not list((native_store / "tmp").iterdir())
    stow.edit("src/main.rs", "fn main oops", "fn main")
    assert stow("build").reference == before


def test_a_runtime_that_is_missing(native: Callable[[str, str], Stow]) -> None:
    stow = native("greeter", "youki")
    stow.environment["CARGO_STOW_RUNTIME"] = "youki-that-is-not-there"
    assert "is not installed" in stow("build", code=7).err


def test_what_is_killed_leaves_nothing_mounted(native: Callable[[str, str], Stow], native_store: Path) -> None:
    stow = native("greeter", "youki")
    stow("build")
    for number in range(3):
        stow.edit("src/main.rs", "fn main", f"const N{number}: u8 = 1;\nfn main")
        running = stow.start("build")
        running.until_it_says("[build 1/1]")
        running.send(signal.SIGKILL)
        running.wait(60)
    with open("/proc/self/mountinfo", encoding="utf-8") as mounts:  # noqa: PTH123
        assert str(native_store) not in mounts.read()
    stow("build")
    assert stow("run", "-q", "--", "you").out == "Hello, you!\n"
    assert not list((native_store / "tmp").iterdir())


def test_no_engine_is_asked_once_the_bases_are_here(native: Callable[[str, str], Stow]) -> None:
    stow = native("greeter", "youki")
    stow("build")
    stow.edit("src/main.rs", "Hello, ", "Hi, ")
    nowhere = {"DOCKER_HOST": "unix:///nowhere.sock", "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"}
    assert stow("build", env=nowhere).builds == 0
    assert stow("run", "-q", "--", "you", env=nowhere).out == "Hi, you!\n"


def test_two_builds_at_once_share_the_store(native: Callable[[str, str], Stow]) -> None:
    first, second = native("greeter", "youki"), native("greeter", "youki")
    for number, stow in enumerate((first, second)):
        stow.edit("src/main.rs", "Hello, ", f"Hello {number}, ")
    running = [stow.start("build") for stow in (first, second)]
    for stow, each in zip((first, second), running, strict=True):
        stow.finish(each)
    assert first("run", "-q", "--", "you").out == "Hello 0, you!\n"
    assert second("run", "-q", "--", "you").out == "Hello 1, you!\n"


@own_engine_only
def test_an_image_goes_to_a_registry(native: Callable[[str, str], Stow], registry: Registry) -> None:
    stow = native("greeter", "youki")
    stow.edit("Cargo.toml", stow.prefix, f"{registry.host}/youki")
    pushed = stow("push").reference
    name, _, digest = pushed.rpartition("@")
    assert name == f"{registry.host}/youki/greeter"
    assert digest == stow("build").image
    assert stow.engine.docker("run", "--rm", pushed, "registry").splitlines()[-1] == "Hello, registry!"
