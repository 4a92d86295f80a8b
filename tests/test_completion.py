"""What a shell offers: the words, asked as the scripts ask, and the scripts in real shells."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cargo_stow.cli import cli
from cargo_stow.completion import SHELLS, complete, load_script
from cargo_stow.entry import run_cli
from tests.conftest import GREETER, MANIFEST

if TYPE_CHECKING:
    from tests.conftest import Write

WORKSPACE = """\
[workspace]
members = ["api", "web", "plain"]
resolver = "2"

[profile.dist]
inherits = "release"
"""
FEATURES = (
    '\n[features]\ntls = []\ntracing = []\n[dependencies]\nserde = { version = "1", optional = true }\nlibc = "0.2"\n'
)


@pytest.fixture
def workspace(crate: Write, monkeypatch: pytest.MonkeyPatch) -> Path:
    files = {"Cargo.toml": WORKSPACE}
    for name in ("api", "web"):
        files[f"{name}/Cargo.toml"] = MANIFEST.replace("greeter", name) + FEATURES.replace("tls", f"{name}-tls")
        files[f"{name}/src/main.rs"] = files[f"{name}/src/bin/{name}-job.rs"] = "fn main() {}\n"
    files["plain/Cargo.toml"] = '[package]\nname = "plain"\nversion = "1.0.0"\n'
    files["plain/src/lib.rs"] = ""
    directory = crate(files)
    monkeypatch.chdir(directory)
    return directory


def offered(*words: str) -> list[str]:
    return [line.split("\t")[1] for line in complete(cli, words)]


@pytest.mark.usefixtures("workspace")
@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["build", "-p", ""], ["api", "plain", "web"]),
        (["build", "--package", "w"], ["web"]),
        (["build", "--workspace", "--exclude", "a"], ["api"]),
        (["build", "--bin", ""], ["api", "api-job", "web", "web-job"]),
        (["build", "-p", "web", "--bin", ""], ["web", "web-job"]),
        (["run", "--manifest-path", "api/Cargo.toml", "--bin", ""], ["api", "api-job"]),
        (["plan", "--profile", "d"], ["dev", "dist"]),
        (["build", "--profile=di"], ["dist"]),
        (["build", "-p", "api", "-F", ""], ["api-tls", "serde", "tracing"]),
        (["build", "-p", "api", "--features", "serde,t"], ["serde,tracing"]),
        (["build", "--bin", '"web'], ["web", "web-job"]),
        (["build", "--cache-mode", ""], ["local", "registry", "gha"]),
        (["plan", "--format", "j"], ["json"]),
        (["completions", ""], list(SHELLS)),
        (["up"], ["update"]),
        (["push", "--offl"], ["--offline"]),
        (["build", "--bin", "nothing"], []),
    ],
)
def test_words(words: list[str], found: list[str]) -> None:
    assert offered(*words) == found


def test_commands_are_offered_but_not_what_scripts_use() -> None:
    assert sorted(offered("")) == sorted(name for name, command in cli.commands.items() if not command.hidden)
    assert offered("_") == []
    assert offered() == offered("")


def test_paths_are_the_shells_own() -> None:
    assert list(complete(cli, ["build", "--manifest-path", "x"])) == ["file\tx\t"]
    assert list(complete(cli, ["dockerfile", "-o", ""])) == ["file\t-\t"]


def test_what_an_option_means_stands_beside_it() -> None:
    (line,) = complete(cli, ["build", "--offl"])
    assert line == "plain\t--offline\tAsk no registry; cargo uses what it has fetched before."


@pytest.mark.parametrize(
    "manifest", [None, "nonsense", '[package]\nname = "a b"\n', "[workspace]\nmembers = ['gone']\n"]
)
@pytest.mark.parametrize("option", ["-p", "--bin", "--profile", "-F"])
def test_nothing_is_said_of_what_is_wrong(
    manifest: str | None,
    option: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    if manifest:
        (tmp_path / "Cargo.toml").write_text(manifest)
    monkeypatch.chdir(tmp_path)
    assert run_cli(["__complete", "--", "build", option, ""]) == 0
    assert capfd.readouterr().err == ""


def test_a_name_that_is_no_word_is_not_offered(crate: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    odd = '\n[[bin]]\nname = "$(id)"\npath = "src/main.rs"\n'
    monkeypatch.chdir(crate({**GREETER, "Cargo.toml": MANIFEST.replace("[package.meta", f"{odd}[package.meta")}))
    assert "$(id)" not in offered("build", "--bin", "")


@pytest.mark.parametrize("shell", SHELLS)
def test_the_command(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cli(["completions", shell]) == 0
    assert capsys.readouterr().out == load_script(shell)


ASK_BASH = r"""
ask() {
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
    local found; found=$(complete -p "$1"); [[ $found =~ \ -F\ ([^\ ]+) ]]; "${BASH_REMATCH[1]}" "$1"
    echo "${COMPREPLY[*]}"
}
"""
# zsh's own functions work in its line editor alone; what is handed to them is what counts.
ASK_ZSH = r"""
typeset -A _comps
compdef() { _comps[$2]=$1 }
compset() { }
_files() { print files }
_default() { print default }
_describe() { local name=$3; print -- ${${(P)name}%%:*} }
source "$SCRIPT"
ask() { local -a words=("$@"); local CURRENT=$#; ${_comps[$1]} }
"""
ASK_FISH = r"""
source $SCRIPT
function ask; echo (complete -C "$argv" | string replace -r '\t.*' ''); end
"""


def in_shell(shell: str, script: str, directory: Path, tmp_path: Path) -> list[str]:
    """Run a script with `cargo-stow` on PATH and nothing of the developer's own; returns its lines."""
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"no {shell} on this machine")
    stow = tmp_path / "programs/cargo-stow"
    stow.parent.mkdir()
    stow.write_text(f"#!{sys.executable}\nfrom cargo_stow.entry import main\nmain()\n")
    stow.chmod(0o755)
    file = tmp_path / "completion"
    file.write_text(load_script(shell))
    environment = {
        **os.environ, "PATH": f"{stow.parent}:/usr/bin:/bin", "HOME": str(tmp_path), "SCRIPT": str(file),
        "PYTHONPATH": str(Path(__file__).parents[1]),
    }  # fmt: skip
    options = {"bash": ["--norc", "--noprofile"], "zsh": ["-f"], "fish": ["--no-config"]}[shell]
    ended = subprocess.run(
        [program, *options, "-c", script], cwd=directory, env=environment, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout.splitlines()


def test_bash(workspace: Path, tmp_path: Path) -> None:
    script = ASK_BASH + (
        'source "$SCRIPT"; ask cargo-stow upd; ask cargo stow build -p ""; ask cargo +nightly stow build --bin web-'
        "; ask cargo-stow build --profile = di; ask cargo-stow build --profile =; ask cargo build --rel"
    )
    assert in_shell("bash", script, workspace, tmp_path) == [
        "update", "api plain web", "web-job", "dist", "bench dev dist release test", "",
    ]  # fmt: skip


@pytest.mark.parametrize("loaded", ["before", "later"])
def test_bash_leaves_cargo_its_own(workspace: Path, tmp_path: Path, loaded: str) -> None:
    """Whatever completes cargo is asked for its other commands, with its options, known already or not."""
    cargo = '_own() { COMPREPLY=("own:${COMP_WORDS[*]}"); }; register() { complete -o nospace -F _own cargo; }; '
    later = "_comp_load() { [[ $1 = cargo ]] && register; }; "
    script = ASK_BASH + cargo + ("register; " if loaded == "before" else later)
    script += 'source "$SCRIPT"; source "$SCRIPT"; ask cargo build --rel; ask cargo stow pu; ask cargo stow'
    script += "; ask cargo stow up; complete -p cargo"
    assert in_shell("bash", script, workspace, tmp_path) == [
        "own:cargo build --rel", "push", "own:cargo stow", "update",
        "complete -o nospace -F _cargo_stow_in_cargo cargo",
    ]  # fmt: skip


def test_zsh(workspace: Path, tmp_path: Path) -> None:
    script = ASK_ZSH + (
        'ask cargo-stow upd; ask cargo stow build -p ""; ask cargo-stow build --profile=di'
        "; ask cargo-stow build --manifest-path x; ask cargo bu"
    )
    assert in_shell("zsh", script, workspace, tmp_path) == ["update", "api plain web", "dist", "files", "default"]


def test_fish(workspace: Path, tmp_path: Path) -> None:
    script = ASK_FISH + (
        'ask cargo-stow upd; ask "cargo stow build -p "; ask "cargo +nightly stow build --bin web-"'
        '; ask "cargo-stow build --profile=di"; ask "cargo-stow build --manifest-path api/Car"'
    )
    assert in_shell("fish", script, workspace, tmp_path) == [
        "update", "api plain web", "web-job", "--profile=dist", "api/Cargo.toml",
    ]  # fmt: skip


def test_bash_is_there() -> None:
    """The one shell that every machine with our scripts has: its tests are never left out."""
    assert shutil.which("bash")
