"""Which packages of a workspace become images."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cargo_stow.errors import UsageError
from cargo_stow.selection import Selection, select
from tests.crates import ROOT, make_package, make_workspace

if TYPE_CHECKING:
    from cargo_stow.model import Workspace

SECTION = {"base_image": "debian:12"}
MANIFEST = ROOT / "Cargo.toml"


@pytest.fixture
def workspace() -> Workspace:
    """A virtual one with three images and a library."""
    images = [make_package(name, ROOT / name, container=SECTION) for name in ("api", "api-gateway", "worker")]
    return make_workspace(*images, replace(make_package("shared", ROOT / "shared"), container=None))


def names(found: Workspace, **asked: object) -> list[str]:
    return [package.name for package in select(found, MANIFEST, Selection(**asked))]  # type: ignore[arg-type]


def test_a_virtual_workspace_is_all_of_its_images(workspace: Workspace) -> None:
    assert names(workspace) == names(workspace, workspace=True) == ["api", "api-gateway", "worker"]


def test_the_package_at_hand(workspace: Workspace) -> None:
    here = replace(workspace, selected="worker")
    assert names(here) == ["worker"]
    assert names(here, workspace=True, exclude=("api*",)) == ["worker"]
    assert names(here, packages=("api",)) == ["api"]


def test_names_and_patterns_in_the_order_of_the_workspace(workspace: Workspace) -> None:
    assert names(workspace, packages=("worker", "api*", "worker")) == ["api", "api-gateway", "worker"]
    assert names(workspace, packages=("shared",)) == ["shared"]  # its lack of a section is told by name


@pytest.mark.parametrize(
    ("asked", "complaint"),
    [
        ({"packages": ("nope",)}, "has no package `nope`"),
        ({"packages": ("x*",)}, r"has no package `x\*`"),
        ({"workspace": True, "exclude": ("nope",)}, "has no package `nope`"),
        ({"exclude": ("api",)}, "--exclude says what to leave out"),
        ({"workspace": True, "exclude": ("*",)}, "that is not excluded has a"),
    ],
)
def test_what_cannot_be_selected(workspace: Workspace, asked: dict[str, object], complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint) as caught:
        names(workspace, **asked)
    assert caught.value.hint


def test_a_variable_counts_where_no_flag_says_anything() -> None:
    environment = {"CARGO_STOW_PACKAGE": "api, worker"}
    assert Selection().completed(environment).packages == ("api", "worker")
    assert Selection(packages=("x",)).completed(environment).packages == ("x",)
    assert Selection(workspace=True).completed(environment).packages == ()
