"""Several images at once, several executables in one, and the names that images have."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from integration.driver.stow import TOKEN
from tests.repositories import commit

if TYPE_CHECKING:
    from collections.abc import Callable

    from integration.driver.done import Done
    from integration.driver.registry import Registry
    from integration.driver.stow import Stow

SAID = [
    'api 0.1.0: accepted job 1 ("one crate, one image")',
    'worker 0.1.0: finished job 1 ("one crate, one image"): 4 words',
]
DODO = "from cargo_stow.tasks import *\n"


def says(stow: Stow, done: Done) -> list[str]:
    references = [line for line in done.out.splitlines() if "sha256:" in line]  # doit has lines of its own
    return [stow.engine.docker("run", "--rm", reference) for reference in references]


@pytest.fixture
def unseen(workspace: Stow) -> Stow:
    """The workspace with a layer of dependencies that no engine has in its cache."""
    workspace.edit("api/Cargo.toml", "[dependencies]", f"[features]\nf{TOKEN} = []\n\n[dependencies]")
    return workspace


def test_a_virtual_workspace_is_built_at_once(unseen: Stow) -> None:
    workspace = unseen
    done = workspace("build")
    builds = [call for call in done.docker if "--metadata-file" in call]
    assert [call.split()[:2] for call in builds] == [["buildx", "bake"]]
    assert says(workspace, done) == SAID
    # The layer of dependencies is made once, for both: there, and only there, packages have no version.
    assert len(re.findall(r"Compiling api v0\.0\.0", done.err)) == 1
    assert len(re.findall(r"Compiling shared v0\.0\.0", done.err)) == 1
    again = workspace("build")
    assert (again.builds, again.out) == (0, done.out)

    workspace.edit("api/src/main.rs", "accepted", "took")
    edited = workspace("build")
    assert edited.builds == 1
    assert edited.out.split()[1] == done.out.split()[1]
    assert "Compiling worker" not in edited.err
    assert not re.search(r"Compiling \S+ v0\.0\.0", edited.err)
    assert says(workspace, edited) == [SAID[0].replace("accepted", "took"), SAID[1]]
    assert workspace("build", "--workspace", "--exclude", "worker").out == edited.out.splitlines(keepends=True)[0]


def test_one_that_does_not_compile_leaves_all_as_they_were(workspace: Stow) -> None:
    workspace("build")
    before = [workspace.state(name) for name in ("api", "worker")]
    workspace.edit("api/src/main.rs", "accepted", "took")
    workspace.edit("worker/src/main.rs", "fn main()", "fn main(")
    failed = workspace("build", code=5)
    assert "building `api` of package `api`, `worker` of package `worker` failed" in failed.err
    assert [state.image for state in before] == [workspace.state(name).image for name in ("api", "worker")]
    workspace.edit("worker/src/main.rs", "fn main(", "fn main()")
    assert says(workspace, workspace("build")) == [SAID[0].replace("accepted", "took"), SAID[1]]


def test_doit_has_a_sub_task_for_each(unseen: Stow) -> None:
    workspace = unseen
    (workspace.root / "dodo.py").write_text(DODO)
    listed = workspace.doit("list", "--all").out
    assert {"stow_build", "stow_build:api", "stow_build:worker"} <= set(re.findall(r"^\S+", listed, re.MULTILINE))
    one = workspace.doit("stow_build:worker")
    assert one.builds == 1
    assert says(workspace, one) == [SAID[1]]
    assert not workspace.engine.image_id(workspace.image("api"))
    both = workspace.doit("stow_build")
    assert both.builds == 1  # of api, with the dependencies that were compiled for worker
    assert not re.search(r"Compiling shared v0\.0\.0", both.err)
    assert workspace.doit("stow_build").builds == 0


BINS = """\
[package]
name = "tools"
version = "1.2.3"
edition = "2021"
default-run = "two"

[package.metadata.container]
target_image = "{target}"
base_image = "debian:bookworm-slim"
bins = true
"""


@pytest.fixture
def tools(copy: Callable[[str], Stow]) -> Stow:
    """A package with two executables that say which they are."""
    stow = copy("greeter")
    (stow.root / "src/main.rs").unlink()
    for name in ("one", "two"):
        path = stow.root / f"src/bin/{name}.rs"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f'fn main() {{ println!("{name}") }}\n')
    (stow.root / "Cargo.lock").unlink()
    return stow


def test_two_executables_in_one_image(tools: Stow) -> None:
    (tools.root / "Cargo.toml").write_text(BINS.format(target=f"{tools.prefix}/tools"))
    done = tools("build")
    assert tools.engine.docker("run", "--rm", done.reference) == "two"
    assert tools.engine.docker("run", "--rm", "--entrypoint", "/usr/bin/one", done.reference) == "one"


def test_an_image_for_each_executable(tools: Stow) -> None:
    (tools.root / "Cargo.toml").write_text(BINS.format(target=f"{tools.prefix}/{{bin}}:{{version}}"))
    done = tools("build")
    assert says(tools, done) == ["two", "one"]
    assert sorted(tools.tags()) == [tools.image("one", "1.2.3"), tools.image("two", "1.2.3")]
    assert tools.engine.try_docker("run", "--rm", "--entrypoint", "/usr/bin/one", done.out.split()[0]).returncode
    assert tools("run", "--bin", "one").out == "one\n"
    refused = tools("run", code=2)
    assert "several were asked for: tools.two, tools.one" in refused.err


def test_tags_and_what_git_says(greeter: Stow, registry: Registry) -> None:
    sha = commit(greeter.root, tag="v1")
    greeter.prefix = f"{registry.host}/{greeter.prefix.replace('.', '-')}"
    target = f"{greeter.prefix}/greeter"
    words = ["--target-image", target, "--tag", "{version}", "--tag", "{git.sha}", "--tag", "{git.tag}", "--tag", "a"]
    pushed = greeter("push", *words)
    digest = pushed.reference.rpartition("@")[2]
    for tag in ("0.1.0", sha, "v1", "a"):
        greeter.engine.docker("rmi", "--force", f"{target}:{tag}")
        assert f"Digest: {digest}" in greeter.engine.docker("pull", f"{target}:{tag}")
    config = json.loads(greeter.engine.docker("inspect", "--format", "{{json .Config.Labels}}", f"{target}:a"))
    assert config["org.opencontainers.image.revision"] == sha
    greeter.edit("src/main.rs", "Hello", "Good day")
    dirty = greeter("build", *words)
    config = json.loads(greeter.engine.docker("inspect", "--format", "{{json .Config.Labels}}", dirty.image))
    assert config["org.opencontainers.image.revision"] == f"{sha}-dirty"
