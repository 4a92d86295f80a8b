"""Projects on disk, laid out as plans, and the machine that runs them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from cargo_stow.lock import Lock, Pin
from cargo_stow.plan import Plan
from cargo_stow.planning import plan_of
from cargo_stow.process import SystemRunner
from cargo_stow.project import Request
from tests.machine import Machine, compile_program
from tests.single import load_project
from tests.skeleton.trees import Build, synced

LayOut = Callable[..., Plan]
Write = Callable[[Mapping[str, str | None]], Path]


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program of stage `tools`."""
    if shutil.which("rustc") is None:
        pytest.skip("no rustc on this machine")
    return compile_program(tmp_path_factory.mktemp("program"))


@pytest.fixture
def build(tmp_path: Path, program: Path) -> Build:
    return synced(program, tmp_path)


@pytest.fixture
def tree(tmp_path: Path) -> Write:
    """Write a project; paths may lead out of its root. None removes a file or a directory, `-> x` makes a link."""

    def write(files: Mapping[str, str | None]) -> Path:
        root = tmp_path / "context/work"
        for name, text in files.items():
            path = Path(os.path.normpath(root / name))
            path.parent.mkdir(parents=True, exist_ok=True)
            if text is not None and text.startswith("-> "):
                path.symlink_to(text[3:])
            elif text is not None:
                path.write_text(text, encoding="utf-8")
                path.chmod(0o755 if text.startswith("#!/bin/") else 0o644)
            elif path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
        return root

    return write


@pytest.fixture
def lay_out(environment: dict[str, str]) -> LayOut:
    """Make the plan of the package in a directory."""

    def plan(directory: Path, *, alone: bool = False, **flags: object) -> Plan:
        flags = {"base_image": "debian:bookworm-slim", "profile": "dev", "bin": "app", **flags}
        request = Request(manifest_path=directory / "Cargo.toml", flags=flags)
        project = load_project(request, environment, SystemRunner())
        toolchain = project.toolchain_image("apt")
        images = (project.base, *([toolchain] if toolchain else []))
        pins = [
            Pin(reference=image, platform=project.platform, id="sha256:" + "0" * 64, package_manager="apt")
            for image in images
        ]
        return plan_of(project, Lock().having(pins), alone=alone)

    return plan


@pytest.fixture
def machine(tmp_path: Path, program: Path) -> Callable[[Path], Machine]:
    return lambda root: Machine(directory=tmp_path / "machine", root=root, program=program)


@pytest.fixture
def lock(environment: dict[str, str]) -> Callable[..., str]:
    """Have cargo write Cargo.lock, with older versions of some crates if they are given."""

    def generate(directory: Path, **precise: str) -> str:
        words = ["--manifest-path", str(directory / "Cargo.toml"), "--offline", "--quiet"]
        commands = [["generate-lockfile", *words]]
        commands += [["update", *words, "-p", name, "--precise", version] for name, version in precise.items()]
        for command in commands:
            # cargo reads its configuration from the current directory up.
            subprocess.run(["cargo", *command], cwd=directory, check=True)
        return (directory / "Cargo.lock").read_text()

    return generate
