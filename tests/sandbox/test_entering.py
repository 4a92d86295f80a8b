"""Into a user namespace: what is said where that cannot be. `test_isolation.py` has it done."""

from __future__ import annotations

import errno
import operator
import os
from typing import TYPE_CHECKING

import pytest

from cargo_stow.errors import RuntimeFailedError, ToolMissingError
from cargo_stow.process import SystemRunner
from cargo_stow.sandbox import entering, isolation
from tests.sandbox.mappers import install_mappers, make_rights
from tests.sandbox.test_isolation import isolated

if TYPE_CHECKING:
    from pathlib import Path

RIGHTS = make_rights()


@pytest.fixture
def mappers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    directory = install_mappers(tmp_path / "mappers")
    monkeypatch.setenv("PATH", f"{directory}:{os.environ['PATH']}")
    return directory


def test_where_no_user_namespace_can_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entering, "_unshare", lambda: errno.ENOSPC)
    with pytest.raises(
        RuntimeFailedError, match=f"cannot make a user namespace: {os.strerror(errno.ENOSPC)}"
    ) as caught:
        entering.enter(RIGHTS)
    assert "sysctl user.max_user_namespaces" in caught.value.hint
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, 0)


@isolated
@pytest.mark.parametrize("name", ["newuidmap", "newgidmap"])
def test_where_ids_cannot_be_mapped(mappers: Path, name: str, capfd: pytest.CaptureFixture[str]) -> None:
    (mappers / name).write_text("#!/bin/sh\necho not for you >&2\nexit 1\n")
    with pytest.raises(RuntimeFailedError, match="cannot map the ids"):
        isolation.call(operator.add, 1, 2, rights=RIGHTS)
    assert capfd.readouterr().err == "not for you\n"


@isolated
def test_without_the_program(mappers: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(mappers))
    with pytest.raises(ToolMissingError, match="`unshare` is not installed"):
        isolation.call(operator.add, 1, 2, rights=RIGHTS)


@isolated
def test_an_attached_call_says_it(mappers: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (mappers / "newgidmap").write_text("#!/bin/sh\nexit 1\n")
    result = isolation.attach(SystemRunner(), tmp_path / "call", operator.add, 1, 2, rights=RIGHTS)
    assert result.code == RuntimeFailedError.exit_code
    assert capfd.readouterr().err.startswith("error: cannot map the ids")
