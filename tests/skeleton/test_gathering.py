"""Patterns of files mean the same here and in the program that gathers them."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cargo_stow.globs import expand
from cargo_stow.patterns import Pattern

if TYPE_CHECKING:
    from pathlib import Path


def pick(program: Path, place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    argv: list[str | Path] = [program, "pick", place / "context", place / "out", *words]
    return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)


names = st.sampled_from(["a", "b", "ab", ".a", "é", "[a]", "a.b"])
paths = st.lists(names, min_size=1, max_size=3).map("/".join)
wild = st.sampled_from(["*", "?", "**", "a*", "*b", "?b", "a", "[a]", "*.*"])
patterns = st.lists(wild, min_size=1, max_size=4).map("/".join)


@given(st.sets(paths, min_size=1, max_size=6), patterns)
@settings(max_examples=60)
@example({"a/b", "ab"}, "**/?b")
def test_the_program_gathers_the_same(
    program: Path, tmp_path_factory: pytest.TempPathFactory, files: set[str], text: str
) -> None:
    place = tmp_path_factory.mktemp("gather")
    home = place / "context/crate"
    for name in sorted(files):
        path = home / name
        if not any(parent.is_file() for parent in path.parents) and not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    pattern = Pattern(text)
    start = home / pattern.fixed
    found = expand(home, pattern, home) if start.exists() else []
    rest = "" if pattern.is_plain else "/".join(pattern.parts[len(pattern.fixed.parts) :])
    fixed = "" if str(pattern.fixed) == "." else str(pattern.fixed)
    done = pick(program, place, "crate", fixed, rest, "/x/", "")
    assert (done.returncode == 0) == bool(found), done.stderr
    gathered = {path.relative_to(place / "out/0/x") for path in (place / "out").rglob("*") if path.is_file()}
    base = start if start.is_dir() else start.parent
    assert gathered == {path.relative_to(base) for path in found}


@pytest.mark.parametrize("target", ["/etc/passwd", "../../outside", "absent", "."])
@pytest.mark.parametrize("rest", ["", "**"])
def test_the_program_follows_no_link_out(program: Path, tmp_path: Path, target: str, rest: str) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "context/static").mkdir(parents=True)
    (tmp_path / "context/static/link").symlink_to(target)
    done = pick(program, tmp_path, "", "static", rest, "/srv", "")
    assert done.returncode == 1
    assert "context/static/link: " in done.stderr
    assert not (tmp_path / "out/0/srv/link").exists()


@pytest.mark.parametrize(("mode", "given", "found"), [(0o600, "", 0o644), (0o700, "", 0o755), (0o711, "0640", 0o640)])
def test_modes(program: Path, tmp_path: Path, mode: int, given: str, found: int) -> None:
    source = tmp_path / "context/run"
    source.parent.mkdir()
    source.touch()
    source.chmod(mode)
    assert pick(program, tmp_path, "", "run", "", "/opt/it", given).returncode == 0
    assert (tmp_path / "out/0/opt/it").stat().st_mode & 0o7777 == found


@pytest.mark.parametrize(
    ("rest", "found"), [("*a*a*a*a*a*a*a*a*b", False), ("**/a/" * 12 + "b", False), ("**/*a*a*", True)]
)
def test_many_stars_take_no_time(program: Path, tmp_path: Path, rest: str, found: bool) -> None:
    """Each way of sharing a path among them was tried."""
    directory = tmp_path / "context" / ("a/" * 60)
    directory.mkdir(parents=True)
    for place in (directory, tmp_path / "context"):
        (place / ("a" * 120)).touch()
    done = pick(program, tmp_path, "", "", rest, "/srv", "")
    assert (done.returncode == 0) == found
