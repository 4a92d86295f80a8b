"""Crates on disk, written from a mapping of path to text, and the two ways to read them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from cargo_stow.manifest import load_workspace
from cargo_stow.model import Workspace
from cargo_stow.process import SystemRunner

Tree = Callable[[Mapping[str, str]], Path]
Load = Callable[[Path], Workspace]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    directory = tmp_path / "home"
    directory.mkdir()
    return directory


@pytest.fixture
def environment(home: Path) -> dict[str, str]:
    """An environment in which nothing of the developer's own configuration is seen, but rustup still works."""
    rustup = os.environ.get("RUSTUP_HOME") or str(Path.home() / ".rustup")
    return {"PATH": os.environ.get("PATH", ""), "HOME": str(home), "CARGO_HOME": str(home), "RUSTUP_HOME": rustup}


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """Write files below `work`; returns that directory. A path that ends with `/` is an empty directory."""

    def write(files: Mapping[str, str]) -> Path:
        root = tmp_path / "work"
        root.mkdir(exist_ok=True)
        for name, text in files.items():
            path = root / name
            (path if name.endswith("/") else path.parent).mkdir(parents=True, exist_ok=True)
            if not name.endswith("/"):
                path.write_text(text, encoding="utf-8")
        return root

    return write


@pytest.fixture
def load(environment: dict[str, str]) -> Load:
    """Read a directory's manifest without cargo."""
    return lambda directory: load_workspace(
        directory / "Cargo.toml", SystemRunner(), cargo=False, environment=environment
    )


@pytest.fixture
def load_with_cargo(environment: dict[str, str]) -> Load:
    if shutil.which("cargo") is None:
        pytest.skip("no cargo on this machine")
    return lambda directory: load_workspace(directory / "Cargo.toml", SystemRunner(), environment=environment)
