"""This repository's own pipeline: the tasks of cargo-stow, for the example crate, next to tasks of our own.

doit list
doit stow_build        # examples/greeter becomes an image
doit lint
"""

import os

os.environ.setdefault("CARGO_STOW_MANIFEST_PATH", "examples/greeter/Cargo.toml")

from cargo_stow.tasks import *  # the variable above says which crate they are about

DOIT_CONFIG = {"default_tasks": ["stow_build"]}


def task_lint() -> dict[str, object]:
    """Check style and types."""
    return {"actions": [["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"]], "verbosity": 2}
