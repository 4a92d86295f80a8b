"""What README shows at its head is typed here, in the crate of `cargo new`, and prints what README says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).parents[1] / "README.md"
# A local image in the place of the public one, where there is none; `cargo new` gives the program of README.
_SETUP = "cargo new --quiet --vcs none --name greeter greeter && cd greeter && cargo generate-lockfile --quiet"


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", README.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert found
    return found[1]


@pytest.mark.skipif(shutil.which("cargo") is None, reason="no cargo, to make the crate with")
def test_the_first_screen(tmp_path: Path) -> None:
    typed = [line.removeprefix("$ ") for line in block("console").splitlines() if line.startswith("$ ")]
    section = "".join(line + "\n" for line in block("toml").splitlines() if not line.startswith("#"))
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    (tmp_path / "section").write_text(section, encoding="utf-8")
    script = "\n".join(["set -e", _SETUP, "cat ../section >> Cargo.toml", *typed])
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    reference, greeting = done.stdout.splitlines()
    assert re.fullmatch(r"(\S+@)?sha256:[0-9a-f]{64}", reference)
    assert greeting == "Hello, world!"
    for word in ("Resolving debian:bookworm-slim", "Building greeter", "Built greeter:0.1.0", "Fresh greeter:0.1.0"):
        assert word in done.stderr
    subprocess.run(["docker", "rmi", "greeter:0.1.0"], check=True, capture_output=True)
