"""What a step is lent, as binds."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import pytest

from cargo_stow.backends.youki.lending import AGENT, Lender, gather_context
from cargo_stow.backends.youki.store import Store
from cargo_stow.errors import BuildError
from cargo_stow.plan import CacheMount, Context, ContextMount, Mount, Run, SecretMount, SshMount, StageMount
from cargo_stow.sandbox.bundle import Bind
from cargo_stow.sandbox.overlay import Mounts
from tests.canned_runner import CannedRunner
from tests.oci.layers import tree

if TYPE_CHECKING:
    from cargo_stow.backends.protocol import BuildOrder


@dataclass
class StubStages:
    root: Path
    asked: list[str] = field(default_factory=list)

    def view(self, name: str) -> Path:
        self.asked.append(name)
        return self.root / "stages" / name

    def key(self, name: str) -> str:
        return f"key-of-{name}"


@pytest.fixture
def runner() -> CannedRunner:
    return CannedRunner()


@pytest.fixture
def lender(order: BuildOrder, runner: CannedRunner, tmp_path: Path) -> Lender:
    return Lender(
        order=order,
        store=Store(tmp_path),
        mounts=Mounts(runner, tmp_path),
        directory=tmp_path / "step",
        context=tmp_path / "context",
        stages=StubStages(tmp_path),
    )


def binds(lender: Lender, *mounts: Mount) -> list[Bind]:
    return list(lender.binds(Run(commands=(), mounts=mounts)))


def test_a_part_of_the_context(lender: Lender, tmp_path: Path) -> None:
    (tmp_path / "context/a/b").mkdir(parents=True)
    found = binds(lender, ContextMount(target="/src"), ContextMount(source="a/b", target="/b"))
    assert found == [
        Bind(source=str(tmp_path / "context"), target="/src"),
        Bind(source=str(tmp_path / "context/a/b"), target="/b"),
    ]


@pytest.mark.parametrize("source", ["loot", "x/loot", "chain"])
def test_a_link_of_the_context_leads_nowhere_else(lender: Lender, tmp_path: Path, source: str) -> None:
    """Sources can come with one, and what is mounted is read by what is compiled."""
    for name in ("context", "loot"):
        (tmp_path / name).mkdir()
    for name, target in (("loot", tmp_path / "loot"), ("x", tmp_path), ("chain", "../loot")):
        (tmp_path / "context" / name).symlink_to(target)
    with pytest.raises(BuildError, match=f"^{source} is needed"):
        binds(lender, ContextMount(source=source, target="/b"))


def test_a_link_of_the_context_within_it(lender: Lender, tmp_path: Path) -> None:
    (tmp_path / "context/vendor").mkdir(parents=True)
    (tmp_path / "context/link").symlink_to("vendor")
    (found,) = binds(lender, ContextMount(source="link", target="/b"))
    assert found.source == str(tmp_path / "context/vendor")


class TestStages:
    def test_links_are_followed_inside_of_it(self, lender: Lender, tmp_path: Path) -> None:
        (tmp_path / "stages/toolchain").mkdir(parents=True)
        (tmp_path / "stages/toolchain/rust").symlink_to("/usr/rust")
        found = binds(lender, StageMount(stage="toolchain", source="/rust/bin", target="/r"))
        assert found == [Bind(source=str(tmp_path / "stages/toolchain/usr/rust/bin"), target="/r")]

    def test_what_is_written_is_thrown_away(self, lender: Lender, runner: CannedRunner, tmp_path: Path) -> None:
        (tmp_path / "context").mkdir()
        mount = StageMount(stage="toolchain", source="/rust", target="/r", scratch=True)
        found = binds(lender, ContextMount(target="/src"), mount)
        assert found[1] == Bind(source=str(tmp_path / "step/m1/merged"), target="/r", is_writable=True)
        assert "lowerdir=stages/toolchain/rust,upperdir=step/m1/upper" in runner.lines[0]


class TestCaches:
    def test_outlive_the_build(self, lender: Lender, tmp_path: Path) -> None:
        found = binds(lender, CacheMount(id="registry", target="/registry"))
        assert found == [Bind(source=str(tmp_path / "caches/registry"), target="/registry", is_writable=True)]

    def test_begin_as_what_a_stage_has(self, lender: Lender, runner: CannedRunner, tmp_path: Path) -> None:
        found = binds(lender, CacheMount(id="target", target="/t", stage="dependencies"))
        assert found == [Bind(source=str(tmp_path / "step/m0/merged"), target="/t", is_writable=True)]
        upper = "caches/target-key-of-dependencies/upper"
        assert f"lowerdir=stages/dependencies/t,upperdir={upper}," in runner.lines[0]


class TestSecrets:
    MOUNT = SecretMount(id="token", target="/run/token")

    @pytest.mark.parametrize("as_file", [True, False])
    def test_in_memory(self, lender: Lender, runner: CannedRunner, tmp_path: Path, as_file: bool) -> None:
        (tmp_path / "token").write_text("s3cret")
        secret = tmp_path / "token" if as_file else "s3cret"
        (found,) = binds(replace(lender, order=replace(lender.order, secrets={"token": secret})), self.MOUNT)
        assert (found.target, found.is_writable) == ("/run/token", False)
        assert found.source == str(tmp_path / "step/m0/secret")
        assert runner.lines[0].startswith("mount -t tmpfs")
        assert Path(found.source).read_text() == "s3cret"
        assert Path(found.source).stat().st_mode & 0o777 == 0o444

    def test_one_that_nobody_has(self, lender: Lender) -> None:
        assert binds(lender, self.MOUNT) == []
        with pytest.raises(BuildError, match="the secret `token`, which the build needs, is not there"):
            binds(lender, replace(self.MOUNT, is_required=True))


@pytest.mark.parametrize(
    ("ssh", "agent", "found"),
    [(True, "/run/ssh", [Bind(source="/run/ssh", target=AGENT)]), (True, "", []), (False, "/run/ssh", [])],
)
def test_the_agent(lender: Lender, monkeypatch: pytest.MonkeyPatch, ssh: bool, agent: str, found: list[Bind]) -> None:
    monkeypatch.setenv("SSH_AUTH_SOCK", agent)
    assert binds(replace(lender, order=replace(lender.order, ssh=ssh)), SshMount()) == found


class TestContext:
    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        for name in ("src/main.rs", "src/secret/key", ".git/config", "Cargo.lock", "other"):
            (tmp_path / "root" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "root" / name).write_text(name)
        (tmp_path / "root/src/empty").mkdir()
        (tmp_path / "root/src/link").symlink_to("./main.rs")
        (tmp_path / "root/src/main.rs").chmod(0o755)
        return tmp_path / "root"

    SOURCES = Context(
        directories=(PurePosixPath("src"),),
        files=(PurePosixPath("Cargo.lock"),),
        excluded=(PurePosixPath("src/secret"),),
    )

    def test_only_what_is_admitted(self, root: Path, tmp_path: Path) -> None:
        gathered = gather_context(root, self.SOURCES, tmp_path / "context")
        assert set(tree(gathered)) == {"src", "src/main.rs", "src/empty", "src/link", "Cargo.lock"}
        assert {name: tree(gathered)[name] for name in ("src/main.rs", "src/link", "Cargo.lock")} == {
            name: tree(root)[name] for name in ("src/main.rs", "src/link", "Cargo.lock")
        }

    def test_the_sources_are_not_touched(self, root: Path, tmp_path: Path) -> None:
        def times() -> list[tuple[int, int, int]]:
            return [(s.st_ctime_ns, s.st_mtime_ns, s.st_nlink) for s in map(os.lstat, sorted(root.rglob("*")))]

        before = times()
        gathered = gather_context(root, self.SOURCES, tmp_path / "context")
        (gathered / "src/main.rs").write_text("changed")
        assert times() == before
        assert (root / "src/main.rs").read_text() == "src/main.rs"

    def test_times_stay(self, root: Path, tmp_path: Path) -> None:
        """By which cargo knows what it compiled."""
        os.utime(root / "src/main.rs", ns=(5, 7))
        gathered = gather_context(root, self.SOURCES, tmp_path / "context")
        assert (gathered / "src/main.rs").stat().st_mtime_ns == 7

    def test_nothing_admitted(self, root: Path, tmp_path: Path) -> None:
        nothing = Context(directories=(), files=(), excluded=())
        assert gather_context(root, nothing, tmp_path / "context").is_dir()
