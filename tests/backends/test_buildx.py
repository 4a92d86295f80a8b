"""The command lines of a build, and which client gets which."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cargo_stow.backends import buildx
from cargo_stow.backends.client import DockerClient
from cargo_stow.errors import BuildError, ToolMissingError
from cargo_stow.process import Result
from tests.canned_runner import Answer, CannedRunner, missing

if TYPE_CHECKING:
    from collections.abc import Callable

    from cargo_stow.backends.protocol import BuildOrder

NO_BUILDX = Result(code=1, stderr="docker: 'buildx' is not a docker command.")
OLD = Result(code=0, stdout="Docker version 20.10.24+dfsg1, build 297e128\n")
NEW = Result(code=0, stdout="Docker version 28.2.2, build e6534b4\n")
MANIFEST, CONFIG = f"sha256:{'a' * 64}", f"sha256:{'c' * 64}"


def writing(text: str) -> Callable[[tuple[str, ...]], None]:
    """Do what a build does with the file in which the image's digests are asked for."""

    def write(argv: tuple[str, ...]) -> None:
        for option in ("--iidfile", "--metadata-file"):
            if option in argv:
                Path(argv[argv.index(option) + 1]).write_text(text)

    return write


@pytest.fixture
def dockerfile(order: BuildOrder) -> Path:
    order.directory.mkdir()
    return order.directory / "greeter.hello.Dockerfile"


def metadata(**more: str) -> str:
    return json.dumps({"containerimage.digest": MANIFEST, "containerimage.config.digest": CONFIG, **more})


def test_with_buildx(order: BuildOrder, dockerfile: Path) -> None:
    runner = CannedRunner(on_start=writing(metadata()))
    assert buildx.build(order, dockerfile, runner, {"PATH": "/bin"}) == (MANIFEST, CONFIG)
    assert [one.how for one in runner.started] == ["capture", "show"]
    assert runner.started[-1].argv == (
        "docker", "buildx", "build", "--load", "--platform", "linux/arm64/v8", "--file", str(dockerfile),
        "--metadata-file", str(order.directory / "greeter.hello.built"), str(order.root),
    )  # fmt: skip
    assert runner.started[-1].env == {"PATH": "/bin", "DOCKER_BUILDKIT": "1", "BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}


def test_the_client_of_docker_20_10(order: BuildOrder, dockerfile: Path) -> None:
    runner = CannedRunner(
        answers={"docker buildx version": NO_BUILDX, "docker --version": OLD}, on_start=writing(f"{CONFIG}\n")
    )
    assert buildx.build(order, dockerfile, runner, {}) == (CONFIG,)
    assert runner.started[-1].argv == (
        "docker", "build", "--platform", "linux/arm64/v8", "--file", str(dockerfile),
        "--iidfile", str(order.directory / "greeter.hello.built"), str(order.root),
    )  # fmt: skip
    assert runner.started[-1].env["DOCKER_BUILDKIT"] == "1"


@pytest.mark.parametrize(
    "version", [NEW, Result(code=0, stdout="Docker version 23.0.0"), Result(code=0, stdout="podman 4"), Result(code=1)]
)
def test_neither(version: Answer) -> None:
    runner = CannedRunner(answers={"docker buildx version": NO_BUILDX, "docker --version": version})
    with pytest.raises(ToolMissingError, match="no buildx plugin") as caught:
        buildx.client(DockerClient(runner), {})
    assert "apt-get install docker-buildx`" in caught.value.hint


@pytest.mark.parametrize("how", ["capture", "show", "attach"])
def test_no_docker_at_all(how: str) -> None:
    with pytest.raises(ToolMissingError, match="`docker` is not installed") as caught:
        getattr(DockerClient(CannedRunner(answers={"docker": missing("docker")})), how)(["docker", "version"])
    assert "apt-get install docker.io docker-buildx" in caught.value.hint
    assert "docker-ce" in caught.value.hint


def test_secrets_go_by_path_and_in_order(order: BuildOrder, dockerfile: Path) -> None:
    secrets = {"b": Path("/run/b.pem"), "a": Path('/run/with, comma and ".pem')}
    runner = CannedRunner(on_start=writing(metadata()))
    buildx.build(dataclasses.replace(order, secrets=secrets), dockerfile, runner, {})
    argv = runner.started[-1].argv
    given = [argv[index + 1] for index, word in enumerate(argv) if word == "--secret"]
    # Docker reads each as a line of CSV (moby/buildkit, client/build, and buildx's util/buildflags).
    assert given == ['id=a,"src=/run/with, comma and "".pem"', "id=b,src=/run/b.pem"]


@pytest.mark.parametrize("quiet", [True, False])
def test_quiet_shows_the_steps_of_a_failure_only(order: BuildOrder, dockerfile: Path, quiet: bool) -> None:
    failed = Result(code=1, stderr="#9 error: could not compile" if quiet else "")
    runner = CannedRunner(answers={"docker buildx build": failed})
    with pytest.raises(BuildError, match="building `hello` of package `greeter` failed") as caught:
        buildx.build(dataclasses.replace(order, quiet=quiet), dockerfile, runner, {})
    assert runner.started[-1].how == ("capture" if quiet else "show")
    assert ("--progress plain" in runner.lines[-1]) == quiet
    assert caught.value.detail == failed.stderr
    assert "above" in caught.value.hint


def test_the_answer_of_an_earlier_build_is_not_taken_for_this_one(order: BuildOrder, dockerfile: Path) -> None:
    (order.directory / "greeter.hello.built").write_text(metadata())
    assert buildx.build(order, dockerfile, CannedRunner(), {}) == ()


@pytest.mark.parametrize(
    ("text", "digests"),
    [
        ("", ()),
        (f"{CONFIG}\n", (CONFIG,)),
        ("{}", ()),
        (json.dumps({"containerimage.digest": MANIFEST, "buildx.build.ref": "x"}), (MANIFEST,)),
        (json.dumps({"containerimage.config.digest": CONFIG}), (CONFIG,)),
    ],
)
def test_what_a_build_says_of_its_image(text: str, digests: tuple[str, ...]) -> None:
    assert buildx._digests(text) == digests
