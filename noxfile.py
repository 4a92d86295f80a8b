"""The checks and demonstrations of this repository; `./dev` sets the machine up for them.

lint types tests minimums    need neither network (but for the packages) nor engine
bed                          what needs an engine calls this first: engine, buildx, base images, registry
injection                    hostile text in every key, flag, variable and name: more examples than `tests` has
integration demo             the real thing
published                    crates of crates.io become images with what `init` proposes; half an hour
benchmarks                   how long it takes, and how long others take
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import nox

nox.needs_version = ">=2024.10.9"
nox.options.sessions = ["lint", "types", "tests"]
nox.options.reuse_existing_virtualenvs = True

VERSIONS = ["3.10", "3.11", "3.12", "3.13"]
# The versions this machine has; a new machine with one of them still runs everything.
PYTHONS = [version for version in VERSIONS if shutil.which(f"python{version}")] or None
ROOT = Path(__file__).parent
# Programs in Rust, what cargo makes of plans, and readers of one schema: the same on each Python, so once is enough.
ONCE = ("tests/skeleton", "tests/settings/test_schema.py")
# Thousands of examples of texts and archives, and doit as a process: on the oldest and the newest Python.
TWICE = ("tests/injection", "tests/oci/test_hostile.py", "tests/test_doit.py")


def _groups(*names: str) -> list[str]:
    """The requirements of dependency groups (PEP 735), which pip can read only from version 25.1 on."""
    project = nox.project.load_toml(ROOT / "pyproject.toml")
    return list(nox.project.dependency_groups(project, *names))


def _ignoring(paths: tuple[str, ...]) -> list[str]:
    return [f"--ignore={path}" for path in paths]


@nox.session
def lint(session: nox.Session) -> None:
    session.install(*_groups("lint"))
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    session.install("-e", ".", *_groups("types"))
    session.run("mypy")


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    session.install("-e", ".", *_groups("test"))
    newest, oldest = (not PYTHONS or session.python == PYTHONS[at] for at in (-1, 0))
    left_out = () if newest else ONCE if oldest else (*ONCE, *TWICE)
    session.run("python", "-m", "pytest", "-n", "auto", *_ignoring(left_out), *session.posargs)


@nox.session
def minimums(session: nox.Session) -> None:
    """The tests with the oldest versions of our dependencies that pyproject.toml allows."""
    session.install("uv")
    session.run(
        "uv", "pip", "install", "--quiet", "--python", session.virtualenv.bin + "/python",
        "--resolution", "lowest-direct", "-e", ".", *_groups("test"),
    )  # fmt: skip
    session.run("python", "-m", "pytest", "-n", "auto", *_ignoring((*ONCE, "tests/injection")), *session.posargs)


@nox.session
def injection(session: nox.Session) -> None:
    """Whatever is written into a manifest, typed, or read of git: more than 20,000 examples, some minutes."""
    session.install("-e", ".", *_groups("test"))
    session.run(
        "python", "-m", "pytest", "-n", "auto", "tests/injection", "tests/manifest/test_fuzz.py",
        "tests/test_reference.py",
        *session.posargs, env={"STOW_EXAMPLES": "200"},
    )  # fmt: skip


@nox.session
def bed(session: nox.Session) -> None:
    """Engine, buildx, base images and registry: made where they are missing."""
    session.run("python", "-m", "integration.bed", *session.posargs)


@nox.session
def integration(session: nox.Session) -> None:
    session.install("-e", ".", *_groups("integration"))
    steps = ("engine", "buildx", "images", "registry", "newer-engine", "youki", "ordinary")
    session.run("python", "-m", "integration.bed", *steps)
    # A worker an engine, and one without: see integration/conftest.py.
    session.run("python", "-m", "pytest", "-n", "3", "integration", *session.posargs)


@nox.session
def published(session: nox.Session) -> None:
    """All of the published crates; `integration` takes a few of them."""
    session.install("-e", ".", *_groups("integration"))
    session.run("python", "-m", "integration.bed", "engine", "buildx", "images", "registry", "newer-engine", "youki")
    session.run("python", "-m", "pytest", "--published", "integration/test_published.py", *session.posargs)


@nox.session
def benchmarks(session: nox.Session) -> None:
    """cargo-stow against other ways to build an image; takes an hour, `-- --help` says how to take less."""
    session.install("-e", ".")
    session.run("python", "-m", "integration.bed")
    session.run("python", "-m", "benchmarks", *session.posargs)


@nox.session
def demo(session: nox.Session) -> None:
    """The main job: examples/greeter becomes an image, and runs."""
    session.install("-e", ".")
    session.run("python", "-m", "integration.bed")
    os.chdir("examples/greeter")
    session.run("cargo-stow", "build")
    reference = session.run("cargo-stow", "build", "--quiet", silent=True)
    session.run("docker", "run", "--rm", str(reference).strip(), "container", external=True)
