"""Without an engine the suite is skipped, with the reason; where CI is set, it fails: there it must not go unseen."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SUITE = Path(__file__).parent


@pytest.mark.parametrize(("ci", "code", "outcome"), [("", 0, "skipped"), ("true", 1, "error")], ids=["local", "ci"])
def test_no_engine(tmp_path: Path, ci: str, code: int, outcome: str) -> None:
    argv = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", f"--basetemp={tmp_path / 'inner'}"]
    environment = {**os.environ, "CI": ci, "DOCKER_HOST": "unix:///nowhere.sock"}
    ended = subprocess.run(
        [*argv, str(SUITE / "test_workspace.py")],
        cwd=SUITE.parent,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == code, ended.stdout
    assert "no Docker engine answers at unix:///nowhere.sock" in ended.stdout
    assert "python -m integration.bed" in ended.stdout
    counts = ended.stdout.splitlines()[-1]
    assert outcome in counts
    assert "passed" not in counts
