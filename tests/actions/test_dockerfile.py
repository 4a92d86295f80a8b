"""`stow_dockerfile` and `cargo stow dockerfile`: writing, checking, other places."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from cargo_stow.actions.dockerfile import IGNORE_SUFFIX, check, default_output, render, write
from cargo_stow.commands import dockerfile as command
from cargo_stow.errors import DifferenceError, FileError, LockError, UsageError
from cargo_stow.lock import load_lock
from cargo_stow.project import Project, Request
from cargo_stow.work import Work

if TYPE_CHECKING:
    from pathlib import Path

    from cargo_stow.backends.memory import MemoryBackend
    from cargo_stow.session import Session

Load = Callable[..., Project]


def written(session: Session, project: Project, output: Path | None = None) -> list[str]:
    output = output or default_output(project)
    return sorted(path.name for path in write(session, project, output, locked=False))


@pytest.fixture
def work(session: Session) -> Callable[..., Work]:
    return lambda **asked: Work(session=session, request=Request(**asked), prints=False)


def test_the_first_time_all_is_written(greeter: Path, session: Session, load: Load) -> None:
    assert written(session, load()) == ["Dockerfile", "Dockerfile.dockerignore", "Stow.lock"]
    text = (greeter / "Dockerfile").read_text()
    assert "FROM debian:bookworm-slim@sha256:" in text
    assert "docker build ." in text.splitlines()[1]
    assert (greeter / "Dockerfile.dockerignore").read_text().startswith("# Written by cargo-stow")


def test_then_only_what_differs(greeter: Path, session: Session, load: Load) -> None:
    written(session, load())
    assert written(session, load()) == []
    (greeter / "Dockerfile.dockerignore").write_text("edited")
    assert written(session, load()) == ["Dockerfile.dockerignore"]
    (greeter / "Stow.lock").unlink()
    assert written(session, load()) == ["Stow.lock"]


def test_locked_writes_no_lock(greeter: Path, session: Session, load: Load, backend: MemoryBackend) -> None:
    with pytest.raises(LockError):
        write(session, load(), greeter / "Dockerfile", locked=True)
    assert not (greeter / "Dockerfile").exists()
    assert backend.counts["resolve"] == 0


def test_check_passes_and_asks_nobody(greeter: Path, session: Session, load: Load, backend: MemoryBackend) -> None:
    project = load()
    written(session, project)
    calls = backend.counts.total()
    check(project, load_lock(project.lock_file), default_output(project))
    assert backend.counts.total() == calls


def test_check_fails_with_a_diff(greeter: Path, session: Session, load: Load) -> None:
    written(session, load())
    (greeter / "Dockerfile").write_text((greeter / "Dockerfile").read_text().replace("USER 65532:65532", "USER 0"))
    project = load()
    with pytest.raises(DifferenceError, match=r"/Dockerfile is not what Cargo\.toml and Stow\.lock say") as caught:
        check(project, load_lock(project.lock_file), default_output(project))
    assert "-USER 0\n+USER 65532:65532\n" in caught.value.detail
    assert "cargo stow dockerfile" in caught.value.hint


@pytest.mark.parametrize("name", ["Dockerfile", "Dockerfile.dockerignore"])
def test_check_of_a_file_that_is_missing(greeter: Path, session: Session, load: Load, name: str) -> None:
    written(session, load())
    (greeter / name).unlink()
    project = load()
    with pytest.raises(DifferenceError, match=rf"/{name} does not exist"):
        check(project, load_lock(project.lock_file), default_output(project))


def test_check_without_a_lock(greeter: Path, load: Load) -> None:
    project = load()
    with pytest.raises(LockError, match=r"Stow\.lock has no entry for debian:bookworm-slim"):
        check(project, load_lock(project.lock_file), default_output(project))


def test_another_place_has_a_companion_of_its_name(greeter: Path, session: Session, load: Load) -> None:
    output = greeter / "docker" / "release.Dockerfile"
    assert written(session, load(), output) == [
        "Stow.lock", "release.Dockerfile", f"release.Dockerfile{IGNORE_SUFFIX}",
    ]  # fmt: skip
    assert "docker build -f release.Dockerfile .." in output.read_text().splitlines()[1]


@pytest.mark.parametrize(
    ("files", "command_line"),
    [
        ({"member": "member"}, "docker build -f Dockerfile .."),
        ({"member": "crates/a member"}, "docker build -f Dockerfile ../.."),
    ],
)
def test_a_member_of_a_workspace_is_built_from_its_root(
    crate: Callable[[dict[str, str]], Path], session: Session, load: Load, files: dict[str, str], command_line: str
) -> None:
    member = files["member"]
    root = crate(
        {
            "Cargo.toml": f'[workspace]\nmembers = ["{member}", "shared"]\nresolver = "2"\n',
            f"{member}/Cargo.toml": '[package]\nname = "member"\nversion = "0.1.0"\n[dependencies]\n'
            'shared = { path = "' + "../" * (member.count("/") + 1) + 'shared" }\n'
            '[package.metadata.container]\nbase_image = "debian:12"\n',
            f"{member}/src/main.rs": "fn main() {}\n",
            "shared/Cargo.toml": '[package]\nname = "shared"\nversion = "0.1.0"\n',
            "shared/src/lib.rs": "",
        }
    )
    project = load(root / member)
    assert written(session, project) == ["Dockerfile", "Dockerfile.dockerignore", "Stow.lock"]
    dockerfile = root / member / "Dockerfile"
    head = dockerfile.read_text().splitlines()[1]
    assert head.endswith(f": {command_line}")
    # What is typed in the directory of the Dockerfile reaches that file and the context's root.
    context = shlex.split(command_line)[-1]
    assert (dockerfile.parent / context).resolve() == project.closure.root == root
    assert (root / "Stow.lock").exists()


def test_a_command_line_that_would_break_out_of_its_comment(
    crate: Callable[[dict[str, str]], Path], session: Session, load: Load, tmp_path: Path
) -> None:
    directory = crate({
        "evil\nRUN touch x/Cargo.toml": '[package]\nname = "evil"\nversion = "0.1.0"\n'
        '[package.metadata.container]\nbase_image = "debian:12"\n',
        "evil\nRUN touch x/src/main.rs": "",
    })  # fmt: skip
    project = load(directory / "evil\nRUN touch x")
    written(session, project)
    texts = render(project, load_lock(project.lock_file), directory / "Dockerfile")
    assert not any(line.startswith("RUN touch") for text in texts.values() for line in text.splitlines())


def test_stdout(
    greeter: Path, session: Session, load: Load, work: Callable[..., Work], capsys: pytest.CaptureFixture[str]
) -> None:
    command.write(work(), "-")
    out = capsys.readouterr().out
    written(session, load())
    assert out == (greeter / "Dockerfile").read_text()
    assert sorted(path.name for path in greeter.glob("*ockerfile*")) == ["Dockerfile", "Dockerfile.dockerignore"]


def test_the_command_says_what_it_wrote_or_that_it_is_fresh(
    greeter: Path, work: Callable[..., Work], capsys: pytest.CaptureFixture[str]
) -> None:
    command.write(work(), None)
    assert capsys.readouterr().err.count("Wrote") == 3
    for _ in range(2):
        command.write(work(), None)
        captured = capsys.readouterr()
        assert captured.err == f"       Fresh {greeter / 'Dockerfile'}\n"
        assert captured.out == ""


def test_the_command_notices_what_size_and_time_hide(greeter: Path, work: Callable[..., Work]) -> None:
    command.write(work(), None)
    text = (greeter / "Dockerfile").read_text()
    (greeter / "Dockerfile").write_text("edited")
    command.write(work(), None)
    assert (greeter / "Dockerfile").read_text() == text


def test_the_command_checks(greeter: Path, work: Callable[..., Work]) -> None:
    command.write(work(), None)
    command.check(work(), None)
    command.check(work(), "Dockerfile")
    with pytest.raises(DifferenceError, match="other does not exist"):
        command.check(work(), "other")
    with pytest.raises(UsageError, match="--output -"):
        command.check(work(), "-")


@pytest.mark.parametrize("name", ["Dockerfile", "Dockerfile.dockerignore", "Stow.lock"])
def test_a_link_that_came_with_the_crate_leads_nowhere_else(
    greeter: Path, session: Session, load: Load, tmp_path: Path, name: str
) -> None:
    (greeter / name).symlink_to(tmp_path / "precious")
    project = load()
    with pytest.raises(FileError, match="is a symbolic link that leads out of"):
        write(session, project, default_output(project), locked=False)
    assert not (tmp_path / "precious").exists()
