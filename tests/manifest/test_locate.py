from __future__ import annotations

from pathlib import Path

import pytest

from cargo_stow.errors import UsageError
from cargo_stow.manifest import check_manifest_path, find_manifest


def test_find_manifest_takes_the_nearest_above(tmp_path: Path) -> None:
    (tmp_path / "a/b/src").mkdir(parents=True)
    for directory in ("", "a/b"):
        (tmp_path / directory / "Cargo.toml").touch()
    assert find_manifest(tmp_path / "a/b/src") == tmp_path / "a/b/Cargo.toml"
    assert find_manifest(tmp_path / "a") == tmp_path / "Cargo.toml"


def test_find_manifest_says_where_it_looked_and_what_to_type(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"no Cargo.toml in {tmp_path} or any parent directory") as caught:
        find_manifest(tmp_path)
    assert "cargo init" in caught.value.hint
    assert "--manifest-path" in caught.value.hint


def test_manifest_path_may_be_the_file_or_its_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "Cargo.toml").touch()
    monkeypatch.chdir(tmp_path)
    for given in (tmp_path, tmp_path / "Cargo.toml", Path("Cargo.toml"), Path(), Path("x/../Cargo.toml")):
        assert check_manifest_path(given) == tmp_path / "Cargo.toml"


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ("other.toml", "other.toml is not a file called Cargo.toml"),
        ("Cargo.lock", "not a file called Cargo.toml"),
        ("missing/Cargo.toml", "there is no file"),
        ("empty", "there is no file .*empty/Cargo.toml"),
    ],
)
def test_manifest_path_refuses(tmp_path: Path, given: str, complaint: str) -> None:
    (tmp_path / "other.toml").touch()
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match=complaint) as caught:
        check_manifest_path(tmp_path / given)
    assert "--manifest-path" in caught.value.hint
