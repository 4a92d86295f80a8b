"""What the docker backend does for platforms: names in a bake file, a builder that cannot run a program."""

from __future__ import annotations

import platform
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cargo_stow.backends import buildx, emulation
from cargo_stow.backends.bake import target_names
from cargo_stow.errors import BuildError
from cargo_stow.platforms import Platform, parse_platform
from cargo_stow.process import Result
from tests.canned_runner import CannedRunner

if TYPE_CHECKING:
    from pathlib import Path

    from cargo_stow.backends.protocol import BuildOrder

INSPECTED = "Name: default\nDriver: docker\n\nNodes:\nPlatforms: linux/amd64*, linux/386\n"
FAILED = Result(code=1, stderr="exec /bin/sh: exec format error\n")


def for_platform(order: BuildOrder, text: str) -> BuildOrder:
    return replace(order, plan=replace(order.plan, platform=parse_platform(text)))


def test_the_names_of_targets_tell_platforms_apart(order: BuildOrder) -> None:
    orders = [for_platform(order, "linux/amd64"), for_platform(order, "linux/arm/v7")]
    assert target_names(orders) == ["greeter-amd64", "greeter-arm-v7"]
    assert target_names(orders[:1]) == ["greeter"]


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
