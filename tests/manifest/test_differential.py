"""The two readers on generated workspaces: where cargo reads one, both give the same value."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cargo_stow.errors import UsageError
from cargo_stow.manifest import load_workspace
from cargo_stow.process import SystemRunner

PLACES = ("w", "w/a", "w/b/c", "w/b/d", "out/e")
FILES = ("src/lib.rs", "src/main.rs", "build.rs", "src/bin/one.rs", "src/bin/two/main.rs", "src/x.rs", "gen.rs")


def option(*texts: str) -> st.SearchStrategy[str]:
    """One of these lines, and most often none."""
    return st.sampled_from(("", "", "", *texts))


@st.composite
def packages(draw: st.DrawFn, place: str, in_workspace: bool) -> str:
    """Draw a manifest that any of the rules may apply to."""

    def inherited(key: str) -> list[str]:
        return [f"{key}.workspace = true"] if in_workspace else []

    name = draw(st.sampled_from((place.replace("/", "-"), place.rpartition("/")[2])))
    head = [
        f'[package]\nname = "{name}"',
        draw(option('version = "1.0.0"', 'version = "0.1.0-a.1+b"', *inherited("version"))),
        draw(option('edition = "2021"', 'edition = "2018"', *inherited("edition"))),
        draw(option("autobins = false", "autobins = true")),
        draw(option("autolib = false", "autolib = true")),
        draw(option("build = false", 'build = "gen.rs"', "build = true")),
    ]
    tail = [
        draw(option("[lib]", '[lib]\nname = "x"', '[lib]\npath = "src/x.rs"', "[lib]\nproc-macro = true")),
        draw(option('[[bin]]\nname = "one"', '[[bin]]\nname = "x"', '[[bin]]\nname = "x"\npath = "src/main.rs"')),
        draw(option('[[bin]]\nname = "two"\npath = "src/bin/../x.rs"')),
    ]
    return "\n".join([*head, *draw(dependencies(place, in_workspace)), *tail]) + "\n"


@st.composite
def dependencies(draw: st.DrawFn, place: str, in_workspace: bool) -> list[str]:
    sections = ("dependencies", "dev-dependencies", "build-dependencies", "target.'cfg(unix)'.dependencies")
    lines = []
    for section in draw(st.sets(st.sampled_from(sections), max_size=2)):
        lines.append(f"[{section}]")
        for other in draw(st.sets(st.sampled_from(PLACES), max_size=2)):
            path = os.path.relpath(other, place)
            key = other.replace("/", "-")
            own = f'{{ path = "{path}", package = "{key}" }}'
            lines.append(
                f"n-{key} = " + draw(st.sampled_from((own, "{ workspace = true }") if in_workspace else (own,)))
            )
    return lines


@st.composite
def trees(draw: st.DrawFn) -> tuple[dict[str, str], str]:
    in_workspace = draw(st.booleans())
    manifests = {
        place: draw(packages(place, in_workspace and place != "out/e"))
        for place in PLACES
        if place == "w" or draw(st.integers(0, 9))
    }
    if in_workspace:
        members = draw(
            st.sampled_from(
                ('"a", "b/*"', '"a", "b/c", "b/d"', '"a"', '"b/*"', '"a", "b/[cd]"', '"?", "b/**/c"', '"../out/e"', "")
            )
        )
        shared = "".join(
            f'n-{key} = {{ path = "{os.path.relpath(other, "w")}", package = "{key}" }}\n'
            for other in PLACES
            for key in [other.replace("/", "-")]
        )
        exclude = draw(option('exclude = ["b"]', 'exclude = ["a", "b/d"]'))
        inherited = 'version = "3.0.0"\nedition = "2021"\n'
        workspace = f"[workspace]\nmembers = [{members}]\n{exclude}\n[workspace.package]\n{inherited}"
        own = draw(st.sampled_from((manifests["w"], "")))
        manifests["w"] = f"{workspace}[workspace.dependencies]\n{shared}\n{own}"
    files = {f"{place}/Cargo.toml": text for place, text in manifests.items()}
    for place in manifests:
        files |= {f"{place}/{file}": "" for file in ("src/lib.rs", *draw(st.sets(st.sampled_from(FILES))))}
    return files, draw(st.sampled_from(sorted(manifests)))


@pytest.mark.skipif(shutil.which("cargo") is None, reason="compares with the cargo on PATH")
@settings(max_examples=int(os.environ.get("STOW_EXAMPLES", "40")), deadline=None)
@given(trees())
def test_both_readers_agree(case: tuple[dict[str, str], str]) -> None:
    files, start = case
    with tempfile.TemporaryDirectory() as directory:
        for name, text in files.items():
            file = Path(directory) / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        compare(Path(directory) / start / "Cargo.toml")


def compare(manifest: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CARGO")}
    try:
        expected = load_workspace(manifest, SystemRunner(), environment=environment)
    except UsageError:
        return accept_or_refuse(manifest, environment)
    assert load_workspace(manifest, SystemRunner(), cargo=False, environment=environment) == expected
    return None


def accept_or_refuse(manifest: Path, environment: dict[str, str]) -> None:
    """What cargo refuses may be read without it (it checks more), but nothing else than a UsageError may come out."""
    try:
        load_workspace(manifest, SystemRunner(), cargo=False, environment=environment)
    except UsageError as error:
        assert error.hint  # noqa: PT017  (being read is as good)
