"""Paths in a root file system: every link is followed, none of them out of it."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cargo_stow.errors import ImageFormatError
from cargo_stow.sandbox.rooted import resolve


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root/usr/bin").mkdir(parents=True)
    return tmp_path / "root"


@pytest.mark.parametrize(
    ("target", "path", "found"),
    [
        ("usr/bin", "/link/sh", "usr/bin/sh"),
        ("/usr/bin", "/link/sh", "usr/bin/sh"),
        ("/usr/bin", "/link", "usr/bin"),
        ("../../../etc", "/link/passwd", "etc/passwd"),
        ("/..", "/link/x", "x"),
        (".", "/link/link/x", "x"),
        ("usr//./bin/", "/link/../x", "usr/x"),
        ("/gone", "/link/x", "gone/x"),
    ],
)
def test_links(root: Path, target: str, path: str, found: str) -> None:
    (root / "link").symlink_to(target)
    assert resolve(root, path) == root / found


def test_a_relative_link_begins_where_it_is(root: Path) -> None:
    (root / "usr/link").symlink_to("bin")
    assert resolve(root, "usr/link/sh") == root / "usr/bin/sh"


def test_an_absolute_one_begins_at_the_root(root: Path) -> None:
    (root / "usr/link").symlink_to("/bin")
    assert resolve(root, "usr/link/sh") == root / "bin/sh"


@pytest.mark.parametrize("path", ["", "/", ".", "..", "/../..", "usr/../..", "//"])
def test_the_root_is_its_own_parent(root: Path, path: str) -> None:
    assert resolve(root, path) == root


def test_a_link_to_a_link_of_another_directory(root: Path) -> None:
    (root / "one").symlink_to("/usr/two")
    (root / "usr/two").symlink_to("bin")
    assert resolve(root, "one/x") == root / "usr/bin/x"


@pytest.mark.parametrize("target", ["link", "/link", "./link/x", "usr/../link"])
def test_circles(root: Path, target: str) -> None:
    (root / "link").symlink_to(target)
    with pytest.raises(ImageFormatError, match="too many symbolic links on the way to /link/x"):
        resolve(root, "/link/x")


def test_as_many_links_as_the_kernel_follows(root: Path) -> None:
    for number in range(41):
        (root / f"l{number}").symlink_to(f"l{number + 1}")
    assert resolve(root, "l1") == root / "l41"
    with pytest.raises(ImageFormatError):
        resolve(root, "l0")


PATHS = st.lists(st.sampled_from(["a", "b", "c", "..", ".", ""]), max_size=5).map("/".join)
PLACES = st.sampled_from(["c", "a/a", "a/c", "a/b/a", "a/b/b", "a/b/c"])


@given(links=st.dictionaries(PLACES, PATHS.filter(bool), max_size=4), path=PATHS)
def test_nothing_leads_out(links: dict[str, str], path: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name).resolve() / "root"
        (root / "a/b").mkdir(parents=True)
        for place, target in links.items():
            (root / place).symlink_to(target)
        try:
            found = resolve(root, path)
        except ImageFormatError:
            return
        assert found.is_relative_to(root)
        assert ".." not in found.parts
        assert not found.is_symlink()
