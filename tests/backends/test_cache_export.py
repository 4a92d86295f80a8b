"""The command line of an export, and which builder is believed to be able to do it."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cargo_stow.backends.cache_export import check_export, export_cache
from cargo_stow.backends.plugin import build_environment
from cargo_stow.errors import BuildError, EngineError, StowError, ToolMissingError
from cargo_stow.process import Result
from tests.canned_runner import CannedRunner

if TYPE_CHECKING:
    from cargo_stow.backends.protocol import BuildOrder

TARGETS = ("type=local,dest=/c,mode=max", "user/app:cache")
FILE = Path("/x/greeter.Dockerfile")
INSPECTED = (
    "Name:          {name}\nDriver:        {driver}\nLast Activity: today\n\nNodes:\nName: n\nDriver Options: x\n"
)
NO_BUILDX = Result(code=1, stderr="docker: 'buildx' is not a docker command.")


def inspected(driver: str) -> Result:
    return Result(code=0, stdout=INSPECTED.format(name="default", driver=driver))


def test_an_export_stops_at_the_dependencies_and_makes_no_image(order: BuildOrder) -> None:
    runner = CannedRunner()
    export_cache(order, TARGETS, FILE, runner, {"PATH": "/bin"})
    (started,) = runner.started
    assert started.how == "show"
    assert started.argv == (
        "docker", "buildx", "build", "--target", "deps", "--output", "type=cacheonly", "--platform", "linux/arm64/v8",
        "--cache-to", TARGETS[0], "--cache-to", TARGETS[1], "--file", str(FILE), str(order.root),
    )  # fmt: skip
    assert started.env == build_environment({"PATH": "/bin"})


def test_it_is_ordered_as_the_build_was(order: BuildOrder) -> None:
    """Else the layer would be another one, and be compiled again."""
    order = dataclasses.replace(order, secrets={"cargo-stow-config": "text"}, ssh=True, cache_from=("a", "b"))
    runner = CannedRunner()
    export_cache(order, TARGETS, FILE, runner, {})
    line = runner.lines[0]
    assert "--secret id=cargo-stow-config,env=CARGO_STOW_SECRET_CARGO_STOW_CONFIG --ssh default" in line
    assert "--cache-from a --cache-from b --cache-to" in line
    assert runner.started[0].env == build_environment({"CARGO_STOW_SECRET_CARGO_STOW_CONFIG": "text"})


def test_an_export_that_fails(order: BuildOrder) -> None:
    runner = CannedRunner(answers={"docker": Result(code=1, stderr="denied")})
    with pytest.raises(BuildError, match="the dependencies of `greeter` could not be kept") as caught:
        export_cache(dataclasses.replace(order, quiet=True), TARGETS, FILE, runner, {})
    assert (runner.started[0].how, caught.value.detail) == ("capture", "denied")
    assert TARGETS[0] not in str(caught.value)


@pytest.mark.parametrize(
    ("driver", "containerd"), [("docker", True), ("docker-container", False), ("kubernetes", False), ("remote", False)]
)
def test_builders_that_can(driver: str, containerd: bool) -> None:
    runner = CannedRunner(answers={"docker buildx inspect": inspected(driver)})
    asked: list[bool] = []

    def has_containerd_store() -> bool:
        asked.append(True)
        return containerd

    check_export(runner, {"DOCKER_HOST": "x"}, "here", has_containerd_store)
    assert bool(asked) == (driver == "docker")
    assert runner.lines == ["docker buildx inspect"]
    assert runner.started[0].env == {"DOCKER_HOST": "x"}


def refused(answers: dict[str, Result], *, containerd: bool) -> StowError:
    with pytest.raises(StowError) as caught:
        check_export(CannedRunner(answers=dict(answers)), {}, "unix:///d.sock", lambda: containerd)
    return caught.value


def test_an_engine_that_cannot() -> None:
    error = refused({"docker buildx inspect": inspected("docker")}, containerd=False)
    assert isinstance(error, EngineError)
    assert "the engine at unix:///d.sock cannot export caches" in error.message
    assert "--driver docker-container" in error.hint
    assert "containerd-snapshotter" in error.hint


@pytest.mark.parametrize("containerd", [True, False])
def test_a_client_without_buildx(containerd: bool) -> None:
    error = refused({"docker buildx": NO_BUILDX}, containerd=containerd)
    assert isinstance(error, ToolMissingError)
    assert "has no buildx plugin, which exports caches" in error.message
    assert "apt-get install docker-buildx`" in error.hint


def test_a_builder_there_is_not() -> None:
    answers = {"docker buildx inspect": Result(code=1, stderr='ERROR: no builder "x" found'), "docker": Result(code=0)}
    error = refused(answers, containerd=True)
    assert isinstance(error, EngineError)
    assert (error.detail, "docker buildx ls" in error.hint) == ('ERROR: no builder "x" found', True)
