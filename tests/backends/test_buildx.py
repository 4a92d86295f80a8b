"""The command lines of a build, and which client gets which."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cargo_stow.backends import buildx, plugin
from cargo_stow.backends.client import DockerClient
from cargo_stow.backends.options import csv_field, variable
from cargo_stow.errors import BuildError, ToolMissingError
from cargo_stow.process import Result
from tests.canned_runner import Answer, CannedRunner, missing
from tests.single import build_file

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


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The plugin is where it mostly is."""
    monkeypatch.setattr(buildx, "is_installed", lambda _environment: True)


@pytest.fixture
def dockerfile(order: BuildOrder) -> Path:
    order.directory.mkdir()
    return order.directory / "greeter.hello.Dockerfile"


def metadata(**more: str) -> str:
    return json.dumps({"containerimage.digest": MANIFEST, "containerimage.config.digest": CONFIG, **more})


def test_with_buildx(order: BuildOrder, dockerfile: Path) -> None:
    runner = CannedRunner(on_start=writing(metadata()))
    assert build_file(order, dockerfile, runner, {"PATH": "/bin"}) == (MANIFEST, CONFIG)
    assert [one.how for one in runner.started] == ["show"]
    assert runner.started[-1].argv == (
        "docker", "buildx", "build", "--load", "--platform", "linux/arm64/v8", "--file", str(dockerfile),
        "--metadata-file", str(order.directory / "greeter.hello.built"), str(order.root),
    )  # fmt: skip
    assert runner.started[-1].env == {
        "PATH": "/bin",
        "DOCKER_BUILDKIT": "1",
        "BUILDX_NO_DEFAULT_ATTESTATIONS": "1",
        "BUILDX_METADATA_PROVENANCE": "disabled",
    }


def test_a_plugin_in_an_odd_place(order: BuildOrder, dockerfile: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buildx, "is_installed", lambda _environment: False)
    runner = CannedRunner(on_start=writing(metadata()))
    assert build_file(order, dockerfile, runner, {}) == (MANIFEST, CONFIG)
    assert [one.how for one in runner.started] == ["capture", "show"]


def test_a_client_without_plugin_does_not_complain_before_it_builds(
    order: BuildOrder, dockerfile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(buildx, "is_installed", lambda _environment: False)
    answers: dict[str, Answer] = {"docker buildx": NO_BUILDX, "docker --version": OLD}
    runner = CannedRunner(answers=answers, on_start=writing(CONFIG))
    assert build_file(order, dockerfile, runner, {}) == (CONFIG,)
    assert [one.argv[:2] for one in runner.started if one.how == "show"] == [("docker", "build")]


def test_where_the_plugin_mostly_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugin, "_PLACES", (tmp_path / "lib",))
    for place in ("lib", "config/cli-plugins", "home/.docker/cli-plugins"):
        environment = {"HOME": str(tmp_path / "home")}
        if place.startswith("config"):
            environment["DOCKER_CONFIG"] = str(tmp_path / "config")
        file = tmp_path / place / "docker-buildx"
        assert not plugin.is_installed(environment)
        file.parent.mkdir(parents=True)
        file.touch(0o644)
        assert not plugin.is_installed(environment)
        file.chmod(0o755)
        assert plugin.is_installed(environment)
        file.unlink()


def test_the_client_of_docker_20_10(order: BuildOrder, dockerfile: Path) -> None:
    runner = CannedRunner(
        answers={"docker buildx": NO_BUILDX, "docker --version": OLD}, on_start=writing(f"{CONFIG}\n")
    )
    assert build_file(order, dockerfile, runner, {}) == (CONFIG,)
    assert runner.started[-1].argv == (
        "docker", "build", "--platform", "linux/arm64/v8", "--file", str(dockerfile),
        "--iidfile", str(order.directory / "greeter.hello.built"), str(order.root),
    )  # fmt: skip
    assert runner.started[-1].env["DOCKER_BUILDKIT"] == "1"


@pytest.mark.parametrize(
    "version", [NEW, Result(code=0, stdout="Docker version 23.0.0"), Result(code=0, stdout="podman 4"), Result(code=1)]
)
def test_neither(order: BuildOrder, dockerfile: Path, version: Answer) -> None:
    runner = CannedRunner(answers={"docker buildx": NO_BUILDX, "docker --version": version})
    with pytest.raises(ToolMissingError, match="no buildx plugin") as caught:
        build_file(order, dockerfile, DockerClient(runner), {})
    assert "apt-get install docker-buildx`" in caught.value.hint
    assert not [line for line in runner.lines if line.startswith("docker build ")]


@pytest.mark.parametrize("answers", [{}, {"docker buildx": NO_BUILDX, "docker --version": OLD}])
def test_no_build_that_failed_is_started_again(order: BuildOrder, dockerfile: Path, answers: dict[str, Answer]) -> None:
    """Whatever the words it failed with: only a client that has no plugin has not built at all."""
    failed = {"docker buildx build": NO_BUILDX, "docker build ": Result(code=1)}
    runner = CannedRunner(answers={**failed, **answers})
    with pytest.raises(BuildError):
        build_file(order, dockerfile, runner, {})
    builds = [line.partition(" --")[0] for line in runner.lines if "build --" in line]
    assert builds == ["docker buildx build", *(["docker build"] if answers else [])]


@pytest.mark.parametrize("how", ["capture", "show", "attach"])
def test_no_docker_at_all(how: str) -> None:
    with pytest.raises(ToolMissingError, match="`docker` is not installed") as caught:
        getattr(DockerClient(CannedRunner(answers={"docker": missing("docker")})), how)(["docker", "version"])
    assert "apt-get install docker.io docker-buildx" in caught.value.hint
    assert "docker-ce" in caught.value.hint


@pytest.mark.parametrize("names", [("a-b", "a_b", "a.b", "a-ub", "a_ub", "a--b", "a-.b", "a_-b")])
def test_no_two_secrets_have_the_same_variable(names: tuple[str, ...]) -> None:
    assert len({variable(name) for name in names}) == len(names)
    assert all(re.fullmatch("[A-Za-z_]+", variable(name)) for name in names)


def test_secrets_go_by_path_and_in_order(order: BuildOrder, dockerfile: Path) -> None:
    secrets = {"b": Path("/run/b.pem"), "a": Path('/run/with, comma and ".pem')}
    runner = CannedRunner(on_start=writing(metadata()))
    build_file(dataclasses.replace(order, secrets=secrets), dockerfile, runner, {})
    argv = runner.started[-1].argv
    given = [argv[index + 1] for index, word in enumerate(argv) if word == "--secret"]
    # Docker reads each as a line of CSV (moby/buildkit, client/build, and buildx's util/buildflags).
    assert given == ['id=a,"src=/run/with, comma and "".pem"', "id=b,src=/run/b.pem"]


@pytest.mark.parametrize("quiet", [True, False])
def test_quiet_shows_the_steps_of_a_failure_only(order: BuildOrder, dockerfile: Path, quiet: bool) -> None:
    failed = Result(code=1, stderr="#9 error: could not compile" if quiet else "")
    runner = CannedRunner(answers={"docker buildx build": failed})
    with pytest.raises(BuildError, match="building `hello` of package `greeter` failed") as caught:
        build_file(dataclasses.replace(order, quiet=quiet), dockerfile, runner, {})
    assert runner.started[0].how == ("capture" if quiet else "show")
    assert ("--progress plain" in runner.lines[0]) == quiet
    assert caught.value.detail == failed.stderr
    assert "above" in caught.value.hint


def test_the_answer_of_an_earlier_build_is_not_taken_for_this_one(order: BuildOrder, dockerfile: Path) -> None:
    (order.directory / "greeter.hello.built").write_text(metadata())
    assert build_file(order, dockerfile, CannedRunner(), {}) == ()


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


@pytest.mark.parametrize("text", ["src=/a", "src=/a,b", 'src=/a"b', 'src=/"a,b"', "src=/a\nb", "src=/a\nb,c", 'src="'])
def test_a_field_is_read_as_it_was(text: str) -> None:
    assert list(csv.reader(io.StringIO(f"id=x,{csv_field(text)}", newline=""), strict=True)) == [["id=x", text]]


def test_a_quote_alone_is_in_quotes_too() -> None:
    """Python's own reader would take it as it is, and Go's would not."""
    assert csv_field('src=/a"b') == '"src=/a""b"'


def test_a_proxy_is_passed_by_its_name(order: BuildOrder, dockerfile: Path) -> None:
    """Its value may have a password in it, and a command line is seen by all users of a machine."""
    runner = CannedRunner()
    build_file(
        dataclasses.replace(order, proxies=("HTTP_PROXY",)),
        dockerfile,
        runner,
        {"HTTP_PROXY": "http://user:secret@proxy"},
    )
    (started,) = [each for each in runner.started if "build" in each.argv]
    assert started.argv[started.argv.index("--build-arg") + 1] == "HTTP_PROXY"
    assert "secret" not in str(started.argv)
