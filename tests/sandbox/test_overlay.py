"""Mounts as the commands that make and end them."""

from __future__ import annotations

import contextlib
import io
import os
import tarfile
from typing import TYPE_CHECKING

import pytest

from cargo_stow.errors import RuntimeFailedError
from cargo_stow.oci.blobs import Blobs
from cargo_stow.process import Result
from cargo_stow.sandbox import isolation
from cargo_stow.sandbox.overlay import Mounts
from cargo_stow.sandbox.rights import AS_WE_ARE
from tests.canned_runner import CannedRunner
from tests.sandbox.calls import change_and_pack
from tests.sandbox.mappers import install_mappers, make_rights
from tests.sandbox.test_isolation import isolated

if TYPE_CHECKING:
    from pathlib import Path

PLAIN = "redirect_dir=off,metacopy=off,index=off"


@pytest.fixture
def runner() -> CannedRunner:
    return CannedRunner()


@pytest.fixture
def mounts(runner: CannedRunner, tmp_path: Path) -> Mounts:
    return Mounts(runner, tmp_path)


def test_the_last_layer_is_on_top(mounts: Mounts, runner: CannedRunner, tmp_path: Path) -> None:
    target = mounts.overlay([tmp_path / "a", tmp_path / "b/c"], tmp_path / "merged")
    assert target == tmp_path / "merged"
    assert target.is_dir()
    assert runner.lines == [f"mount -t overlay overlay -o lowerdir=b/c:a,{PLAIN} {target}"]
    assert runner.started[0].cwd == tmp_path


def test_what_is_written_goes_to_the_upper_one(mounts: Mounts, runner: CannedRunner, tmp_path: Path) -> None:
    mounts.overlay([tmp_path / "a"], tmp_path / "merged", tmp_path / "s/upper")
    assert f"lowerdir=a,upperdir=s/upper,workdir=s/work,{PLAIN} " in runner.lines[0]
    assert (tmp_path / "s/upper").is_dir()
    assert (tmp_path / "s/work").is_dir()


def test_in_a_user_namespace_attributes_are_a_users(runner: CannedRunner, tmp_path: Path) -> None:
    """Told of `redirect_dir` as well, the kernel refuses."""
    with Mounts(runner, tmp_path, is_confined=True).scope() as mounts:
        mounts.overlay([tmp_path / "a", tmp_path / "b"], tmp_path / "merged")
    assert "-o lowerdir=b:a,userxattr,metacopy=off,index=off " in runner.lines[0]


@isolated
def test_a_user_makes_the_same_layer_as_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{install_mappers(tmp_path / 'mappers')}:{os.environ['PATH']}")
    one, two = tmp_path / "one", tmp_path / "two"
    layer = isolation.call(change_and_pack, one, rights=AS_WE_ARE)
    assert isolation.call(change_and_pack, two, rights=make_rights()) == layer
    blobs = [Blobs(each / "blobs").path(layer.descriptor.digest).read_bytes() for each in (one, two)]
    assert blobs[0] == blobs[1]
    with tarfile.open(fileobj=io.BytesIO(blobs[1])) as tar:
        found = {each.name: each for each in tar}
    assert sorted(found) == [
        ".wh.gone", ".wh.single", "again", "again/.wh..wh..opq", "kept", "kept/new", "ping",
    ]  # fmt: skip
    assert (found["kept/new"].uid, found["kept/new"].gid) == (65532, 42)
    assert [key.removeprefix("SCHILY.xattr.") for key in found["ping"].pax_headers] == [
        "security.capability",
        "user.mine",
    ]
    assert not any("overlay" in key for each in found.values() for key in each.pax_headers)


def test_one_layer_needs_no_mount(mounts: Mounts, runner: CannedRunner, tmp_path: Path) -> None:
    assert mounts.merged([tmp_path / "a"], tmp_path / "merged") == tmp_path / "a"
    assert runner.lines == []
    assert mounts.merged([tmp_path / "a", tmp_path / "b"], tmp_path / "merged") == tmp_path / "merged"


def test_memory_is_for_root_alone(mounts: Mounts, runner: CannedRunner, tmp_path: Path) -> None:
    mounts.memory(tmp_path / "m")
    assert runner.lines == [f"mount -t tmpfs tmpfs -o mode=0700,nodev,nosuid,noexec {tmp_path}/m"]


def test_a_block_ends_its_own_the_last_one_first(mounts: Mounts, runner: CannedRunner, tmp_path: Path) -> None:
    mounts.memory(tmp_path / "outer")
    with contextlib.suppress(KeyError), mounts.scope() as inner:
        inner.memory(tmp_path / "a")
        inner.enter(contextlib.closing(Noting(runner)))
        inner.memory(tmp_path / "b")
        raise KeyError
    assert runner.lines[3:] == [f"umount {tmp_path}/b", "close", f"umount {tmp_path}/a"]
    mounts.close()
    mounts.close()
    assert runner.lines[6:] == [f"umount {tmp_path}/outer"]


class Noting:
    def __init__(self, runner: CannedRunner) -> None:
        self.runner = runner

    def close(self) -> None:
        self.runner.capture(["close"])


def test_what_cannot_be_mounted(runner: CannedRunner, mounts: Mounts, tmp_path: Path) -> None:
    runner.answers["mount"] = Result(code=32, stderr="permission denied\n")
    with pytest.raises(RuntimeFailedError, match=f"cannot mount {tmp_path}/m") as caught:
        mounts.memory(tmp_path / "m")
    assert caught.value.detail == "permission denied"
    assert "needs root" in caught.value.hint
    mounts.close()
    assert len(runner.lines) == 1


def test_what_a_user_cannot_mount(runner: CannedRunner, tmp_path: Path) -> None:
    runner.answers["mount"] = Result(code=32)
    with pytest.raises(RuntimeFailedError) as caught:
        Mounts(runner, tmp_path, is_confined=True).overlay([tmp_path / "a"], tmp_path / "m")
    assert "Linux 5.11" in caught.value.hint


@pytest.mark.parametrize("name", ["a:b", "a,b", "a\\b"])
def test_a_name_that_means_something_to_an_overlay(
    mounts: Mounts, runner: CannedRunner, tmp_path: Path, name: str
) -> None:
    with pytest.raises(RuntimeFailedError, match="no overlay can have such a name"):
        mounts.overlay([tmp_path / "a", tmp_path / name], tmp_path / "merged")
    assert runner.lines == []
