"""Into a user namespace: what is said where that cannot be. `test_isolation.py` has it done."""

from __future__ import annotations

import operator
import os
import sys
from typing import TYPE_CHECKING

import pytest

from cargo_stow.errors import RuntimeFailedError, ToolMissingError
from cargo_stow.process import SystemRunner
from cargo_stow.sandbox import isolation
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


# In a process without other threads, as it is done.
REFUSED = """\
import os
import sys
from cargo_stow.errors import RuntimeFailedError
from cargo_stow.sandbox import entering
from cargo_stow.sandbox.rights import Rights
entering._unshare = lambda: 28
try:
    entering.enter(Rights())
except RuntimeFailedError as error:
    print(error.message)
    print(error.hint)
try:
    os.waitpid(-1, 0)
except ChildProcessError:
    print("nobody is left")
"""


def test_where_no_user_namespace_can_be_made() -> None:
    result = SystemRunner().capture([sys.executable, "-c", REFUSED])
    message, hint, end = result.stdout.splitlines()
    assert message == f"cannot make a user namespace: {os.strerror(28)}"
    assert "sysctl user.max_user_namespaces" in hint
    assert end == "nobody is left"


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
