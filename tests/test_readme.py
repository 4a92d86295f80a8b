"""README's tables say what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from click.testing import CliRunner

from cargo_stow.cli import cli
from cargo_stow.settings import KEYS

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
    assert told == set(cli.commands)


def test_options() -> None:
    """Every option that README names exists, on the command it is named for."""
    section = README.split("\n## The commands\n")[1].split("\n## ")[0]
    text = section.split("Options are spelled")[1].split("`cargo stow COMMAND")[0]
    for command, part in zip(("build", "run"), text.split("`run` also takes"), strict=True):
        page = CliRunner().invoke(cli, [command, "--help"]).output
        for option in re.findall(r"`(--?[\w-]+)(?:/(--[\w-]+))?`", part):
            assert all(name in page for name in option), option


def test_the_two_commands() -> None:
    """README's two commands are there, and CI runs the second of them."""
    assert "./dev demo " in README
    assert "./dev test " in README
    assert "exec ./dev test" in (ROOT / ".ci/run").read_text(encoding="utf-8")
