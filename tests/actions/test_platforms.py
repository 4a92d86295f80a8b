"""One image for several platforms: built together, each under a name of its own, and joined by an index when pushed."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from cargo_stow.actions import dockerfile
from cargo_stow.actions.build import build
from cargo_stow.actions.push import push
from cargo_stow.backends.memory import digest_of
from cargo_stow.errors import DifferenceError, RegistryError, UsageError
from cargo_stow.lock import load_lock
from cargo_stow.platforms import Platform
from cargo_stow.project import Project, Request, host_platform
from cargo_stow.projects import load_projects
from cargo_stow.work import Work

if TYPE_CHECKING:
    from pathlib import Path

    from cargo_stow.backends.memory import MemoryBackend
    from cargo_stow.session import Session

Load = Callable[..., tuple[Project, ...]]
PLATFORMS = 'platforms = ["linux/amd64", "linux/arm/v7"]'
NAME = "registry.example.org/team/greeter"


@pytest.fixture
def load(greeter: Path, session: Session) -> Load:
    """Add lines to the section, and read the projects anew."""

    def projects(*lines: str) -> tuple[Project, ...]:
        with (greeter / "Cargo.toml").open("a") as file:
            file.writelines(f"{line}\n" for line in lines)
        return load_projects(Request(), session.environment, session.runner)

    return projects


def texts(references: object) -> list[str]:
    return [str(each) for each in references]  # type: ignore[attr-defined]


def test_names(load: Load) -> None:
    amd64, arm = load(PLATFORMS, 'tags = ["stable"]')
    assert [str(amd64.platform), str(arm.platform)] == ["linux/amd64", "linux/arm/v7"]
    assert texts(amd64.targets) == [f"{NAME}:1-amd64"]
    assert texts(arm.targets) == [f"{NAME}:1-arm-v7"]
    assert texts(amd64.names) == texts(arm.names) == [f"{NAME}:1", f"{NAME}:stable"]
    assert amd64.identity == arm.identity
    assert amd64.image == arm.image
    assert amd64.name != arm.name


@pytest.mark.parametrize("platforms", ['["linux/arm64"]', '["linux/arm64", "linux/arm64"]'])
def test_of_one_platform_the_names_are_what_was_asked_for(load: Load, platforms: str) -> None:
    (project,) = load(f"platforms = {platforms}")
    assert texts(project.targets) == [f"{NAME}:1"]
    assert project.platform == Platform(os="linux", architecture="arm64")


def test_all_are_built_at_once_and_then_not_again(load: Load, session: Session, backend: MemoryBackend) -> None:
    first = build(session, load(PLATFORMS), locked=False)
    assert len({image.id for image in first}) == 2
    assert backend.counts["build"] == 1
    assert [str(order.plan.platform) for order in backend.orders] == ["linux/amd64", "linux/arm/v7"]
    assert len({order.plan.name for order in backend.orders}) == 2
    assert len({order.plan.generated for order in backend.orders}) == 2
    assert backend.tags == {f"{NAME}:1-amd64": first[0].id, f"{NAME}:1-arm-v7": first[1].id}
    assert build(session, load(), locked=False) == first
    assert backend.counts["build"] == 1


def test_what_is_fetched_is_for_that_platform(load: Load, session: Session, backend: MemoryBackend) -> None:
    build(session, load(PLATFORMS), locked=False)
    amd64, arm = (repr(order.plan.stages) for order in backend.orders)
    stores = [set(re.findall(r"cargo-stow-apt-[a-z]+-builder-\w+", text)) for text in (amd64, arm)]
    assert (len(stores[0]), stores[0] & stores[1]) == (2, set())
    assert ("x86_64-unknown-linux-gnu" in amd64, "armv7-unknown-linux-gnueabihf" in amd64) == (True, False)
    assert ("x86_64-unknown-linux-gnu" in arm, "armv7-unknown-linux-gnueabihf" in arm) == (False, True)


def test_the_index_has_all_names_and_all_images(load: Load, session: Session, backend: MemoryBackend) -> None:
    projects = load(PLATFORMS, 'tags = ["stable"]')
    images = build(session, projects, locked=False)
    pushed = tuple(digest_of(f"manifest of {image.id}") for image in images)
    assert push(session, projects) == [f"{NAME}@{digest_of(f'index of {pushed[0]} {pushed[1]}')}"]
    assert backend.indexes == {f"{NAME}:1": pushed, f"{NAME}:stable": pushed}
    assert (backend.counts["push"], backend.counts["push_index"]) == (2, 1)


def test_an_image_of_one_platform_needs_no_index(load: Load, session: Session, backend: MemoryBackend) -> None:
    projects = load()
    build(session, projects, locked=False)
    push(session, projects)
    assert backend.indexes == {}


def test_no_name_moves_before_all_images_are_there(load: Load, session: Session, backend: MemoryBackend) -> None:
    projects = load(PLATFORMS)
    build(session, projects, locked=False)
    backend.at("push", lambda: None)
    backend.fail("push", RegistryError("the registry is gone"))
    with pytest.raises(RegistryError):
        push(session, projects)
    assert backend.indexes == {}


def test_a_name_that_another_image_takes(load: Load, greeter: Path) -> None:
    (greeter / "src/bin").mkdir()
    (greeter / "src/bin/greeter-amd64.rs").write_text("fn main() {}\n")
    manifest = greeter / "Cargo.toml"
    manifest.write_text(manifest.read_text().replace("greeter:1", "greeter:{bin}"))
    with pytest.raises(UsageError, match=f"would both be called {NAME}:greeter-amd64"):
        load(PLATFORMS, "bins = true")


def test_a_tag_that_is_too_long_with_the_platform(load: Load, greeter: Path) -> None:
    manifest = greeter / "Cargo.toml"
    manifest.write_text(manifest.read_text().replace("greeter:1", "greeter:" + "t" * 123))
    with pytest.raises(UsageError, match="longer than 128 characters"):
        load(PLATFORMS)


def test_the_program_of_this_machine_runs(load: Load, session: Session) -> None:
    own = host_platform()
    load(f'platforms = ["linux/riscv64", "{own}"]')
    work = Work(session=session)
    assert [str(project.platform) for project in work.projects()] == ["linux/riscv64", str(own)]
    assert work.project().platform == own
    assert len(work.images()) == 1


class TestDockerfile:
    def test_one_is_for_all_platforms(
        self, load: Load, session: Session, backend: MemoryBackend, greeter: Path
    ) -> None:
        (project, _) = load(PLATFORMS)
        toolchain = str(project.toolchain_image("apt"))
        backend.registry = {"debian:bookworm-slim": digest_of("base"), toolchain: digest_of("toolchain")}
        path = dockerfile.default_output(project)
        assert dockerfile.write(session, project, path, locked=False) == [
            greeter / "Stow.lock", path, path.with_name("Dockerfile.dockerignore"),
        ]  # fmt: skip
        text = path.read_text()
        assert "x86_64-unknown-linux-gnu" in text
        assert "armv7-unknown-linux-gnueabihf" in text
        assert len(load_lock(greeter / "Stow.lock").pins) == 4
        assert dockerfile.is_current(project, path)
        path.write_text(text + "\n")
        with pytest.raises(DifferenceError):
            dockerfile.check(project, load_lock(greeter / "Stow.lock"), path)

    def test_a_lock_without_a_platform(self, load: Load, session: Session, backend: MemoryBackend) -> None:
        (project,) = load('platforms = ["linux/amd64"]')
        toolchain = str(project.toolchain_image("apt"))
        backend.registry = {"debian:bookworm-slim": digest_of("base"), toolchain: digest_of("toolchain")}
        path = dockerfile.default_output(project)
        dockerfile.write(session, project, path, locked=False)
        manifest = project.package.manifest
        manifest.write_text(manifest.read_text().replace('["linux/amd64"]', '["linux/amd64", "linux/386"]'))
        assert not dockerfile.is_current(load()[0], path)

    def test_digests_that_differ_make_no_file(self, load: Load, session: Session, greeter: Path) -> None:
        (project, _) = load(PLATFORMS)
        with pytest.raises(UsageError, match="one digest for linux/amd64 and another one for linux/arm/v7") as caught:
            dockerfile.write(session, project, dockerfile.default_output(project), locked=False)
        assert "--platforms linux/amd64" in caught.value.hint
        assert not (greeter / "Dockerfile").exists()
