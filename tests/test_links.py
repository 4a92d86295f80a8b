from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cargo_stow.links import find_linked, trace

if TYPE_CHECKING:
    from pathlib import Path

FILES = ("w/app/main.rs", "w/common/a.rs", "w/common/data/x", "away/x", "w/.git/HEAD")
LINKS = {
    "w/app/file": "../common/a.rs",
    "w/app/directory": "../common/data",
    "w/app/chain": "../way/a.rs",
    "w/way": "common",
    "w/app/up": "../..",
    "w/app/own": "main.rs",
    "w/app/itself": "itself",
    "w/app/circle": "../round",
    "w/round": "app/circle",
    "w/app/nothing": "../nothing",
    "w/app/outside": "../../away/x",
    "w/app/absolute": "/etc",
    "w/app/hidden": "../.git/HEAD",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    for name, to in LINKS.items():
        (tmp_path / name).symlink_to(to)
    return tmp_path / "w"


@pytest.mark.parametrize(
    ("link", "found"),
    [
        ("file", {"common/a.rs"}),
        ("directory", {"common/data"}),
        ("chain", {"way", "common/a.rs"}),
        ("circle", {"round"}),
        *((name, set()) for name in ("up", "own", "itself", "nothing", "outside", "absolute", "hidden")),
    ],
)
def test_what_a_link_leads_to(root: Path, link: str, found: set[str]) -> None:
    sent = [root / "app/main.rs", root / "app" / link]
    assert find_linked(sent, root) == {root / name for name in found}


def test_a_path_is_traced_through_links(root: Path) -> None:
    assert trace(root / "way/data/x", root) == {root / "way", root / "common/data/x"}
    assert trace(root / "app/main.rs", root) == {root / "app/main.rs"}
    assert trace(root.parent / "away/x", root) == set()
