"""What the docker backend does for platforms: names in a bake file, an index, a builder that cannot run a program."""

from __future__ import annotations

import platform
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cargo_stow.backends import buildx, emulation
from cargo_stow.backends.bake import target_names
from cargo_stow.backends.index import push_index
from cargo_stow.errors import BuildError, NoCredentialsError, RegistryError, ToolMissingError
from cargo_stow.platforms import Platform, parse_platform
from cargo_stow.process import Result
from cargo_stow.reference import parse_reference
from tests.canned_runner import CannedRunner

if TYPE_CHECKING:
    from pathlib import Path

    from cargo_stow.backends.protocol import BuildOrder

DIGESTS = ["sha256:" + digit * 64 for digit in "12"]
NAMES = [parse_reference("registry.example.org/team/web:1"), parse_reference("registry.example.org/team/web:2")]
INSPECTED = "Name: default\nDriver: docker\n\nNodes:\nPlatforms: linux/amd64*, linux/386\n"
FAILED = Result(code=1, stderr="exec /bin/sh: exec format error\n")


def for_platform(order: BuildOrder, text: str) -> BuildOrder:
    return replace(order, plan=replace(order.plan, platform=parse_platform(text)))


def test_the_names_of_targets_tell_platforms_apart(order: BuildOrder) -> None:
    orders = [for_platform(order, "linux/amd64"), for_platform(order, "linux/arm/v7")]
    assert target_names(orders) == ["greeter-amd64", "greeter-arm-v7"]
    assert target_names(orders[:1]) == ["greeter"]


class TestIndex:
    def test_the_command(self, home: Path) -> None:
        runner = CannedRunner()
        push_index(NAMES, DIGESTS, runner, {"HOME": str(home)})
        assert [list(each.argv) for each in runner.started] == [
            [
                *("docker", "buildx", "imagetools", "create", "--tag", str(NAMES[0]), "--tag", str(NAMES[1])),
                *(f"registry.example.org/team/web@{digest}" for digest in DIGESTS),
            ]
        ]
        assert runner.started[0].env["HOME"] == str(home)

    @pytest.mark.parametrize(
        ("said", "error"),
        [
            ("ERROR: failed to push: unauthorized: authentication required", NoCredentialsError),
            ("ERROR: dial tcp 192.0.2.1:443: connect: connection refused", RegistryError),
        ],
    )
    def test_a_registry_that_refuses(self, home: Path, said: str, error: type[Exception]) -> None:
        runner = CannedRunner(answers={"docker buildx imagetools": Result(code=1, stderr=said)})
        with pytest.raises(error, match=r"registry\.example\.org"):
            push_index(NAMES, DIGESTS, runner, {"HOME": str(home)})

    def test_without_buildx(self, home: Path) -> None:
        runner = CannedRunner(answers={"docker buildx": Result(code=1)})
        with pytest.raises(ToolMissingError, match="joins images of several platforms"):
            push_index(NAMES, DIGESTS, runner, {"HOME": str(home)})


class TestForeign:
    @pytest.fixture(autouse=True)
    def _machine(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(platform, "machine", lambda: "x86_64")

    @pytest.mark.parametrize(
        ("platforms", "foreign"),
        [
            (["linux/amd64", "linux/arm64"], "linux/arm64"),
            (["linux/386"], None),
            (["linux/riscv64", "linux/arm64"], "linux/riscv64"),
        ],
    )
    def test_the_builder_is_asked(self, platforms: list[str], foreign: str | None) -> None:
        runner = CannedRunner(answers={"docker buildx inspect": Result(code=0, stdout=INSPECTED)})
        found = emulation.find_foreign(map(parse_platform, platforms), runner, {})
        assert found == (parse_platform(foreign) if foreign else None)

    def test_of_what_the_machine_is_it_is_not_asked(self) -> None:
        runner = CannedRunner()
        assert emulation.find_foreign([Platform(os="linux", architecture="amd64")] * 2, runner, {}) is None
        assert not runner.started

    def test_a_builder_that_says_nothing_is_not_blamed(self) -> None:
        runner = CannedRunner(answers={"docker buildx inspect": Result(code=1)})
        assert emulation.find_foreign([parse_platform("linux/arm64")], runner, {}) is None

    def test_a_build_that_failed_says_what_to_install(self, order: BuildOrder, tmp_path: Path) -> None:
        runner = CannedRunner(
            answers={"docker buildx inspect": Result(code=0, stdout=INSPECTED), "docker buildx build": FAILED}
        )
        (tmp_path / "stow").mkdir()
        foreign = for_platform(order, "linux/arm64")
        with pytest.raises(BuildError) as caught:
            buildx.build([foreign], [tmp_path / "stow/a.Dockerfile"], runner, {})
        assert "no programs of linux/arm64" in caught.value.hint
        assert "tonistiigi/binfmt --install arm64" in caught.value.hint
