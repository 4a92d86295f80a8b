"""What `assets` and `include` name on a disk, and what they may not."""

from __future__ import annotations

import os
import re
import socket
from typing import TYPE_CHECKING

import pytest

from cargo_stow.errors import UsageError
from cargo_stow.image_values import Asset
from cargo_stow.named import Named, check_assets, find_named
from cargo_stow.patterns import Pattern

if TYPE_CHECKING:
    from pathlib import Path

ORIGIN = "/x/Cargo.toml [package.metadata.container] assets"
FILES = (
    "crate/static/index.html", "crate/static/sub/a.css", "crate/.git/HEAD", "crate/target/site/x",
    "crate/static/.git/x", "proto/a.proto", "proto/deep/b.proto", "other/c.txt",
)  # fmt: skip


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "repository"
    for name in FILES:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/secret").write_text("")
    return root


def sent(crate: Path) -> list[Path]:
    return [path for path in crate.rglob("*") if not {".git", "target"} & set(path.relative_to(crate).parts)]


def check(repository: Path, source: str) -> None:
    crate = repository / "crate"
    check_assets(crate, [Asset(source=Pattern(source), target="/srv")], sent(crate), ORIGIN)


@pytest.mark.parametrize("source", ["static", "static/index.html", "static/**", "static/*", "**/*.css", "."])
def test_assets_that_are_there(repository: Path, source: str) -> None:
    check(repository, source)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("absent", "there is no /.*/crate/absent"),
        ("static/*.js", "there is no such file"),
        ("**/*.nothing", "there is no such file"),
        ("target", "left out of what is sent"),
        ("target/site/x", "left out of what is sent"),
        (".git", "left out of what is sent|leads out"),
        (".git/HEAD", "left out of what is sent|leads out"),
    ],
)
def test_assets_that_are_not(repository: Path, source: str, reason: str) -> None:
    with pytest.raises(UsageError, match=reason) as caught:
        check(repository, source)
    assert re.match(re.escape(f"{ORIGIN}: {source!r} cannot be `assets`: "), caught.value.message)


@pytest.mark.parametrize("target", ["../../outside/secret", "/etc/passwd", "../../proto/a.proto", "absent", "link"])
@pytest.mark.parametrize("source", ["static", "static/**", "static/link"])
def test_a_link_that_leads_elsewhere(repository: Path, target: str, source: str) -> None:
    (repository / "crate/static/link").symlink_to(target)
    with pytest.raises(UsageError, match=r"leads out of|there is no"):
        check(repository, source)


@pytest.mark.parametrize("source", ["static", "static/**", "static/way/secret", "static/way/*", "**/secret"])
@pytest.mark.parametrize("target", ["../../../outside", "{outside}"])
def test_a_link_in_the_middle_of_a_path(repository: Path, source: str, target: str) -> None:
    outside = repository.parent / "outside"
    (repository / "crate/static/way").symlink_to(target.format(outside=outside))
    with pytest.raises(UsageError, match="leads out of"):
        check(repository, source)


def test_an_absolute_link_is_refused_though_it_leads_inside(repository: Path) -> None:
    (repository / "crate/static/link").symlink_to(repository / "crate/static/index.html")
    with pytest.raises(UsageError, match="is absolute"):
        check(repository, "static")


def test_links_that_stay_inside(repository: Path) -> None:
    (repository / "crate/current").symlink_to("static")
    (repository / "crate/static/also").symlink_to("sub/a.css")
    for source in ("current", "current/index.html", "static/also", "current/**"):
        check(repository, source)


def test_a_circle(repository: Path) -> None:
    (repository / "crate/static/sub/up").symlink_to("..")
    with pytest.raises(UsageError, match="leads to a directory that it lies in"):
        check(repository, "static")


@pytest.mark.parametrize("source", ["static", "static/special", "static/s*"])
@pytest.mark.parametrize("what", ["fifo", "socket"])
def test_what_is_no_file(repository: Path, source: str, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    special = repository / "crate/static/special"
    if what == "fifo":
        os.mkfifo(special)
    else:
        monkeypatch.chdir(special.parent)
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind("special")
    with pytest.raises(UsageError, match="neither a file nor a directory"):
        check(repository, source)


def named(repository: Path, *patterns: str) -> Named:
    return find_named(repository / "crate", patterns, repository, ORIGIN)


def test_what_include_names(repository: Path) -> None:
    found = named(repository, "../proto/*.proto", "../other", "../other/**")
    assert found == Named(files=(repository / "proto/a.proto",), directories=(repository / "other",))
    assert named(repository, "../proto/**/*.proto").files == tuple(sorted((repository / "proto").rglob("*.proto")))


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("../../outside/secret", "leads out of"),
        ("../../outside/*", "leads out of"),
        ("../absent", "there is no"),
        ("../proto/*.txt", "there is no such file"),
        (".git", "is no repository"),
    ],
)
def test_what_include_may_not_name(repository: Path, pattern: str, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        named(repository, pattern)


@pytest.mark.parametrize("pattern", [".git", "../.git"])
def test_history(repository: Path, pattern: str) -> None:
    (repository / ".git/objects/info").mkdir(parents=True)
    (repository / ".git/HEAD").write_text("ref: refs/heads/main\n")
    assert named(repository, pattern) == Named(history=repository / ".git")
    (repository / ".git/objects/info/alternates").write_text("/elsewhere\n")
    with pytest.raises(UsageError, match="borrows objects"):
        named(repository, pattern)


def test_a_work_tree_of_another_repository(repository: Path) -> None:
    (repository / ".git").write_text("gitdir: /elsewhere/.git/worktrees/x\n")
    with pytest.raises(UsageError, match="a work tree or a submodule"):
        named(repository, ".git")
