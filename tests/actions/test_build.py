"""`stow_build` on a real, tiny crate: when it builds, and when it does not."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from cargo_stow.actions.build import find_current
from cargo_stow.errors import BuildError, FileError, ImageNotFoundError, LockError, UsageError
from cargo_stow.project import Project
from cargo_stow.reference import parse_reference
from tests.single import build

if TYPE_CHECKING:
    from pathlib import Path

    from cargo_stow.backends.memory import MemoryBackend
    from cargo_stow.session import Session

Load = Callable[..., Project]
TARGET = "registry.example.org/team/greeter:1"


@pytest.fixture
def make(session: Session, load: Load) -> Callable[[], str]:
    """One `cargo stow build`: everything read anew."""
    return lambda: build(session, load(), locked=False).id


def test_the_first_build(greeter: Path, make: Callable[[], str], backend: MemoryBackend) -> None:
    identity = make()
    assert backend.tags == {TARGET: identity}
    assert backend.counts["build"] == 1
    lock = (greeter / "Stow.lock").read_text()
    assert 'reference = "debian:bookworm-slim"' in lock
    assert 'reference = "rust:' in lock
    assert backend.orders[0].root.resolve() == greeter
    assert backend.orders[0].directory == greeter / "target" / "stow"


def test_a_second_build_does_nothing(greeter: Path, make: Callable[[], str], backend: MemoryBackend) -> None:
    first = make()
    lock = (greeter / "Stow.lock").read_text()
    assert make() == first
    assert (backend.counts["build"], backend.counts["resolve"]) == (1, 2)
    assert (greeter / "Stow.lock").read_text() == lock


def test_with_and_without_cargo(
    greeter: Path, session: Session, load: Load, with_cargo: dict[str, str], backend: MemoryBackend
) -> None:
    without = session.environment
    assert shutil.which("cargo", path=without["PATH"]) is None
    first = build(session, load(), locked=False)
    for environment in (with_cargo, without):
        session.environment = environment
        assert build(session, load(), locked=False) == first
    assert backend.counts["build"] == 1


def write(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)


def keep_times(path: Path, change: Callable[[Path], object]) -> None:
    """Change a file, and put its times back."""
    status = path.stat()
    change(path)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


STAYS: dict[str, Callable[[Path], object]] = {
    "touch": lambda crate: os.utime(crate / "src/main.rs", (1, 1)),
    "same bytes written again": lambda crate: (crate / "src/main.rs").write_bytes((crate / "src/main.rs").read_bytes()),
    "a file in the target directory": lambda crate: (crate / "target/x").write_text(""),
    "the Dockerfile": lambda crate: (crate / "Dockerfile").write_text(""),
    "version control": lambda crate: write(crate / ".git/HEAD", ""),
    "a file outside of the context": lambda crate: (crate.parent / "README.md").write_text("new"),
}
REBUILDS: dict[str, Callable[[Path], object]] = {
    "an edit": lambda crate: (crate / "src/main.rs").write_text("fn main() { todo!() }"),
    "an edit of the same size and time": lambda crate: keep_times(
        crate / "src/main.rs", lambda path: path.write_text(path.read_text().replace("{}", "()"))
    ),
    "a new file": lambda crate: (crate / "src/more.rs").write_text(""),
    "a deleted file": lambda crate: (crate / "src/gone.rs").unlink(),
    "a renamed file": lambda crate: (crate / "src/gone.rs").rename(crate / "src/here.rs"),
    "the executable bit": lambda crate: (crate / "src/gone.rs").chmod(0o755),
    "the manifest": lambda crate: (crate / "Cargo.toml").write_text((crate / "Cargo.toml").read_text() + "# x\n"),
    "the toolchain file": lambda crate: (crate / "rust-toolchain").write_text("1.90"),
    "a pin": lambda crate: (crate / "Stow.lock").write_text(
        (crate / "Stow.lock").read_text().replace('digest = "sha256:', 'digest = "sha256:' + "0" * 64 + '"#', 1)
    ),
    "no record": lambda crate: (crate / "target/stow/record.json").unlink(),
    "a damaged record": lambda crate: (crate / "target/stow/record.json").write_text("{"),
}


@pytest.mark.parametrize("change", STAYS.values(), ids=STAYS)
def test_what_builds_nothing(
    greeter: Path, make: Callable[[], str], backend: MemoryBackend, change: Callable[[Path], object]
) -> None:
    first = make()
    change(greeter)
    assert make() == first
    assert backend.counts["build"] == 1


@pytest.mark.parametrize("change", REBUILDS.values(), ids=REBUILDS)
def test_what_builds_again(
    greeter: Path, make: Callable[[], str], backend: MemoryBackend, change: Callable[[Path], object]
) -> None:
    (greeter / "src/gone.rs").write_text("")
    make()
    change(greeter)
    make()
    assert backend.counts["build"] == 2
    make()
    assert backend.counts["build"] == 2


def test_an_image_that_was_removed_is_built_again(
    greeter: Path, make: Callable[[], str], backend: MemoryBackend
) -> None:
    make()
    backend.untag(parse_reference(TARGET))
    assert make() in backend.images
    assert backend.counts["build"] == 2


def test_a_tag_that_was_given_to_another_image(greeter: Path, make: Callable[[], str], backend: MemoryBackend) -> None:
    first = make()
    backend.images.add("sha256:other")
    backend.tags[TARGET] = "sha256:other"
    assert make() == first
    assert backend.tags[TARGET] == first
    assert backend.counts["build"] == 2


def test_another_name_is_another_build(
    greeter: Path, make: Callable[[], str], session: Session, backend: MemoryBackend
) -> None:
    first = make()
    session.environment = {**session.environment, "CARGO_STOW_TARGET_IMAGE": "registry.example.org/other:2"}
    make()
    assert backend.tags == {TARGET: first, "registry.example.org/other:2": first}


def test_a_pushed_image_is_named_by_its_digest(
    greeter: Path, make: Callable[[], str], session: Session, load: Load, backend: MemoryBackend
) -> None:
    make()
    digest = backend.push(parse_reference(TARGET), lambda _news: None)
    current = find_current(session, load())
    assert current is not None
    assert current.reference == f"registry.example.org/team/greeter@{digest}"


def test_each_profile_has_an_entry_of_its_own(
    greeter: Path, session: Session, load: Load, backend: MemoryBackend
) -> None:
    debug = {"profile": "dev", "target_image": "x:debug"}
    build(session, load(), locked=False)
    build(session, load(flags=debug), locked=False)
    build(session, load(), locked=False)
    build(session, load(flags=debug), locked=False)
    assert backend.counts["build"] == 2


def test_locked_needs_a_complete_lock(greeter: Path, session: Session, load: Load, backend: MemoryBackend) -> None:
    with pytest.raises(LockError, match="--locked forbids to add one"):
        build(session, load(), locked=True)
    assert (backend.counts["resolve"], backend.counts["build"]) == (0, 0)
    assert not (greeter / "Stow.lock").exists()
    build(session, load(), locked=False)
    (greeter / "src/main.rs").write_text("")
    build(session, load(), locked=True)
    assert backend.counts["build"] == 2


def test_a_base_that_only_the_engine_has(greeter: Path, make: Callable[[], str], backend: MemoryBackend) -> None:
    backend.local["debian:bookworm-slim"] = f"sha256:{'1' * 64}"
    make()
    assert f'id = "sha256:{"1" * 64}"' in (greeter / "Stow.lock").read_text()
    backend.local["debian:bookworm-slim"] = f"sha256:{'2' * 64}"
    (greeter / "src/main.rs").write_text("")
    with pytest.raises(LockError):
        make()
    assert backend.counts["build"] == 1


def test_a_base_that_does_not_exist(greeter: Path, make: Callable[[], str], backend: MemoryBackend) -> None:
    backend.registry["debian:bookworm-slim"] = None
    with pytest.raises(ImageNotFoundError):
        make()
    assert not (greeter / "Stow.lock").exists()


def test_a_cargo_lock_that_is_out_of_date(greeter: Path, make: Callable[[], str], backend: MemoryBackend) -> None:
    (greeter / "Cargo.lock").write_text("version = 3\n")
    with pytest.raises(LockError, match=r"Cargo\.lock"):
        make()
    assert backend.counts["build"] == 0


def test_no_cargo_lock_is_warned_of(greeter: Path, make: Callable[[], str], capsys: pytest.CaptureFixture[str]) -> None:
    (greeter / "Cargo.lock").unlink()
    make()
    assert "warning: " in (err := capsys.readouterr().err)
    assert "Cargo.lock does not exist" in err


def test_a_failing_build_changes_nothing(greeter: Path, make: Callable[[], str], backend: MemoryBackend) -> None:
    first = make()
    record = (greeter / "target/stow/record.json").read_bytes()
    lock = (greeter / "Stow.lock").read_bytes()
    main = (greeter / "src/main.rs").read_bytes()
    (greeter / "src/main.rs").write_text("nonsense")
    backend.fail("build", BuildError("a step failed"))
    with pytest.raises(BuildError):
        make()
    assert backend.tags == {TARGET: first}
    assert (greeter / "target/stow/record.json").read_bytes() == record
    assert (greeter / "Stow.lock").read_bytes() == lock
    (greeter / "src/main.rs").write_bytes(main)
    assert make() == first
    assert backend.counts["build"] == 2  # the first, and the one that failed


def test_a_source_that_changes_during_the_build(
    greeter: Path, make: Callable[[], str], backend: MemoryBackend, capsys: pytest.CaptureFixture[str]
) -> None:
    backend.at("build", lambda: write(greeter / "src/main.rs", "later"))
    make()
    assert "warning: a source changed during the build" in capsys.readouterr().err
    assert not (greeter / "target/stow/record.json").exists()
    make()
    assert backend.counts["build"] == 2


@pytest.mark.parametrize("fails", [False, True])
def test_a_source_that_changes_during_the_build_and_changes_back(
    greeter: Path, make: Callable[[], str], backend: MemoryBackend, fails: bool
) -> None:
    """What was built, or sent to BuildKit, may be what was there for a moment, with the same size and time."""
    main = greeter / "src/main.rs"
    text = main.read_text()
    make()
    main.write_text(text + "// new")
    backend.at("build", lambda: change_and_back(main, BuildError("a step failed") if fails else None))
    with pytest.raises(BuildError) if fails else contextlib.nullcontext():
        make()
    make()
    make()
    assert backend.counts["build"] == 3
    assert backend.orders[-1].root != backend.orders[0].root


def change_and_back(path: Path, error: Exception | None) -> None:
    text = path.read_text()
    keep_times(path, lambda file: file.write_text("odd"))
    keep_times(path, lambda file: file.write_text(text))
    if error:
        raise error


def test_a_cargo_lock_that_does_not_fit_is_said_before_anything_is_asked(
    greeter: Path, make: Callable[[], str], backend: MemoryBackend
) -> None:
    manifest = greeter / "Cargo.toml"
    manifest.write_text(manifest.read_text().replace('version = "', 'version = "9', 1))
    with pytest.raises(LockError, match="out of date"):
        make()
    assert backend.counts["resolve"] == 0
    assert not (greeter / "Stow.lock").exists()


def test_locked_needs_a_cargo_lock(greeter: Path, session: Session, load: Load, backend: MemoryBackend) -> None:
    (greeter / "Cargo.lock").unlink()
    build(session, load(), locked=False)
    (greeter / "src/main.rs").write_text("")
    with pytest.raises(LockError, match=r"Cargo\.lock does not exist, and --locked"):
        build(session, load(), locked=True)
    assert backend.counts["build"] == 1


def test_a_registry_that_could_not_be_asked_is_told_of(
    greeter: Path, make: Callable[[], str], backend: MemoryBackend, capsys: pytest.CaptureFixture[str]
) -> None:
    backend.doubt = "the registry does not answer"
    make()
    assert (
        "the registry does not answer; taking what this machine has as debian:bookworm-slim" in capsys.readouterr().err
    )
    make()
    assert backend.counts["build"] == 1


@pytest.mark.parametrize("name", ["debian:bookworm-slim", "docker.io/library/debian:bookworm-slim", "rust:1.95-slim"])
def test_an_image_does_not_take_the_name_of_what_it_is_built_from(greeter: Path, load: Load, name: str) -> None:
    with pytest.raises(UsageError, match="would take the name of one that it is built from") as caught:
        load(flags={"target_image": name})
    assert "target_image" in caught.value.hint


@pytest.mark.parametrize(
    "link",
    [
        "stow", "stow/lock", "stow/record.json", "stow/generated", "stow/generated/greeter.greeter", "stow/contexts",
        "stow/contexts/greeter", "stow/hashes", "stow/hashes/greeter.json", "stow/cache/greeter",
        "stow/greeter.greeter.Dockerfile",
    ],
)  # fmt: skip
def test_a_target_directory_that_came_with_a_link(
    greeter: Path, make: Callable[[], str], backend: MemoryBackend, tmp_path: Path, link: str
) -> None:
    precious = tmp_path / "precious"
    (precious / "greeter").mkdir(parents=True)
    for name in ("file", "greeter/file"):
        (precious / name).write_text("mine")
    path = greeter / "target" / link
    path.parent.mkdir(parents=True)
    path.symlink_to(precious / "file" if path.suffix or path.name == "lock" else precious)
    with pytest.raises(FileError, match=f"{path} is a symbolic link"):
        make()
    found = {str(each.relative_to(precious)): each for each in precious.rglob("*") if each.is_file()}
    assert {name: each.read_text() for name, each in found.items()} == {"file": "mine", "greeter/file": "mine"}
    assert backend.counts["build"] == 0


@pytest.mark.parametrize("link", ["skeleton", "skeleton/src", "skeleton/src/main.rs", "tools/more"])
def test_no_link_leads_generated_files_astray(
    greeter: Path, make: Callable[[], str], tmp_path: Path, link: str
) -> None:
    make()
    (place,) = (greeter / "target/stow/generated").iterdir()
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious/file").write_text("mine")
    shutil.rmtree(place)
    (place / link).parent.mkdir(parents=True)
    (place / link).symlink_to(tmp_path / ("precious/file" if link.endswith(".rs") else "precious"))
    (greeter / "src/main.rs").write_text("fn main() { }\n")
    make()
    assert not (place / link).is_symlink()
    assert (place / "skeleton/src/main.rs").is_file()
    assert [(each.name, each.read_text()) for each in (tmp_path / "precious").iterdir()] == [("file", "mine")]


def test_what_holds_no_lock_follows_no_link(
    greeter: Path, session: Session, load: Load, make: Callable[[], str], tmp_path: Path
) -> None:
    make()
    (hashes,) = (greeter / "target/stow/hashes").glob("*.json")
    hashes.rename(tmp_path / "precious")
    (tmp_path / "precious").write_text("mine")
    hashes.symlink_to(tmp_path / "precious")
    with pytest.raises(FileError, match="is a symbolic link"):
        find_current(session, load())
    assert (tmp_path / "precious").read_text() == "mine"
