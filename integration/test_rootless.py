"""The youki backend as an ordinary user: what root gets, and nothing that only root could remove."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import signal
import socket
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from integration.bed import ordinary as bed_ordinary
from integration.driver.marks import own_engine_only
from integration.driver.ordinary import Ordinary
from integration.driver.running import Running
from integration.driver.stow import Stow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from integration.driver.done import Done
    from integration.driver.engine import Engine
    from integration.driver.leaks import Ledger
    from integration.driver.registry import Registry

# They have files of a group, with its bit set, and with a capability.
_PACKAGES = '["iputils-ping", "openssh-client"]'
# Nothing of an engine; its images are in the store already.
_NO_ENGINE = {"DOCKER_HOST": "unix:///nowhere.sock"}


@pytest.fixture(scope="module")
def by_root(
    own_engine: Engine, native_store: Path, tmp_path_factory: pytest.TempPathFactory, ledger: Ledger
) -> Iterator[tuple[Stow, str]]:
    """A greeter with packages, and the digest of the image that root made of it."""
    if os.geteuid() != 0:
        pytest.skip("only root can be another user")
    stow = Stow.copy("greeter", own_engine, tmp_path_factory.mktemp("root"))
    stow.edit("Cargo.toml", "runtime_deps = []", f"runtime_deps = {_PACKAGES}")
    stow.environment |= {"CARGO_STOW_BACKEND": "youki", "CARGO_STOW_STORE": str(native_store)}
    yield stow, stow("build").image
    ledger.add(stow)
    stow.clean()


@pytest.fixture(scope="module")
def user() -> Iterator[Ordinary]:
    assert bed_ordinary.exists(), "the user is missing: python -m integration.bed ordinary"
    # Not in pytest's own directory, which nobody else can read.
    directory = Path(tempfile.mkdtemp(prefix="stow-ordinary-"))
    directory.chmod(0o755)
    for name in ("home", "tools"):
        (directory / name).mkdir()
    user = Ordinary(home=directory / "home", tools=directory / "tools")
    user.own(user.home)
    yield user
    shutil.rmtree(directory)


@pytest.fixture(scope="module")
def his(
    by_root: tuple[Stow, str], user: Ordinary, native_store: Path, tmp_path_factory: pytest.TempPathFactory
) -> Stow:
    """The same crate as the user's, under the same name, and the images that it is built on in a store of his."""
    shutil.copytree(by_root[0].root, user.home / "crate", ignore=shutil.ignore_patterns("target"))
    store = user.home / ".cache/cargo-stow"
    shutil.copytree(native_store / "blobs", store / "blobs")
    for name in ("index.json", "oci-layout"):
        shutil.copy(native_store / name, store)
    user.own(user.home)
    stow = Stow(
        root=user.home / "crate", engine=by_root[0].engine, scratch=tmp_path_factory.mktemp("his"),
        prefix=by_root[0].prefix,
    )  # fmt: skip
    stow.environment |= {**user.environment, **_NO_ENGINE, "CARGO_STOW_BACKEND": "youki"}
    return stow


@pytest.fixture
def run(his: Stow, user: Ordinary) -> _Run:
    return _Run(his, user)


class _Run:
    """`cargo-stow`, as the user."""

    def __init__(self, stow: Stow, user: Ordinary) -> None:
        self.stow = stow
        self.user = user
        self.store = user.home / ".cache/cargo-stow"

    def __call__(self, *words: str, code: int = 0, runtime: str = "youki", stdin: str = "") -> Done:
        env = {"CARGO_STOW_RUNTIME": runtime}
        return self.stow.run(self.user.command(*words), code=code, env=env, stdin=stdin)

    def start(self, *words: str) -> Running:
        argv = self.user.command(*words)
        return Running(argv, cwd=self.stow.root, env=self.stow.environ(), scratch=self.stow.scratch)

    def edit(self, old: str, new: str) -> None:
        self.stow.edit("src/main.rs", old, new)

    def strangers(self) -> list[str]:
        """What in the store is not his own."""
        number = pwd.getpwnam(bed_ordinary.NAME).pw_uid
        return [str(path) for path in self.store.rglob("*") if path.lstat().st_uid != number]


def test_the_image_is_that_of_root(run: _Run, by_root: tuple[Stow, str]) -> None:
    made = run("build")
    assert "Built" in made.err, "in a store of the user's, where nothing of root's is"
    assert made.image == by_root[1]
    assert run.strangers(), "there are files of others in the base"
    assert not list((run.store / "tmp").iterdir())
    again = run("build")
    assert again.image == by_root[1]
    assert "Fresh" in again.err


@pytest.mark.parametrize("runtime", ["youki", "runc"])
def test_the_program_runs(run: _Run, runtime: str) -> None:
    assert run("run", "-q", "--", "you", runtime=runtime).out == "Hello, you!\n"
    assert run("run", "-q", "--", "--whoami", runtime=runtime).out == "uid=65532 gid=65532\n"
    assert run("run", "-q", "--", "--echo", runtime=runtime, stdin="said").out == "said"
    assert run("run", "-q", "--", "--exit", "9", runtime=runtime, code=9).code == 9
    assert not list((run.store / "tmp").iterdir())


@pytest.mark.parametrize("runtime", ["youki", "runc"])
def test_a_port_is_published(run: _Run, runtime: str) -> None:
    """The program listens nowhere, pasta does."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
    running = run.start("run", "-q", "--runtime", runtime, "--publish", f"127.0.0.1:{port}:80", "--", "--wait")
    running.until_it_says("waiting")
    socket.create_connection(("127.0.0.1", port), 10).close()
    assert running.process.stdin
    running.process.stdin.close()
    running.process.stdin = None
    assert running.wait(60) == 0, running.err
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), 10)
    assert not list((run.store / "tmp").iterdir())


def test_runc_builds(run: _Run) -> None:
    run.edit("Hello, ", "Hi, ")
    assert "[build 1/1]" in run("build", runtime="runc").err
    assert run("run", "-q", "--", "you").out == "Hi, you!\n"
    run.edit("Hi, ", "Hello, ")


def test_what_is_killed_leaves_nothing_mounted(run: _Run, by_root: tuple[Stow, str]) -> None:
    run.edit("fn main", "const N: u8 = 1;\nfn main")
    running = run.start("build")
    running.until_it_says("[build 1/1]")
    running.send(signal.SIGKILL)
    running.wait(60)
    with open("/proc/self/mountinfo", encoding="utf-8") as mounts:  # noqa: PTH123
        assert str(run.store) not in mounts.read()
    run.edit("const N: u8 = 1;\nfn main", "fn main")
    assert run("build").image == by_root[1]
    assert not list((run.store / "tmp").iterdir())


@own_engine_only
def test_a_registry_gets_it(run: _Run, by_root: tuple[Stow, str], registry: Registry) -> None:
    manifest = run.stow.root / "Cargo.toml"
    text = manifest.read_text()
    manifest.write_text(text.replace(run.stow.prefix, f"{registry.host}/rootless"))
    try:
        assert run("push").reference == f"{registry.host}/rootless/greeter@{by_root[1]}"
    finally:
        manifest.write_text(text)


def test_another_users_store_is_refused(run: _Run, by_root: tuple[Stow, str]) -> None:
    failed = by_root[0]("build", env={"CARGO_STOW_STORE": str(run.store)}, code=None)
    assert failed.code != 0
    assert "is another user's" in failed.err


def test_all_can_be_pruned(run: _Run) -> None:
    before = json.loads(run("cache", "--format", "json").out)
    assert before["bases"]["count"]
    assert f"{before['bases']['count']} bases" in run("cache", "prune", "--all").err
    assert run.strangers() == []
    left = [path for name in ("bases", "layers", "caches", "tmp") for path in (run.store / name).iterdir()]
    assert [path for path in left if path.is_dir()] == []
