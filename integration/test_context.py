"""What `.dockerignore` sends is what `list_files` lists, on a tree that was made to come between the two.

The one file of the suite that asks cargo_stow itself: nothing outside shows what it counts as an input.
"""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from cargo_stow.context import list_files
from cargo_stow.lock import load_lock
from cargo_stow.planning import plan_of
from cargo_stow.process import SystemRunner
from cargo_stow.project import Request
from tests.single import load_project

if TYPE_CHECKING:
    from pathlib import Path

    from integration.driver.stow import Stow

TREE = [
    # admitted, as far as they lie in the closure
    "api/a file with spaces.txt", "api/#hash", "api/!bang", "api/star*", "api/[set]", "api/back\\slash", "api/what?",
    "api/plus+", "api/(round)", "api/{curly}", "api/pipe|", "api/^caret", "api/$dollar", "api/ümläut", "api/tab\tin",
    "api/.hidden", "api/src/target", "api/src/target.rs", "api/assets/target/kept", "api/deep/er/and/deeper/file",
    "api/[dir]/file", "api/!dir/file", "api/#dir/file", "api/back\\dir/file", "api/ blank", "api/targets/file",
    "shared/data/text", "shared/.dockerignore.txt", ".cargo/config.toml",
    # not admitted
    "api/target/debug/api", "target/x", "shared/target/y", "api/.git/config", "api/src/.git/HEAD", ".git/config",
    "api/vendored/.svn/entries", "worker/data", "README.txt", "rust-toolchain.toml", "api/Dockerfile", "api/Stow.lock",
    "other/member/file", "api/nested/data", "api/.dockerignore", "api/src/Dockerfile",
]  # fmt: skip
NESTED = '[package]\nname = "nested"\nversion = "0.1.0"\nedition = "2021"\n'
CONTENT = {
    ".cargo/config.toml": "[net]\nretry = 3\n",
    "rust-toolchain.toml": '[toolchain]\nchannel = "1.95"\n',
    "api/Stow.lock": "not the one that counts\n",
}


@pytest.fixture
def hostile(workspace: Stow) -> Stow:
    """The workspace, with everything in it that is hard to say in a `.dockerignore`."""
    (workspace.root / "api/nested/src").mkdir(parents=True)
    (workspace.root / "api/nested/src/lib.rs").write_text("")
    (workspace.root / "api/nested/Cargo.toml").write_text(NESTED)
    workspace.edit("Cargo.toml", '"api", ', '"api", "api/nested", ')
    for name, to in (("link", "src/main.rs"), ("dangling", "nowhere"), ("linked-dir", "src"), ("out", "/etc")):
        (workspace.root / "api" / name).symlink_to(to)
    (workspace.root / "api/empty").mkdir()
    workspace.run(["cargo", "generate-lockfile", "--offline"])
    for name in TREE:  # with a toolchain file among them, which names a toolchain that this machine may lack
        path = workspace.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(CONTENT.get(name, name))
    return workspace


def listed(stow: Stow) -> set[str]:
    project = load_project(Request(manifest_path=stow.root / "api/Cargo.toml"), stow.environ(), SystemRunner())
    plan = plan_of(project, load_lock(project.lock_file), alone=True)  # as the committed Dockerfile has it
    return {str(path.relative_to(stow.root)) for path in list_files(project.closure.root, plan.context)}


def sent(stow: Stow, dockerfile: Path) -> set[str]:
    """Build an image that is nothing but the context, and list what is in it."""
    dockerfile.write_text("FROM debian:bookworm-slim\nCOPY . /ctx\n")
    name = stow.image("context")
    stow.run(["docker", "build", "--file", str(dockerfile), "--tag", name, "."], env={"DOCKER_BUILDKIT": "1"})
    script = "cd /ctx && find . -mindepth 1 \\( ! -type d -o -empty \\) -print0"
    docker = ["docker", "run", "--rm", "--entrypoint", "sh", name, "-c", script]
    found = subprocess.run(docker, env=stow.environ(), capture_output=True, check=True).stdout
    return {path.removeprefix("./") for path in found.decode().split("\0") if path}


@pytest.mark.parametrize("client", ["newest", "old"])
def test_what_is_sent_is_what_is_listed(hostile: Stow, client: str) -> None:
    if client == "old":
        hostile.use_old_client()
    hostile("dockerfile", "-p", "api")
    expected = listed(hostile)
    assert {"api/src/main.rs", "shared/src/lib.rs", "api/!dir/file", "api/link", "Cargo.lock"} <= expected
    assert not {"worker/data", "api/target/debug/api", "api/nested/data", ".git/config"} & expected
    assert sent(hostile, hostile.root / "api/Dockerfile") == expected


def test_the_hostile_tree_builds(hostile: Stow) -> None:
    reference = hostile("build", "-p", "api").reference
    assert hostile.engine.docker("run", "--rm", reference).startswith("api 0.1.0")
    (hostile.root / "api/[dir]/file").write_text("changed")
    assert hostile("build", "-p", "api").builds == 1
    (hostile.root / "worker/data").write_text("changed")
    assert hostile("build", "-p", "api").builds == 0
