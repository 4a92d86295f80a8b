"""What a runtime says of itself, and whether it is taken."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cargo_stow.errors import RuntimeFailedError
from cargo_stow.process import Result
from cargo_stow.sandbox import probing
from cargo_stow.sandbox.runtime import Runtime
from tests.canned_runner import CannedRunner

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def one_hierarchy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(probing, "_UNIFIED", tmp_path / "unified")


def features(seccomp: object) -> Result:
    return Result(code=0, stdout=json.dumps({"linux": {"seccomp": seccomp}}))


def version(text: str) -> Result:
    return Result(code=0, stdout=text)


NONE = Result(code=1, stderr="unknown command features")
TAKEN = [
    ("runc", features({"enabled": True}), version("")),
    ("youki", features(None), version("youki version: 0.7.0\nlibseccomp: 2.5.4\n")),
    ("crun", NONE, version("crun version 1.8.1\n+SYSTEMD +SELINUX +CAP +SECCOMP +EBPF\n")),
    ("mine", NONE, version("1.0")),
    ("youki", Result(code=0, stdout="no JSON"), version("")),
    ("runc", Result(code=0, stdout="[]"), version("libseccomp: 2.5.4")),
]
REFUSED = [
    ("runc", features({"enabled": False}), version("libseccomp: 2.5.4")),
    ("mine", features({"enabled": False}), version("")),
    ("youki", features(None), version("youki version: 0.7.0\nspec: 1.1.0\n")),
    ("crun", NONE, version("crun version 1.8.1\n+SYSTEMD -SECCOMP\n")),
]


def probe(name: str, says: Result, shows: Result) -> CannedRunner:
    runner = CannedRunner({"/r features": says, "/r --version": shows})
    runtime = Runtime(name=name, program="/r")
    assert probing.check_runtime(runtime, runner) == runtime
    return runner


@pytest.mark.parametrize(("name", "says", "shows"), TAKEN)
def test_taken(name: str, says: Result, shows: Result) -> None:
    assert len(probe(name, says, shows).lines) <= 2


@pytest.mark.parametrize(("name", "says", "shows"), REFUSED)
def test_refused(name: str, says: Result, shows: Result) -> None:
    with pytest.raises(RuntimeFailedError, match="/r does not say that it can filter") as caught:
        probe(name, says, shows)
    assert f"--runtime {'youki' if name == 'runc' else 'runc'}" in caught.value.hint


def test_crun_and_two_hierarchies(tmp_path: Path) -> None:
    (tmp_path / "unified").mkdir()
    with pytest.raises(RuntimeFailedError, match="cgroups are in hybrid mode") as caught:
        probe("crun", features({"enabled": True}), version(""))
    assert "--runtime runc" in caught.value.hint
    probe("runc", features({"enabled": True}), version(""))
