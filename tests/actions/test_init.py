"""`cargo stow init`, as it is typed: what it writes, what it says where, and what it refuses."""

from __future__ import annotations

import os
import signal
import stat
from typing import TYPE_CHECKING, Any

import pytest
import tomli

from cargo_stow.entry import run_cli

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Write

MANIFEST = """\
# Mine.
[package]
name    = "greeter"   # aligned
version = "0.1.0"
edition = "2021"

[dependencies]
openssl = "0.10"
"""
LOCK = """\
version = 3

[[package]]
name = "greeter"
version = "0.1.0"
dependencies = ["openssl"]

[[package]]
name = "openssl"
version = "0.10.1"
source = "registry+https://example.org/index"
dependencies = ["openssl-sys", "made-up-sys"]

[[package]]
name = "openssl-sys"
version = "0.9.1"
source = "registry+https://example.org/index"

[[package]]
name = "made-up-sys"
version = "0.9.1"
source = "registry+https://example.org/index"
"""
FILES = {"Cargo.toml": MANIFEST, "Cargo.lock": LOCK, "src/main.rs": "fn main() {}\n"}


@pytest.fixture(autouse=True)
def _without_cargo(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", environment["PATH"])
    monkeypatch.setattr(signal, "signal", lambda *_given: None)


@pytest.fixture
def directory(crate: Write, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = crate(FILES)
    monkeypatch.chdir(path)
    return path


def section(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = tomli.loads(path.read_text(encoding="utf-8"))["package"]["metadata"]["container"]
    return found


def test_a_section_is_written(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = directory / "Cargo.toml"
    manifest.chmod(0o640)
    assert run_cli(["init"]) == 0
    assert manifest.read_text().startswith(MANIFEST)
    assert section(manifest) == {
        "base_image": "debian:trixie-slim",
        "build_deps": ["libssl-dev", "pkg-config"],
        "runtime_deps": ["libssl3t64"],
    }
    assert stat.S_IMODE(manifest.stat().st_mode) == 0o640
    out, err = capsys.readouterr()
    assert out == f"{manifest}\n"
    assert "warning: made-up-sys may need packages of debian:trixie-slim" in err
    assert err.splitlines()[-2:] == [
        f"       Wrote [package.metadata.container] in {manifest}",
        "        Next cargo stow build",
    ]


def test_what_was_written_can_be_built(directory: Path) -> None:
    from cargo_stow.process import SystemRunner  # noqa: PLC0415
    from cargo_stow.project import Request  # noqa: PLC0415
    from tests.single import load_project  # noqa: PLC0415

    run_cli(["init", "--target-image", "registry.example.org/mine:1"])
    settings = load_project(Request(), os.environ, SystemRunner()).settings
    assert (str(settings.base_image), str(settings.target_image)) == (
        "debian:trixie-slim",
        "registry.example.org/mine:1",
    )
    assert settings.build_deps == ("libssl-dev", "pkg-config")


def test_a_second_time_is_refused(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = directory / "Cargo.toml"
    run_cli(["init", "-q"])
    before = manifest.read_bytes()
    capsys.readouterr()
    assert run_cli(["init"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert f"{manifest}:10: there already is a [package.metadata.container] section" in err
    assert "`cargo stow build`" in err
    assert manifest.read_bytes() == before


@pytest.mark.parametrize("bom", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["", "\r\n"])
def test_bytes_are_kept(directory: Path, bom: str, end: str) -> None:
    manifest = directory / "Cargo.toml"
    old = (bom + MANIFEST.rstrip().replace("\n", "\r\n") + end).encode()
    manifest.write_bytes(old)
    assert run_cli(["init"]) == 0
    new = manifest.read_bytes()
    assert new.startswith(old)
    assert b"\n" not in new.replace(b"\r\n", b"")


def test_flags_and_variables(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARGO_STOW_BASE_IMAGE", "alpine:3.22")
    monkeypatch.setenv("CARGO_STOW_TARGET_IMAGE", "registry.example.org/mine")
    assert run_cli(["init", "--base-image", "debian:bookworm-slim"]) == 0
    found = section(directory / "Cargo.toml")
    assert (found["base_image"], found["runtime_deps"]) == ("debian:bookworm-slim", ["libssl3"])
    assert found["target_image"] == "registry.example.org/mine"


@pytest.mark.parametrize(("option", "value"), [("--base-image", "scratch"), ("--target-image", "UPPER")])
def test_an_image_that_cannot_be(directory: Path, option: str, value: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cli(["init", option, value]) == 2
    assert f"flag {option}: '{value}' cannot be" in capsys.readouterr().err
    assert (directory / "Cargo.toml").read_text() == MANIFEST


def test_without_a_lock(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (directory / "Cargo.lock").unlink()
    assert run_cli(["init"]) == 0
    assert section(directory / "Cargo.toml") == {"base_image": "debian:trixie-slim"}
    assert "run `cargo generate-lockfile`" in capsys.readouterr().err


@pytest.mark.parametrize("lock", ["[", "package = 1", "[[package]]\nname = 1"])
def test_a_broken_lock(directory: Path, lock: str, capsys: pytest.CaptureFixture[str]) -> None:
    (directory / "Cargo.lock").write_text(lock)
    assert run_cli(["init"]) == 4
    assert "Cargo.lock cannot be read" in capsys.readouterr().err
    assert (directory / "Cargo.toml").read_text() == MANIFEST


@pytest.mark.parametrize(
    "package",
    [
        '[package]\nname = "greeter"\nversion = "0.1.0"\nmetadata = { deb = 1 }\n',
        'package = { name = "greeter", version = "0.1.0" }\n',
    ],
)
def test_tables_in_braces_take_no_section(directory: Path, package: str, capsys: pytest.CaptureFixture[str]) -> None:
    (directory / "Cargo.toml").write_text(package)
    assert run_cli(["init"]) == 2
    err = capsys.readouterr().err
    assert "in braces" in err
    assert '  | base_image = "debian:trixie-slim"' in err
    assert (directory / "Cargo.toml").read_text() == package


@pytest.mark.parametrize("dotted", ["metadata.deb.x = 1", "metadata.docs = { x = 1 }"])
def test_dotted_keys_take_a_section(directory: Path, dotted: str) -> None:
    (directory / "Cargo.toml").write_text(f'[package]\nname = "greeter"\nversion = "0.1.0"\n{dotted}\n')
    assert run_cli(["init"]) == 0


def test_a_package_without_an_executable(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (directory / "src/main.rs").rename(directory / "src/lib.rs")
    assert run_cli(["init"]) == 2
    assert f"package `greeter` ({directory}/Cargo.toml) has no executable" in capsys.readouterr().err
    assert (directory / "Cargo.toml").read_text() == MANIFEST


def member(name: str, source: str = "main") -> dict[str, str]:
    return {f"{name}/Cargo.toml": f'[package]\nname = "{name}"\nversion = "0.1.0"\n', f"{name}/src/{source}.rs": ""}


ROOT = '[workspace]\nmembers = ["a", "b", "lib"]\n'


@pytest.fixture
def workspace(crate: Write, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = crate({"Cargo.toml": ROOT, **member("a"), **member("b"), **member("lib", "lib")})
    monkeypatch.chdir(path)
    return path


def test_a_virtual_workspace_with_several_programs(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cli(["init"]) == 2
    err = capsys.readouterr().err
    assert "several packages" in err
    assert "have an executable: a, b\n" in err
    assert "--package a" in err


def test_a_member_by_name(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cli(["init", "-p", "b", "--manifest-path", "Cargo.toml"]) == 0
    out, err = capsys.readouterr()
    assert out == f"{workspace}/b/Cargo.toml\n"
    assert "Next cargo stow build --manifest-path Cargo.toml --package b\n" in err
    assert (workspace / "Cargo.toml").read_text() == ROOT
    assert section(workspace / "b/Cargo.toml") == {"base_image": "debian:trixie-slim"}


def test_the_only_member_with_a_program(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (workspace / "a/src/main.rs").rename(workspace / "a/src/lib.rs")
    assert run_cli(["init"]) == 0
    assert capsys.readouterr().out == f"{workspace}/b/Cargo.toml\n"


@pytest.mark.parametrize(("words", "told"), [(["-p", "lib"], "`lib`"), (["-p", "nobody"], "no package `nobody`")])
def test_a_member_that_cannot_be(
    workspace: Path, words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_cli(["init", *words]) == 2
    assert told in capsys.readouterr().err


def test_a_workspace_without_programs(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in "ab":
        (workspace / name / "src/main.rs").rename(workspace / name / "src/lib.rs")
    assert run_cli(["init"]) == 2
    assert "has an executable" in capsys.readouterr().err


def test_what_the_workspace_says_is_inherited(workspace: Path) -> None:
    root = ROOT + '[workspace.metadata.container]\nbase-image = "debian:bookworm-slim"\n'
    (workspace / "Cargo.toml").write_text(root)
    assert run_cli(["init", "-p", "a"]) == 0
    assert section(workspace / "a/Cargo.toml") == {}
    assert (workspace / "Cargo.toml").read_text() == root


def test_a_workspace_that_says_what_cannot_be(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (workspace / "Cargo.toml").write_text(ROOT + "[workspace.metadata.container]\nbase_image = 1\n")
    assert run_cli(["init", "-p", "a"]) == 2
    assert "[workspace.metadata.container] base_image: 1 cannot be" in capsys.readouterr().err


def test_several_programs_in_one_package(directory: Path) -> None:
    (directory / "src/bin").mkdir()
    (directory / "src/bin/another.rs").write_text("")
    run_cli(["init"])
    assert section(directory / "Cargo.toml")["bin"] == "greeter"
    assert "there also is another." in (directory / "Cargo.toml").read_text()
