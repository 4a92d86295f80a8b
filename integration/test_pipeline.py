"""The tasks in doit pipelines: one with tasks of its own, one whose crate is broken, and this repository's."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from integration.driver.marks import own_engine_only
from integration.test_push import aim, round_trip

if TYPE_CHECKING:
    from integration.driver.registry import Registry
    from integration.driver.stow import Stow

FOREIGN = """\
from cargo_stow.tasks import *

DOIT_CONFIG = {"default_tasks": ["lint"]}


def task_lint():
    return {"actions": ["echo linted >>target/lint.log"]}


def task_release():
    return {"actions": ["echo released >>target/lint.log"], "task_dep": ["lint", "stow_push"]}
"""
VERBS = {"stow_build", "stow_dockerfile", "stow_push", "stow_run"}


@pytest.fixture
def pipeline(greeter: Stow) -> Stow:
    (greeter.root / "dodo.py").write_text(FOREIGN)
    (greeter.root / "target").mkdir()  # where the tasks' own products go: elsewhere they would be sources
    return greeter


def listed(stow: Stow) -> set[str]:
    return {line.split()[0] for line in stow.doit("list").out.splitlines()}


def test_push_next_to_tasks_of_ones_own(pipeline: Stow, registry: Registry) -> None:
    assert listed(pipeline) == {"lint", "release", *VERBS}
    repository = aim(pipeline, registry.host)
    first = pipeline.doit("stow_push")
    assert first.builds == 1
    pushed = first.out.splitlines()[-1]
    assert re.fullmatch(re.escape(repository) + r"@sha256:[0-9a-f]{64}", pushed)
    again = pipeline.doit("release")
    assert again.builds == 0
    assert pushed in again.out.splitlines()
    assert (pipeline.root / "target/lint.log").read_text() == "linted\nreleased\n"
    assert pipeline("push").reference == pushed, "the command and the pipeline share one record"
    round_trip(pipeline, pushed)


def test_build_follows_content_and_engine(pipeline: Stow) -> None:
    assert pipeline.doit("stow_build").builds == 1
    assert pipeline.doit("stow_build").builds == 0
    assert pipeline("build").builds == 0
    pipeline.edit("src/main.rs", "Hello, ", "Piped, ")
    assert pipeline.doit("stow_build").builds == 1
    pipeline.engine.docker("rmi", "--force", pipeline.image("greeter"))
    assert pipeline.doit("stow_build").builds == 1
    assert "Piped, doit!" in pipeline.doit("stow_run", "doit").out


@own_engine_only
def test_the_program_of_the_pipeline_decides_its_exit_code(pipeline: Stow) -> None:
    assert pipeline.doit("stow_run", "--", "--exit", "3", code=None).code != 0


BREAKAGES = {
    "no-section": ("[package.metadata.container]", "[package.metadata.other]"),
    "broken-toml": ("[package]", "[package"),
    "unknown-key": ("base_image", "bass_image"),
}


@own_engine_only
@pytest.mark.parametrize(("old", "new"), BREAKAGES.values(), ids=BREAKAGES)
def test_a_broken_crate_does_not_disturb_other_tasks(pipeline: Stow, old: str, new: str) -> None:
    pipeline.edit("Cargo.toml", old, new)
    assert listed(pipeline) == {"lint", "release", *VERBS}
    pipeline.doit("lint")
    failed = pipeline.doit("stow_build", code=None)
    assert failed.code != 0
    assert "Traceback" not in failed.err
    assert "Cargo.toml" in failed.out + failed.err


@own_engine_only
def test_the_pipeline_of_this_repository(greeter: Stow) -> None:
    repository = greeter.scratch / "repository"
    shutil.copytree(greeter.root, repository / "examples" / "greeter")
    shutil.copy(Path(__file__).parents[1] / "dodo.py", repository)
    listing = greeter.doit("list", cwd=repository).out.split()
    assert {"lint", *VERBS} <= set(listing)
    assert greeter.doit("stow_build", cwd=repository).builds == 1
    assert greeter.engine.docker("run", "--rm", greeter.image("greeter")) == "Hello, world!"
    assert greeter.doit(cwd=repository).builds == 0
    greeter.doit("stow_dockerfile", cwd=repository)
    assert (repository / "examples/greeter/Dockerfile").exists()
