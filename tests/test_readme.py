"""README's tables say what the code does."""

from __future__ import annotations

import re
import shutil
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import tomli
from click.testing import CliRunner

from cargo_stow.cli import cli
from cargo_stow.entry import run_cli
from cargo_stow.settings import KEYS
from tests.conftest import GREETER

if TYPE_CHECKING:
    import pytest

    from tests.conftest import Write

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def rows(heading: str) -> list[tuple[str, str]]:
    """The first two cells of the rows of the table under a heading."""
    section = README.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return re.findall(r"^\| (.+?) \| (.+?) \|", section, flags=re.MULTILINE)[1:]


def test_keys() -> None:
    told = {name for cell, _ in rows("The manifest section") for name in re.findall(r"`(\w+)`", cell)}
    assert told == set(KEYS)


def test_commands() -> None:
    told = {re.findall(r"cargo stow (\w+)", cell)[0] for cell, _ in rows("The commands")}
    assert told == {name for name, command in cli.commands.items() if not command.hidden}


def test_options() -> None:
    """Every option that README names exists, on the command it is named for."""
    section = README.split("\n## The commands\n")[1].split("\n## ")[0]
    text = section.split("Options are spelled")[1].split("`cargo stow COMMAND")[0]
    for command, part in zip(("build", "run"), text.split("`run` also takes"), strict=True):
        page = CliRunner().invoke(cli, [command, "--help"]).output
        for option in re.findall(r"`(--?[\w-]+)(?:/(--[\w-]+))?`", part):
            assert all(name in page for name in option), option


def test_the_first_section(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """What README shows of `init` is what it writes and says for that example, without its section."""
    monkeypatch.setenv("PATH", str(tmp_path))  # no cargo
    monkeypatch.setattr(signal, "signal", lambda *_given: None)
    crate = tmp_path / "web"
    shutil.copytree(ROOT / "examples/web", crate, ignore=shutil.ignore_patterns("target"))
    manifest = crate / "Cargo.toml"
    text = manifest.read_text(encoding="utf-8")
    old = re.sub(r"\[package\.metadata\.container\]\n(.+\n)+\n", "", text)
    assert old != text
    manifest.write_text(old, encoding="utf-8")
    assert run_cli(["init", "--manifest-path", str(manifest)]) == 0
    told = README.split("\n## The first section\n")[1]
    console, section = (re.findall(rf"```{language}\n(.*?)```", told, re.DOTALL)[0] for language in ("console", "toml"))
    assert manifest.read_text(encoding="utf-8") == f"{old}\n{section}"
    out, err = capsys.readouterr()
    said = (err + out).replace(f" --manifest-path {manifest}", "").replace(str(tmp_path), "/home/you")
    assert console == f"$ cargo stow init\n{said}"


def test_what_plan_prints(crate: Write, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """README's output of `plan` is that of the crate at its head; on another machine, other sizes and platforms."""
    block = re.findall(r"```console\n\$ cargo stow (plan.*?)\n(.*?)```", README, flags=re.DOTALL)
    [(command, told)] = block
    manifest = GREETER["Cargo.toml"].replace('target_image = "registry.example.org/team/greeter:1"\n', "")
    directory = crate({name: text for name, text in GREETER.items() if name != ".gitignore"} | {"Cargo.toml": manifest})
    monkeypatch.chdir(directory)
    monkeypatch.setenv("PATH", str(directory / "nothing"))
    assert run_cli(command.split()) == 0
    lines = {_machine_independent(line) for line in capsys.readouterr().out.splitlines()}
    assert {_machine_independent(line.replace("/home/me/greeter", str(directory))) for line in told.splitlines()} <= {
        *lines, "...",
    }  # fmt: skip


def _machine_independent(line: str) -> str:
    line = re.sub(r"\d+ files, \d+ kB", "N files, N kB", line)
    return re.sub(r"linux/\w+|(?<=--target )\S+", "ARCH", line)


def test_the_schema_of_the_section_is_named_where_taplo_looks() -> None:
    """What README says of taplo is a rule that TOML reads, about the file it tells to write."""
    rule = re.findall(r"```toml\n(\[\[rule]].*?)```", README, flags=re.DOTALL)
    [each] = tomli.loads(rule[0])["rule"]
    assert each["include"] == ["**/Cargo.toml"]
    assert f"cargo stow schema > {each['schema']['path']}" in README


def test_the_two_commands() -> None:
    """README's two commands are there, and CI runs the second of them."""
    assert "./dev demo " in README
    assert "./dev test " in README
    assert "exec ./dev test" in (ROOT / ".ci/run").read_text(encoding="utf-8")
