"""Cargo's configuration: where the target directory is, and what is patched there. Compared with cargo where it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from cargo_stow.errors import StowError, UsageError
from cargo_stow.manifest import load_workspace
from cargo_stow.model import Workspace
from cargo_stow.process import SystemRunner

Tree = Callable[[Mapping[str, str]], Path]
Load = Callable[[Path], Workspace]

CRATE = {
    "w/Cargo.toml": '[workspace]\nmembers = ["m"]',
    "w/m/Cargo.toml": '[package]\nname = "m"\nversion = "1.0.0"',
    "w/m/src/lib.rs": "",
}
SET = '[build]\ntarget-dir = "{}"\n'
ROWS: dict[str, tuple[dict[str, str], dict[str, str], str]] = {
    "default": ({}, {}, "w/target"),
    "in the package": ({"w/m/.cargo/config.toml": SET.format("t")}, {}, "w/m/t"),
    "above": ({".cargo/config.toml": SET.format("t/../u")}, {}, "u"),
    "the nearest wins": (
        {"w/.cargo/config.toml": SET.format("near"), ".cargo/config.toml": SET.format("far")},
        {},
        "w/near",
    ),
    "the user's own is the last": ({"../home/config.toml": SET.format("h")}, {}, "../h"),
    "and gives way": ({"../home/config.toml": SET.format("h"), ".cargo/config.toml": SET.format("t")}, {}, "t"),
    "no extension wins": (
        {".cargo/config": SET.format("old"), ".cargo/config.toml": SET.format("new")},
        {},
        "old",
    ),
    "variable": ({".cargo/config.toml": SET.format("t")}, {"CARGO_BUILD_TARGET_DIR": "{}/v"}, "v"),
    "variables": ({}, {"CARGO_BUILD_TARGET_DIR": "{}/v", "CARGO_TARGET_DIR": "{}/first"}, "first"),
    "included": ({".cargo/config.toml": 'include = ["a.toml"]', ".cargo/a.toml": SET.format("i")}, {}, "i"),
    "included gives way": (
        {".cargo/config.toml": 'include = ["a.toml"]\n' + SET.format("t"), ".cargo/a.toml": SET.format("i")},
        {},
        "t",
    ),
    "the last included wins": (
        {
            ".cargo/config.toml": 'include = ["a.toml", { path = "b.toml" }]',
            ".cargo/a.toml": SET.format("a"),
            ".cargo/b.toml": SET.format("b"),
        },
        {},
        "b",
    ),
}


def read(root: Path, environment: Mapping[str, str], variables: Mapping[str, str], *, cargo: bool) -> Workspace:
    merged = {**environment, **{name: text.format(root) for name, text in variables.items()}}
    return load_workspace(root / "w/m/Cargo.toml", SystemRunner(), cargo=cargo, environment=merged)


@pytest.mark.parametrize("row", ROWS)
def test_target_directory(row: str, tree: Tree, environment: dict[str, str]) -> None:
    files, variables, expected = ROWS[row]
    root = tree({**CRATE, **files})
    assert read(root, environment, variables, cargo=False).target_directory == (root / expected).resolve()


@pytest.mark.parametrize("row", ROWS)
def test_target_directory_is_cargos(row: str, tree: Tree, environment: dict[str, str], load_with_cargo: Load) -> None:
    files, variables, _ = ROWS[row]
    root = tree({**CRATE, **files})
    assert read(root, environment, variables, cargo=True) == read(root, environment, variables, cargo=False)


def test_patches_and_paths_of_the_configuration(tree: Tree, load: Load) -> None:
    crate = {
        f"{name}/{file}": text.format(name)
        for name in "ab"
        for file, text in (("Cargo.toml", '[package]\nname = "{}"'), ("src/lib.rs", ""))
    }
    config = 'paths = ["a"]\n[patch.crates-io]\nb = { path = "b" }\n'
    root = tree({**CRATE, **crate, ".cargo/config.toml": config})
    found = load(root / "w")
    assert found.patches == (root / "a", root / "b")
    assert [each.name for each in found.outside] == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("x", "config.toml is not valid TOML: .*line 1"),
        ("build = 1", "`build` is a number"),
        ("build.target-dir = 1", "`build.target-dir` is a number"),
        ('build.target-dir = ""', "`build.target-dir` is a string .*expected a path"),
        ("paths = 1", "`paths` is a number"),
        ('include = "config.toml"', "includes itself"),
        ("include = [1]", "`include` is a list, expected a list of paths"),
        ('include = "gone.toml"', "there is no file .*gone.toml"),
        ("include = [{ path = 1 }]", "`include.path` is a number"),
    ],
)
def test_refuses(tree: Tree, load: Load, text: str, complaint: str) -> None:
    root = tree({**CRATE, ".cargo/config.toml": text})
    with pytest.raises(UsageError, match=complaint) as caught:
        load(root / "w")
    assert str(root / ".cargo") in str(caught.value)


def test_files_that_include_each_other_more_than_once(tree: Tree, load: Load) -> None:
    """As cargo has it. Twice in each of thirty files, the last one was read a thousand million times."""
    files = {f".cargo/{number}": f'include = ["{number + 1}", "{number + 1}"]' for number in range(30)}
    root = tree({**CRATE, **files, ".cargo/config.toml": 'include = "0"', ".cargo/30": ""})
    with pytest.raises(UsageError, match="/30 includes itself, or is included twice"):
        load(root / "w")


def test_a_long_chain_of_files(tree: Tree, load: Load) -> None:
    files = {f".cargo/{number}": f'include = "{number + 1}"' for number in range(1200)}
    root = tree({**CRATE, **files, ".cargo/config.toml": 'include = "0"', ".cargo/1200": ""})
    with pytest.raises(UsageError, match="more than 100 files of configuration include"):
        load(root / "w")


def test_an_empty_variable(tree: Tree, environment: dict[str, str]) -> None:
    root = tree(CRATE)
    for cargo in (True, False):
        with pytest.raises(StowError, match="the variable CARGO_TARGET_DIR is set but empty") as caught:
            read(root, environment, {"CARGO_TARGET_DIR": ""}, cargo=cargo)
        assert caught.value.hint == "unset CARGO_TARGET_DIR"
