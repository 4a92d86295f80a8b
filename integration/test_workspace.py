"""A workspace of two programs and a library: which package, and what makes which of them build again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from integration.driver.stow import Stow

SAID = {
    "api": 'api 0.1.0: accepted job 1 ("one crate, one image")',
    "worker": 'worker 0.1.0: finished job 1 ("one crate, one image"): 4 words',
}


def test_each_program_is_an_image(workspace: Stow) -> None:
    undecided = workspace("run", code=2)
    assert "api, worker" in undecided.err
    assert "--package api" in undecided.err
    for name, said in SAID.items():
        reference = workspace("build", "-p", name).reference
        assert workspace.engine.docker("run", "--rm", reference) == said
    member = workspace("build", cwd=workspace.root / "worker")
    assert (member.builds, member.out) == (0, workspace("build", "-p", "worker").out)
    by_path = workspace("build", "--manifest-path", "api/Cargo.toml")
    assert (by_path.builds, by_path.out) == (0, workspace("build", "-p", "api").out)


@dataclass(frozen=True)
class Edit:
    """What is replaced in a file, whether api is built again for it, and what api says then."""

    file: str
    old: str
    new: str
    builds: int
    says: str = SAID["api"]


EDITS = [
    Edit("worker/src/main.rs", "finished", "completed", builds=0),
    Edit("worker/Cargo.toml", "Does the jobs", "Does all jobs", builds=1),  # cargo reads every member's manifest
    Edit("shared/src/lib.rs", "one crate", "two crates", builds=1, says=SAID["api"].replace("one crate", "two crates")),
    Edit("api/src/main.rs", "accepted", "took", builds=1, says=SAID["api"].replace("accepted", "took")),
]


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.file)
def test_edit(workspace: Stow, edit: Edit) -> None:
    workspace("build", "-p", "api")
    workspace.edit(edit.file, edit.old, edit.new)
    done = workspace("build", "-p", "api")
    assert done.builds == edit.builds
    assert workspace.engine.docker("run", "--rm", done.reference) == edit.says
