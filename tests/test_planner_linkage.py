"""What a plan does so that the image can load its executables."""

from __future__ import annotations

import pytest

from cargo_stow.dockerfile import render_dockerfile
from cargo_stow.plan import Copy, Run, Stage, StageMount
from cargo_stow.settings import KEYS
from tests.crates import make_package, make_workspace, plan_of, settings_of

BASE = {"base_image": "debian:bookworm-slim"}


def stages(runtime_deps: object, **container: object) -> dict[str, Stage]:
    package = make_package(container={**BASE, "runtime_deps": runtime_deps, **container})
    return {stage.name: stage for stage in plan_of(make_workspace(package)).stages}


def compiling(found: dict[str, Stage]) -> Run:
    (step,) = found["build"].steps
    assert isinstance(step, Run)
    return step


@pytest.mark.parametrize(
    ("value", "packages", "infers"),
    [
        ("auto", (), True),
        (["auto"], (), True),
        (["libssl3", "auto", "tzdata"], ("libssl3", "tzdata"), True),
        (["libssl3"], ("libssl3",), False),
        ([], (), False),
    ],
)
def test_packages_and_auto(value: object, packages: tuple[str, ...], infers: bool) -> None:
    found = settings_of({**BASE, "runtime_deps": value})
    assert (found.named_runtime_deps, found.infers_runtime_deps) == (packages, infers)


def test_auto_as_text() -> None:
    kind = KEYS["runtime_deps"].kind
    assert kind.parse(kind.from_text("auto")) == ("auto",)
    assert kind.parse(kind.from_text("auto, tzdata")) == ("auto", "tzdata")


@pytest.mark.parametrize("value", ["libssl3", "Auto", "auto ", True, {"auto": True}, ["auto", "-y"]])
def test_what_is_neither(value: object) -> None:
    with pytest.raises(ValueError, match=r"expected|string"):
        KEYS["runtime_deps"].kind.parse(value)


@pytest.mark.parametrize(("value", "parent"), [([], "base"), ("auto", "base"), (["tzdata"], "packages")])
def test_the_loader_of_what_the_image_begins_with_is_asked(value: object, parent: str) -> None:
    found = stages(value)
    assert found["runtime"].parent == parent
    assert StageMount(stage=parent, source="/", target="/image", scratch=True) in compiling(found).mounts
    assert ("packages" in found) == (parent == "packages")


def test_every_executable_is_looked_at() -> None:
    package = make_package(bins=("one", "two"), container={**BASE, "bins": True})
    found = {stage.name: stage for stage in plan_of(make_workspace(package)).stages}
    assert compiling(found).commands[-1] == ("/stow/stow", "link", "/image", "/out/one", "/out/two")


def test_auto_installs_what_is_listed_and_nothing_else_depends_on_the_executable() -> None:
    found = stages(["auto", "tzdata"])
    installing, copy = found["runtime"].steps
    assert isinstance(installing, Run)
    assert isinstance(copy, Copy)
    assert StageMount(stage="build", source="/linkage", target="/dev/stow") in installing.mounts
    assert {mount.stage for mount in installing.mounts if isinstance(mount, StageMount)} == {"build"}
    *listed, last = installing.commands
    assert {command[:3] for command in listed} == {("/dev/stow/stow", "with", "/dev/stow/packages")}
    assert [command[-2:] for command in listed if "@" in command] == [("--", "@")]
    assert last == ("/dev/stow/stow", "present", "/dev/stow/libraries")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("/opt/lib", ("--search", "/opt/lib")),
        ("/opt/a b:$LD_LIBRARY_PATH", ("--search", "/opt/a b")),
        ("$LD_LIBRARY_PATH", ()),
    ],
)
def test_where_the_image_looks_for_libraries(value: str, words: tuple[str, ...]) -> None:
    found = stages([], env={"LD_LIBRARY_PATH": value})
    assert compiling(found).commands[-1] == ("/stow/stow", "link", "/image", *words, "/out/greeter")


@pytest.mark.parametrize(
    ("asset", "is_looked_at"),
    [
        ("libfoo.so.1:/usr/lib/", True),
        ("native/*.so:/opt/", True),
        ("native:/opt/app/lib/", True),
        ("static:/srv/www", False),
        ("lib.md:/srv/", False),
    ],
)
def test_assets_that_may_be_libraries_are_where_the_loader_looks(asset: str, is_looked_at: bool) -> None:
    found = stages("auto", assets=[asset])
    lent = [mount for mount in compiling(found).mounts if isinstance(mount, StageMount)]
    (image,) = [mount.stage for mount in lent if mount.target == "/image"]
    assert image == ("furnished" if is_looked_at else "base")
    assert ("furnished" in found) == is_looked_at
    assert found["runtime"].parent == "base"


def test_no_list_without_auto() -> None:
    text = render_dockerfile(plan_of(make_workspace(make_package(container={**BASE, "runtime_deps": ["tzdata"]}))))
    assert "/linkage" not in text
