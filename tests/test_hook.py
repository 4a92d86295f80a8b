"""The pre-commit entry, in scratch git repositories."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import pytest

from cargo_stow import hook
from cargo_stow.backends import catalog

if TYPE_CHECKING:
    from pathlib import Path

    from cargo_stow.backends.memory import MemoryBackend

Run = Callable[..., int]
SECTION = '[package.metadata.container]\nbase_image = "debian:12"\n'


def package(name: str, section: str = SECTION) -> dict[str, str]:
    return {
        f"{name}/Cargo.toml": f'[package]\nname = "{name}"\nversion = "0.1.0"\n{section}',
        f"{name}/src/main.rs": "fn main() {}\n",
    }


@pytest.fixture
def repository(
    crate: Callable[[Mapping[str, str]], Path], monkeypatch: pytest.MonkeyPatch
) -> Callable[[Mapping[str, str]], Path]:
    def make(files: Mapping[str, str]) -> Path:
        root = crate({**files, ".gitignore": "target\n"})
        git(root, "init", "--quiet")
        git(root, "add", "--all")
        monkeypatch.chdir(root)
        return root

    return make


def git(root: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def run(backend: MemoryBackend, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The hook, on the files that pre-commit would name."""
    monkeypatch.setitem(catalog.BACKENDS, "docker", lambda *_given: backend)

    def start(*names: str) -> int:
        monkeypatch.setattr(sys, "argv", ["cargo-stow-hook", *names])
        return hook.main()

    return start


def changed(root: Path) -> list[str]:
    lines = git(root, "status", "--porcelain", "--untracked-files=all").splitlines()
    return sorted(line[3:] for line in lines if not line.startswith("A  "))


def test_it_writes_and_stops_the_commit_once(
    repository: Callable[[Mapping[str, str]], Path], run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    root = repository(package("web"))
    assert run("web/Cargo.toml") == 1
    assert changed(root) == ["web/Dockerfile", "web/Dockerfile.dockerignore", "web/Stow.lock"]
    assert "Wrote" in capsys.readouterr().err
    assert run("web/Cargo.toml") == 0
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("web/Cargo.toml", '[package]\nname = "web"\nversion = "0.1.0"\n' + SECTION + 'runtime_deps = ["libssl3"]\n'),
        ("web/Dockerfile", "edited\n"),
        ("web/Dockerfile.dockerignore", "edited\n"),
        ("web/rust-toolchain.toml", '[toolchain]\nchannel = "1.80"\n'),
    ],
)
def test_what_makes_it_write_again(
    repository: Callable[[Mapping[str, str]], Path], run: Run, name: str, text: str
) -> None:
    root = repository(package("web"))
    run("web/Cargo.toml")
    (root / name).write_text(text)
    assert run(name) == 1
    assert run(name) == 0


def test_a_lock_that_is_missing_alone_stops_the_commit(
    repository: Callable[[Mapping[str, str]], Path], run: Run
) -> None:
    root = repository(package("web"))
    run("web/Cargo.toml")
    (root / "web/Stow.lock").unlink()
    assert run("web/Cargo.toml") == 1
    assert (root / "web/Stow.lock").exists()


def test_several_workspaces_and_members(repository: Callable[[Mapping[str, str]], Path], run: Run) -> None:
    members = {f"group/{name}": text for name, text in {**package("api"), **package("worker")}.items()}
    root = repository(
        {
            "group/Cargo.toml": '[workspace]\nmembers = ["api", "worker", "shared"]\nresolver = "2"\n',
            **members,
            **{f"group/{name}": text for name, text in package("shared", section="").items()},
            **package("web"),
            **package("plain", section=""),
        }
    )
    assert run("web/Cargo.toml", "plain/Cargo.toml", "group/Cargo.toml", "group/api/Cargo.toml") == 1
    assert [name for name in changed(root) if name.endswith(("Dockerfile", "Stow.lock"))] == [
        "group/Stow.lock", "group/api/Dockerfile", "group/worker/Dockerfile", "web/Dockerfile", "web/Stow.lock",
    ]  # fmt: skip


def test_a_package_without_a_section_is_none_of_ours(
    repository: Callable[[Mapping[str, str]], Path], run: Run, backend: MemoryBackend
) -> None:
    root = repository(package("plain", section=""))
    assert run("plain/Cargo.toml") == 0
    assert changed(root) == []
    assert not backend.counts


def test_a_dockerfile_of_no_crate_is_none_of_ours(repository: Callable[[Mapping[str, str]], Path], run: Run) -> None:
    root = repository({**package("web"), "ops/Dockerfile": "FROM debian\n"})
    assert run("ops/Dockerfile") == 0
    assert changed(root) == []
    assert run("ops/Dockerfile", "web/Cargo.toml") == 1
    assert (root / "ops/Dockerfile").read_text() == "FROM debian\n"


def test_no_files_are_no_work(repository: Callable[[Mapping[str, str]], Path], run: Run) -> None:
    repository(package("web"))
    assert run() == 0


@pytest.mark.parametrize(
    ("manifest", "said"),
    [
        ("[package\n", "Cargo.toml"),
        ('[package]\nname = "web"\nversion = "0.1.0"\n[package.metadata.container]\n', "`base_image` is missing"),
        ('[package]\nname = "web"\nversion = "0.1.0"\n[package.metadata.container]\nbase_imag = "x"\n', "base_image"),
    ],
)
def test_a_broken_manifest_is_one_clear_error(
    repository: Callable[[Mapping[str, str]], Path], run: Run, manifest: str, said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    root = repository({**package("web"), "web/Cargo.toml": manifest})
    assert run("web/Cargo.toml") == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("error: ")
    assert said in captured.err
    assert captured.out == ""
    assert changed(root) == []


def test_it_is_a_program(repository: Callable[[Mapping[str, str]], Path]) -> None:
    """What `.pre-commit-hooks.yaml` names; nothing to do needs no engine."""
    root = repository(package("plain", section=""))
    command = [sys.executable, "-m", "cargo_stow.hook", "plain/Cargo.toml"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
