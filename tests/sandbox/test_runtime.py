"""Which runtime there is, and what one is told of a container."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from cargo_stow.errors import ToolMissingError
from cargo_stow.sandbox.bundle import Bind, Process
from cargo_stow.sandbox.rights import Rights
from cargo_stow.sandbox.runtime import Container, Runtime, find_runtime, hide_groups
from tests.canned_runner import CannedRunner

if TYPE_CHECKING:
    from pathlib import Path

YOUKI = Runtime(name="youki", program="/opt/youki")


def install(directory: Path, name: str) -> Path:
    directory.mkdir(exist_ok=True)
    (directory / name).touch(mode=0o755)
    return directory / name


def test_found_on_the_path_of_the_environment(tmp_path: Path) -> None:
    program = install(tmp_path / "bin", "crun")
    assert find_runtime("crun", {"PATH": str(tmp_path / "bin")}) == Runtime(name="crun", program=str(program))


def test_a_path_names_one(tmp_path: Path) -> None:
    program = install(tmp_path / "bin", "crun")
    assert find_runtime(str(program), {"PATH": "/nowhere"}) == Runtime(name="crun", program=str(program))


def test_a_relative_path_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "bin", "crun")
    monkeypatch.chdir(tmp_path)
    assert find_runtime("crun", {"PATH": "bin"}).program == str(tmp_path / "bin/crun")


@pytest.mark.parametrize(
    ("name", "hint"), [("youki", "cargo install youki"), ("runc", "package `runc`"), ("x", "install x")]
)
def test_a_missing_one(tmp_path: Path, name: str, hint: str) -> None:
    with pytest.raises(ToolMissingError, match=f"the OCI runtime `{name}` is not installed") as caught:
        find_runtime(name, {"PATH": str(tmp_path)})
    assert hint in caught.value.hint


@pytest.fixture
def container(tmp_path: Path) -> Container:
    return Container(
        directory=tmp_path / "c-1", root=tmp_path / "root", process=Process(arguments=("x",), environment=())
    )


def test_the_bundle_is_written(container: Container, tmp_path: Path) -> None:
    container.command(YOUKI)
    bundle = json.loads((container.directory / "config.json").read_text())
    assert bundle["root"]["path"] == str(tmp_path / "root")
    assert bundle["linux"]["cgroupsPath"] == "/cargo-stow/c-1"


class TestInAUserNamespace:
    YOUKI = replace(YOUKI, rights=Rights(is_confined=True))

    def test_there_are_no_control_groups(self, container: Container) -> None:
        container.command(self.YOUKI)
        bundle = json.loads((container.directory / "config.json").read_text())
        assert "cgroupsPath" not in bundle["linux"]

    def test_a_bind_keeps_what_its_mount_forbids(self, container: Container, monkeypatch: pytest.MonkeyPatch) -> None:
        flags = {"/a": os.ST_NOSUID | os.ST_NODEV | os.ST_RDONLY, "/b": os.ST_NOEXEC}
        monkeypatch.setattr(os, "statvfs", lambda path: SimpleNamespace(f_flag=flags[path]))
        both = replace(
            container, binds=(Bind(source="/a", target="/x"), Bind(source="/b", target="/y", is_writable=True))
        )
        for runtime, expected in ((self.YOUKI, [["nosuid", "nodev"], ["noexec"]]), (YOUKI, [[], []])):
            both.command(runtime)
            mounts = json.loads((container.directory / "config.json").read_text())["mounts"]
            assert [each["options"][3:] for each in mounts if each["destination"] in {"/x", "/y"}] == expected

    def test_the_runtime_sees_none_that_it_could_make(self) -> None:
        runner = CannedRunner()
        hide_groups(YOUKI, runner)
        assert runner.lines == []
        hide_groups(self.YOUKI, runner)
        assert runner.lines == ["mount -t cgroup2 -o ro cgroup2 /sys/fs/cgroup"]
