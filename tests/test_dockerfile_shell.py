"""The commands of a rendered step, run by a real `sh`: each word arrives as it was."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import dockerfile as docker
import pytest
import tomli
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cargo_stow.dockerfile import render_dockerfile
from cargo_stow.plan import Copy, Run, Write
from tests.crates import ROOT, make_package, make_workspace, plan_of
from tests.machine import STOW_RS
from tests.test_dockerfile_parse import NAMES, plan_with

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cargo_stow.plan import Plan

# Debian's base images have mawk.
AWKS = [awk for awk in ("mawk", "gawk", "original-awk") if shutil.which(awk)] or ["awk"]
COPY = Copy(stage="build", source="/a", target="/b")


def texts(plan: Plan) -> list[str]:
    """What Docker gives to `sh -c` for each RUN of a plan."""
    return [each.value[0] for each in docker.parse_string(render_dockerfile(plan)) if each.cmd.upper() == "RUN"]


def sh(run: Run) -> str:
    (text,) = texts(plan_with(run, COPY, ("/b",)))
    environment = {"PATH": "/usr/bin:/bin", "HOME": "/nowhere"}
    ended = subprocess.run(["sh", "-c", text], capture_output=True, check=True, env=environment)
    assert not ended.stderr
    return ended.stdout.decode()


@settings(deadline=None, max_examples=60)
@given(
    words=st.lists(st.text(st.sampled_from("ab #$`'\"\\<>|&;()[]*?!~=-\u00e9"), max_size=10), min_size=1, max_size=5)
)
@example(words=NAMES)
def test_words_arrive_intact(words: list[str]) -> None:
    run = Run(commands=(("printf", r"%s\n", "first"), ("printf", r"[%s]\n", *words)))
    assert sh(run) == "first\n" + "".join(f"[{word}]\n" for word in words)


@pytest.mark.parametrize("name", NAMES)
def test_directories_and_variables_arrive_intact(name: str, tmp_path: Path) -> None:
    (tmp_path / name).mkdir()
    run = Run(
        commands=(("pwd",), ("sh", "-c", r'printf "%s\n" "$A" "$PATH"')),
        environment=(("A", name),),
        path=("/first bin", "/second"),
        directory=str(tmp_path / name),
    )
    assert sh(run) == f"{tmp_path / name}\n{name}\n/first bin:/second:/usr/bin:/bin\n"


def test_the_first_command_that_fails_ends_the_step() -> None:
    (text,) = texts(plan_with(Run(commands=(("false",), ("echo", "reached"))), COPY, ("/b",)))
    ended = subprocess.run(["sh", "-c", text], capture_output=True, check=False)
    assert (ended.returncode, ended.stdout) == (1, b"")


@pytest.mark.parametrize("name", NAMES)
def test_a_shell_can_parse_every_step(name: str) -> None:
    container = {"base_image": "a", "build_deps": ["g++"], "runtime_deps": ["libssl3"], "features": ["a?/b"]}
    workspace = make_workspace(
        make_package("m", ROOT / name / "m", container=container), make_package("o", ROOT / name / "o")
    )
    # builder, two of tools, lock, two of deps, build, runtime
    for generated, number in ((None, 8), (PurePosixPath("target") / name, 5)):
        found = texts(plan_of(workspace, generated=generated))
        assert len(found) == number
        for text in found:
            subprocess.run(["sh", "-n", "-c", text], check=True)


def written(directory: Path, files: Mapping[str, str]) -> dict[str, bytes]:
    """Have a shell run the steps that a Write becomes; what is there then."""
    step = Write(name="w", target=str(directory), files=tuple((PurePosixPath(path), files[path]) for path in files))
    for text in texts(plan_with(Run(commands=(("true",),)), COPY, ("/b",), write=step)):
        assert len(text.encode()) < 128 * 1024
        subprocess.run(["sh", "-c", text], check=True, env={"PATH": "/usr/bin:/bin"})
    found = [path for path in directory.rglob("*") if path.is_file()]
    return {str(path.relative_to(directory)): path.read_bytes() for path in found}


LINES = st.text(st.sampled_from("ab #$`'\"\\<>|&;()[]*?!~%-\t\r\x0b\x0c\x85\u2028\u00e9"), max_size=12)


@settings(deadline=None, max_examples=60)
@given(files=st.dictionaries(st.sampled_from([*NAMES, "a/b", "c/d'e/f"]), st.lists(LINES, max_size=6), max_size=4))
@example(files={"a": ["%s\\n", "-n", "\\", "", ""], "b": [], "c": [""]})
@example(files={"a": ["fn main() {", "    \\", "# x", "}", "<<EOF", "EOF"]})
def test_files_arrive_byte_for_byte(files: dict[str, list[str]]) -> None:
    texts = {path: "".join(f"{line}\n" for line in lines) for path, lines in files.items()}
    with tempfile.TemporaryDirectory() as directory:
        found = written(Path(directory) / "it's #1", texts)
    assert found == {path: text.encode() for path, text in texts.items()}


def test_our_own_program_arrives(tmp_path: Path) -> None:
    text = STOW_RS.read_text()
    assert written(tmp_path, {"stow.rs": text}) == {"stow.rs": text.encode()}


def test_more_files_than_one_command_can_hold(tmp_path: Path) -> None:
    files = {f"package-{number}/Cargo.toml": f"# {'é' * 150}\n" * 3 for number in range(1000)}
    assert written(tmp_path, files) == {path: text.encode() for path, text in files.items()}


HEAD = "# This file is automatically @generated by Cargo.\n# It is not intended for manual editing.\n"
LOCK = """\
version = {version}

[[package]]
name = "serde"
version = "1.0.1"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "00"

[[package]]
name = "member"
version = "1.2.3-a.1+b"
dependencies = [
 "serde",
 "ours 2.0.0",
]

[[package]]
name = "ours"
version = "2.0.0"

[[package]]
name = "ours-more"
version = "3.0.0"
dependencies = [
 "serde",
]

[[package]]
name = "git"
version = "0.1.0"
source = "git+https://example.org/git?rev=1#0123456"
"""


@pytest.mark.parametrize("name", [*NAMES, 'a/ { system("id") } /b', 'o"rs', "a.b", "(", "größe"])
def test_a_name_in_the_program_that_masks_the_lock(name: str, tmp_path: Path) -> None:
    """Of a path crate, which cargo lets have nearly any."""
    odd = make_package(name, ROOT / "odd", library=True, bins=())
    workspace = replace(make_workspace(make_package("member", ROOT), odd), patches=(odd.directory,))
    (script,) = [each for each in texts(plan_of(workspace)) if "awk " in each]
    (tmp_path / "whole").write_text(f'{HEAD}[[package]]\nname = "{name}"\nversion = "1.0.0"\n')
    done = subprocess.run(["sh", "-c", script.replace("/lock/", f"{tmp_path}/")], capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (b"", b"")
    if '"' not in name:  # which a lock spells otherwise
        assert f'name = "{name}"\nversion = "1.0.0"' in (tmp_path / "Cargo.lock").read_text()


@pytest.mark.parametrize("awk", AWKS)
@pytest.mark.parametrize("text", [HEAD + LOCK.format(version=4), LOCK.format(version=3)], ids=["v4", "v3"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_the_lock_is_masked(awk: str, text: str, newline: str, tmp_path: Path) -> None:
    ours = make_package("ours", ROOT / "ours", library=True, bins=())
    workspace = replace(make_workspace(make_package("member", ROOT), ours), patches=(ours.directory,))
    (script,) = [each for each in texts(plan_of(workspace)) if "awk " in each]
    (tmp_path / "whole").write_text(text, newline=newline)
    script = script.replace("/lock/", f"{tmp_path}/").replace("awk ", f"{awk} ", 1)
    subprocess.run(["sh", "-c", script], check=True)
    masked = tomli.loads((tmp_path / "Cargo.lock").read_text())
    expected = tomli.loads(text.replace("1.2.3-a.1+b", "0.0.0"))
    expected["package"] = [entry for entry in expected["package"] if entry["name"] != "ours-more"]
    assert masked == expected
