"""How cargo is asked, and what is made of its answers, by a cargo that only replays."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cargo_stow.errors import UsageError
from cargo_stow.manifest import load_workspace
from cargo_stow.process import Result, SystemRunner

if TYPE_CHECKING:
    from cargo_stow.model import Workspace

Tree = Callable[[Mapping[str, str]], Path]
CRATE = {"Cargo.toml": '[package]\nname = "my-app"\nversion = "1.0.0"', "src/lib.rs": ""}


@dataclass
class Replay(SystemRunner):
    """Answers `cargo metadata` with `answer`, and `cargo --version` with the exit code `version`."""

    answer: Result
    version: int = 0
    calls: list[tuple[list[str], Path | None, Mapping[str, str]]] = field(default_factory=list)

    def capture(self, argv: Sequence[str], *, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> Result:
        self.calls.append((list(argv), cwd, env or {}))
        return Result(code=self.version) if "--version" in argv else self.answer


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """Make a file that counts as a program, and is never started."""
    file = tmp_path / "bin/cargo"
    file.parent.mkdir()
    file.touch(mode=0o755)
    return file


def answer(root: Path, **more: Any) -> Result:
    target = {"name": "my-app", "kind": ["lib"], "src_path": f"{root}/src/lib.rs"}
    package = {"id": "x", "name": "my-app", "version": "1.0.0", "manifest_path": f"{root}/Cargo.toml",
               "dependencies": [], "targets": [target]}  # fmt: skip
    content = {"packages": [package], "workspace_members": ["x"], "workspace_root": str(root),
               "target_directory": f"{root}/target", **more}  # fmt: skip
    return Result(code=0, stdout=json.dumps(content))


def load(root: Path, runner: Replay, program: Path, **environment: str) -> Workspace:
    return load_workspace(root / "Cargo.toml", runner, environment={"PATH": str(program.parent), **environment})


def test_the_command_its_directory_and_its_environment(
    tree: Tree, program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tree(CRATE)
    monkeypatch.chdir(root / "src")
    runner = Replay(answer(root))
    load(root, runner, program, CARGO_TARGET_DIR="out")
    [(argv, cwd, env)] = runner.calls
    assert argv[0] == str(program)
    assert argv[1:5] == ["metadata", "--no-deps", "--format-version", "1"]
    assert argv[-2:] == ["--manifest-path", str(root / "Cargo.toml")]
    assert cwd == root
    assert env["CARGO_TARGET_DIR"] == str(root / "src/out")  # relative to our directory, not to cargo's
    assert env["RUSTUP_AUTO_INSTALL"] == "0"


def test_a_librarys_name_from_an_old_cargo(tree: Tree, program: Path) -> None:
    root = tree(CRATE)
    assert load(root, Replay(answer(root)), program).members[0].targets[0].name == "my_app"


def test_the_cargo_that_cargo_names_is_asked_first(tree: Tree, program: Path, tmp_path: Path) -> None:
    root, other = tree(CRATE), tmp_path / "cargo-nightly"
    other.touch(mode=0o755)
    for variable, used in ((str(other), other), ("/nowhere/cargo", program), ("", program)):
        runner = Replay(answer(root))
        load(root, runner, program, CARGO=variable)
        assert runner.calls[0][0][0] == str(used)


def test_without_cargo_the_files_are_read(tree: Tree, tmp_path: Path) -> None:
    root = tree(CRATE)
    runner = Replay(answer(root))
    for environment in ({}, {"PATH": str(tmp_path)}):
        found = load_workspace(root / "Cargo.toml", runner, environment=environment)
        assert found.members[0].name == "my-app"
    assert runner.calls == []


def test_cargos_own_message_is_shown(tree: Tree, program: Path) -> None:
    root = tree(CRATE)
    with pytest.raises(UsageError, match=f"cargo cannot read {root}/Cargo.toml") as caught:
        load(root, Replay(Result(code=101, stderr="error: feature `x` is required\n")), program)
    assert caught.value.detail == "error: feature `x` is required"
    assert caught.value.hint


def test_a_cargo_that_cannot_start_is_as_none(tree: Tree, program: Path) -> None:
    root = tree({**CRATE, "rust-toolchain.toml": 'toolchain.channel = "1.2.3"'})
    runner = Replay(Result(code=1, stderr="error: toolchain '1.2.3' is not installed"), version=1)
    assert load(root, runner, program).members[0].name == "my-app"
    assert [call[0][1] for call in runner.calls] == ["metadata", "--version"]


@pytest.mark.parametrize(
    "stdout",
    ["", "{", "[]", "{}", "null", '{"packages": [{}], "workspace_members": [[]]}',
     '{"packages": [{"id": 1}], "workspace_members": [1], "workspace_root": "/", "target_directory": "/"}'],
)  # fmt: skip
def test_an_answer_that_is_not_cargos(tree: Tree, program: Path, stdout: str) -> None:
    with pytest.raises(UsageError, match="something that is not cargo's format 1") as caught:
        load(tree(CRATE), Replay(Result(code=0, stdout=stdout)), program)
    assert "CARGO" in caught.value.hint


def test_broken_toml_is_the_same_error_with_cargo_and_without(tree: Tree, program: Path) -> None:
    runner = Replay(Result(code=101, stderr="cargo's words"))
    with pytest.raises(UsageError, match=r"not valid TOML: .*line 2, column"):
        load(tree({"Cargo.toml": "[package]\nname = "}), runner, program)
    assert runner.calls == []
