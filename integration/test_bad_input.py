"""What a user gets wrong, as one table: each gives one clear error and leaves image, tag and state as they were."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from integration.driver.stow import Stow

SECTION = "[package.metadata.container]"
DEPS = "build_deps = []"


@dataclass(frozen=True, kw_only=True)
class Case:
    """What is replaced in which file by what, what is typed then, and what must come of it."""

    name: str
    old: str = ""
    new: str = ""
    file: str = "Cargo.toml"
    also: Callable[[Stow], object] = lambda _: None
    argv: tuple[str, ...] = ("build",)
    code: int = 2
    says: tuple[str, ...] = ()


def remove_manifest(stow: Stow) -> None:
    (stow.root / "Cargo.toml").unlink()


def remove_program(stow: Stow) -> None:
    (stow.root / "src/main.rs").rename(stow.root / "src/lib.rs")


def add_program(stow: Stow) -> None:
    (stow.root / "src/bin").mkdir()
    (stow.root / "src/bin/other.rs").write_text("fn main() {}\n")


CASES = [
    Case(name="no-manifest", also=remove_manifest, says=("Cargo.toml",)),
    Case(name="broken-toml", old="[package]", new="[package", says=("Cargo.toml", "line 1")),
    Case(name="no-section", old=SECTION, new="[package.metadata.other]", says=(SECTION, "cargo stow init")),
    Case(name="no-base", old="base_image", new="# base_image", says=("`base_image` is missing", "Cargo.toml")),
    Case(name="unknown-key", old="base_image", new="bse_image", says=("bse_image", "did you mean `base_image`?")),
    Case(name="second-base", old=DEPS, new='build_image = "rust:1"', says=("build_image", "same base")),
    Case(name="wrong-type", old=DEPS, new='build_deps = "gcc"', says=("build_deps", "gcc", "array of strings")),
    Case(name="wrong-element", old=DEPS, new="build_deps = [7]", says=("build_deps", "7")),
    Case(name="shell-syntax", old=DEPS, new='build_deps = ["gcc; rm -rf /"]', says=("build_deps", "gcc; rm -rf /")),
    Case(name="an-option", old=DEPS, new='build_deps = ["--allow-downgrades"]', says=("--allow-downgrades",)),
    Case(name="substitution", old=DEPS, new='build_deps = ["$(reboot)"]', says=("$(reboot)",)),
    Case(name="dockerfile-syntax", old=DEPS, new='build_deps = ["gcc\\nUSER root"]', says=("build_deps", "USER root")),
    Case(name="base-no-reference", old="debian:bookworm-slim", new="Debian Bookworm", says=("base_image", "Debian")),
    Case(name="base-instruction", old="debian:bookworm-slim", new="debian AS x", says=("base_image", "debian AS x")),
    Case(name="target-no-reference", old="greeter:latest", new="UPPER:latest", says=("target_image", "UPPER")),
    Case(name="user-syntax", old=DEPS, new='user = "root\\nRUN x"', says=("user",)),
    Case(name="no-program", also=remove_program, says=("no executable", "greeter")),
    Case(name="several-programs", also=add_program, says=("--bin greeter", "greeter, other")),
    Case(name="no-such-program", argv=("build", "--bin", "greter"), says=("greter", "did you mean `greeter`?")),
    Case(name="no-such-package", argv=("build", "-p", "nobody"), says=("nobody", "greeter")),
    Case(name="no-such-option", argv=("build", "--relase"), says=("--relase",)),
    Case(name="two-profiles", argv=("build", "--release", "--debug"), says=("--release", "--debug")),
    Case(name="no-such-manifest", argv=("build", "--manifest-path", "no/Cargo.toml"), says=("no/Cargo.toml",)),
    Case(name="lock-out-of-date", old='version = "0.1.0"', new='version = "0.2.0"', code=4, says=("Cargo.lock",)),
    Case(name="broken-stow-lock", file="Stow.lock", old="version = 1", new="version =", code=4, says=("Stow.lock",)),
    Case(name="newer-stow-lock", file="Stow.lock", old="version = 1", new="version = 9", code=4, says=("version 9",)),
    Case(
        name="compile-error", file="src/main.rs", old="fn usage()", new="fn usage(", code=5,
        says=("error: ", "src/main.rs", "could not compile `greeter`", "building `greeter` of"),
    ),
    Case(name="no-such-deb", old=DEPS, new='build_deps = ["no-such-deb"]', code=5, says=("Unable to locate",)),
    Case(name="no-such-feature", argv=("build", "--features", "nope"), code=5, says=("nope",)),
    Case(name="no-such-profile", argv=("build", "--profile", "nope"), code=5, says=("profile `nope`",)),
    Case(name="no-such-toolchain", old=DEPS, new='toolchain = "nigthly"', says=("nigthly",)),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_bad_input(built: Stow, case: Case, tmp_path: Path) -> None:
    stow = built.twin(tmp_path)
    if case.old:
        stow.edit(case.file, case.old, case.new)
    case.also(stow)
    before = stow.state()
    done = stow(*case.argv, code=case.code)
    for text in case.says:
        assert text in done.err, f"{text!r} is not in:\n{done.err[-1500:]}"
    assert done.out == ""
    assert "Traceback" not in done.err
    assert "panicked" not in done.err
    assert stow.state() == before
    assert before.image is not None
    if case.code != 5:
        assert done.builds == 0
