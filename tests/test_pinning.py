"""Stow.lock completed and moved: the base first, then the toolchain that fits it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from cargo_stow.actions.update import update
from cargo_stow.backends.memory import digest_of
from cargo_stow.errors import ImageNotFoundError, LockError, UsageError
from cargo_stow.families import BaseFacts
from cargo_stow.lock import Lock, load_lock
from cargo_stow.pinning import find_lock, pins, settle
from cargo_stow.project import Project

if TYPE_CHECKING:
    from pathlib import Path

    from cargo_stow.backends.memory import MemoryBackend
    from cargo_stow.session import Session

Load = Callable[..., Project]
BASE = "debian:bookworm-slim"
ALPINE = BaseFacts(os_release="ID=alpine\n", programs=frozenset({"apk"}))


def settled(session: Session, project: Project, *, locked: bool = False) -> Lock:
    return settle(project, session.backend, session.report, locked=locked, offline=False)


def references(lock: Lock) -> dict[str, str | None]:
    return {str(pin.reference): pin.package_manager for pin in lock.pins}


@pytest.mark.usefixtures("greeter")
class TestSettle:
    def test_the_base_decides_which_toolchain(self, session: Session, backend: MemoryBackend, load: Load) -> None:
        backend.bases[BASE] = ALPINE
        assert references(settled(session, load())) == {BASE: "apk", "rust:1.95-alpine": None}
        assert references(load_lock(load().lock_file)) == {BASE: "apk", "rust:1.95-alpine": None}
        assert (backend.counts["resolve"], backend.counts["inspect_base"]) == (2, 1)
        settled(session, load(), locked=True)
        assert (backend.counts["resolve"], backend.counts["inspect_base"]) == (2, 1)

    @pytest.mark.parametrize("toolchain", ["base", "apt"])
    def test_no_image_lends_a_toolchain(self, session: Session, load: Load, toolchain: str) -> None:
        project = load(flags={"toolchain": toolchain})
        assert references(settled(session, project)) == {BASE: "apt"}
        found = pins(project, load_lock(project.lock_file))
        assert (found.toolchain, found.package_manager) == (None, "apt")
        assert list(found) == [found.base]

    def test_one_image_is_both(self, session: Session, load: Load) -> None:
        project = load(flags={"base_image": "rust:1.95-slim"})
        assert references(settled(session, project)) == {"rust:1.95-slim": "apt"}
        update(session, [project], whole=True, locked=False)
        assert references(load_lock(project.lock_file)) == {"rust:1.95-slim": "apt"}

    def test_a_toolchain_keeps_what_is_known_of_it_as_a_base(self, session: Session, load: Load) -> None:
        settled(session, load(flags={"base_image": "rust:1.95-slim"}))
        update(session, [load()], whole=False, locked=False)
        assert references(load_lock(load().lock_file)) == {BASE: "apt", "rust:1.95-slim": "apt"}

    def test_a_pin_that_nobody_looked_into_is_completed_and_not_moved(
        self, session: Session, backend: MemoryBackend, load: Load
    ) -> None:
        project = load()
        settled(session, project)
        text = project.lock_file.read_text()
        project.lock_file.write_text(text.replace('package_manager = "apt"\n', ""))
        backend.registry[BASE] = f"sha256:{'5' * 64}"
        assert find_lock(project) is None
        with pytest.raises(LockError, match=f"has no package_manager for {BASE} on linux/.*, and --locked forbids"):
            settled(session, project, locked=True)
        with pytest.raises(LockError, match=f"has no package_manager for {BASE}") as caught:
            pins(project, load_lock(project.lock_file))
        assert "cargo stow update" in caught.value.hint
        settled(session, project)
        assert project.lock_file.read_text() == text

    def test_a_base_of_no_family_is_not_written(self, session: Session, backend: MemoryBackend, load: Load) -> None:
        backend.bases[BASE] = BaseFacts(os_release=None)
        with pytest.raises(UsageError, match="has no /etc/os-release"):
            settled(session, load())
        assert not load().lock_file.exists()

    def test_a_base_for_another_machine_is_not_written(
        self, session: Session, backend: MemoryBackend, load: Load
    ) -> None:
        backend.bases[BASE] = BaseFacts(os_release="ID=debian\n", programs=frozenset({"apt-get"}), architecture="s390x")
        with pytest.raises(ImageNotFoundError, match=f"the base image {BASE} is for s390x, and not for linux/"):
            settled(session, load())
        assert not load().lock_file.exists()

    def test_packages_that_do_not_fit(self, session: Session, backend: MemoryBackend, load: Load) -> None:
        with pytest.raises(UsageError, match="flag --toolchain: the toolchain `apk` is of another distribution"):
            settled(session, load(flags={"toolchain": "apk"}))
        assert not load().lock_file.exists()
        assert backend.counts["inspect_base"] == 1


def test_a_base_is_looked_into_again_only_when_it_moved(
    greeter: Path, session: Session, backend: MemoryBackend, load: Load
) -> None:
    update(session, [load()], whole=False, locked=False)
    update(session, [load()], whole=True, locked=False)
    assert backend.counts["inspect_base"] == 1
    backend.registry[BASE] = f"sha256:{'5' * 64}"
    backend.bases[BASE] = ALPINE
    update(session, [load()], whole=False, locked=False)
    assert backend.counts["inspect_base"] == 2
    assert 'package_manager = "apk"' in (greeter / "Stow.lock").read_text()


def test_an_image_is_asked_for_once_for_all_that_use_it(
    greeter: Path, session: Session, backend: MemoryBackend, load: Load
) -> None:
    one, other = load(), load(flags={"base_image": "rust:1.95-slim"})
    update(session, [one, other], whole=True, locked=False)
    assert references(load_lock(greeter / "Stow.lock")) == {BASE: "apt", "rust:1.95-slim": "apt"}
    assert (backend.counts["resolve"], backend.counts["inspect_base"]) == (2, 2)
    assert load_lock(greeter / "Stow.lock").pins[0].digest == digest_of(f"{BASE} {one.platform}")
