"""Paths on their way into Docker's files: each is written so that Docker reads it back, or refused."""

from __future__ import annotations

import os
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cargo_stow.dockerfile import render_dockerfile, render_dockerignore
from cargo_stow.errors import UsageError
from cargo_stow.planner.cargo import build
from tests.crates import ROOT, make_package, make_workspace, plan_of, settings_of
from tests.docker_patterns import is_sent, parse_patterns

if TYPE_CHECKING:
    from cargo_stow.plan import Plan

MEMBER, OTHER = ROOT / "member", ROOT / "other"
REFUSED = {
    "a\nb": "a control character", "a\tb": "a control character",
    "\x7f": "a control character", "a\r": "a control character",
    "a\x85b": "a control character", "\x1b[2J": "a control character",
    os.fsdecode(b"\xff"): "bytes that are not UTF-8",
    "a ": "a blank at its beginning or end", " a": "a blank at its beginning or end",
    "a\u3000": "a blank at its beginning",
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "place"),
    [
        (name, place)
        for name in REFUSED
        for place in ("source", "stub", "target", "config")
        if (name, place) != (" a", "target")  # "member/ a" does not begin with a blank
    ],
)
def test_a_path_that_dockers_files_cannot_hold(name: str, place: str) -> None:
    odd = (MEMBER if place == "target" else ROOT) / name
    package = make_package("member", odd if place == "source" else MEMBER)
    stub = make_package("other", odd if place == "stub" else OTHER)
    workspace = make_workspace(package, stub, target=odd if place == "target" else None)
    with pytest.raises(UsageError, match=REFUSED[name]) as caught:
        plan_of(workspace, files=(odd / ("." if place == "config" else ""),) if place == "config" else ())
    assert repr(str(odd))[:-1] in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("name", [".git", ".hg", ".jj", ".svn"])
def test_a_package_in_a_version_control_directory(name: str) -> None:
    with pytest.raises(
        UsageError, match=rf"`x/\{name}/m` is needed by the build, but what is in a directory `\{name}` is never"
    ):
        plan_of(make_workspace(make_package("m", ROOT / "x" / name / "m"), make_package("other", OTHER)))
    assert plan_of(make_workspace(target=ROOT / name)).context.directories


ODD = st.text(
    st.sampled_from("ab #!*[]?\\'\"$`{}()|^+~;&<>=,.-\n\t\x7f\x85\u2028é") | st.characters(), min_size=1, max_size=8
)


def lines(plan: Plan) -> int:
    """How many lines there are, not counting those that Docker joins: where they are broken depends on their length."""
    return render_dockerfile(plan).encode().replace(b" \\\n", b"").count(b"\n")


@given(name=ODD.filter(lambda name: "/" not in name and "\0" not in name and name not in {".", ".."}))
def test_any_directory_name_is_refused_or_read_back_by_docker(name: str) -> None:
    workspace = make_workspace(make_package("member", ROOT / name), make_package("other", ROOT / "x" / name))
    try:
        plan = plan_of(workspace)
    except UsageError as error:
        assert str(error).isprintable()  # noqa: PT017
        return
    usual = plan_of(make_workspace(make_package("member", MEMBER), make_package("other", ROOT / "x" / "member")))
    assert lines(plan) == lines(usual)
    patterns = parse_patterns(render_dockerignore(plan.context))
    sent = (
        f"{name}/src/main.rs",
        f"x/{name}/Cargo.toml",
        f"x/{name}/src/main.rs",
        f"{name}-x/src/main.rs",
        "Cargo.lock",
    )
    assert [is_sent(path, patterns) for path in sent] == [True, True, False, False, True]


@pytest.mark.parametrize("name", ["a b", "a#b", "a%20b", "a?b", "a\\b", "%", "é", "a'b"])
def test_a_package_whose_name_another_one_has_is_named_by_its_address(name: str) -> None:
    """cargo reads a URL: what stands behind `#` or `?` is no path, and `%20` a blank."""
    package = make_package("twin", ROOT / name)
    words = build(package, settings_of(package=package), PurePosixPath(name))
    address = urlsplit(words[words.index("--package") + 1])
    assert (address.scheme, address.query, address.fragment) == ("file", "", "twin")
    assert unquote(address.path) == f"/build/src/{name}"
    assert "\\" not in address.path
