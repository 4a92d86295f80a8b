"""Several cargo-stows at once: one build where one is enough, and a state that is whole."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from integration.driver.marks import own_engine_only

if TYPE_CHECKING:
    from collections.abc import Callable

    from integration.driver.stow import Stow


def record(stow: Stow) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = json.loads((stow.root / "target/stow/record.json").read_text())["builds"]
    return found


def test_two_builds_of_one_crate_build_once(greeter: Stow) -> None:
    running = [greeter.start("build") for _ in range(3)]
    done = [greeter.finish(one) for one in running]
    assert len({one.reference for one in done}) == 1
    assert sum("--metadata-file" in call for call in greeter.calls()) == 1
    assert len(record(greeter)) == 1
    assert greeter("build").builds == 0


@own_engine_only
def test_two_members_built_at_once_are_both_remembered(workspace: Stow) -> None:
    running = [workspace.start("build", "--package", name) for name in ("api", "worker")]
    done = [workspace.finish(one) for one in running]
    assert len({one.reference for one in done}) == 2
    assert len(record(workspace)) == 2
    for name in ("api", "worker"):
        assert workspace("build", "-p", name).builds == 0


def test_a_run_does_not_take_the_image_of_another_run(copy: Callable[[str], Stow]) -> None:
    """The second run starts and ends between the moment the first has its image and that it has a container."""
    first, second = copy("greeter"), copy("greeter")
    first.edit("src/main.rs", "Hello, ", "First, ")
    inner = f'(cd "{second.root}" && PATH="{second.bin}:$PATH" cargo-stow run >"{first.scratch}/inner" 2>&1)'
    docker = first.bin / "docker"
    first.wrap_docker(docker.read_text().replace("exec ", f'[ "$1" != run ] || {inner}\nexec '))
    assert first("run").out == "First, world!\n"
    assert "Hello, world!" in (first.scratch / "inner").read_text()
