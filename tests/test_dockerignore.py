"""`context.list_files` and the rendered `.dockerignore` are two statements of one rule: they must agree."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cargo_stow.context import list_files
from cargo_stow.dockerfile import render_dockerignore
from cargo_stow.plan import Context
from tests.docker_patterns import is_reached, is_sent, parse_patterns

NAMES = [
    "a",
    "b",
    "src",
    "target",
    ".git",
    "Cargo.toml",
    "#x",
    "!y",
    "*",
    "a*",
    "?",
    "[a]",
    "a\\",
    "\\*",
    "a b",
    "+",
    "(p)",
]
PATHS = st.lists(st.sampled_from(NAMES), min_size=1, max_size=4).map("/".join)
RULES = st.lists(PATHS | st.just("."), max_size=4, unique=True)


def context_of(directories: list[str], files: list[str] = [], excluded: list[str] = []) -> Context:  # noqa: B006
    def sorted_paths(paths: list[str]) -> tuple[PurePosixPath, ...]:
        return tuple(sorted(map(PurePosixPath, paths)))

    return Context(directories=sorted_paths(directories), files=sorted_paths(files), excluded=sorted_paths(excluded))


def make_tree(root: Path, paths: list[str]) -> list[str]:
    """Make the files that can be made: a name may be taken by a directory, and the other way round.

    Returns these, and the directories that are empty but for version control.
    """
    for path in paths:
        with contextlib.suppress(OSError):
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).touch()
    found = [path for path in root.rglob("*") if path.is_file() or {each.name for each in path.iterdir()} <= {".git"}]
    return [str(path.relative_to(root)) for path in found]


def agree(root: Path, files: list[str], context: Context) -> list[str]:
    text = render_dockerignore(context)
    patterns = parse_patterns(text)
    listed = [str(path.relative_to(root)) for path in list_files(root, context)]
    assert sorted(listed) == sorted(path for path in files if is_sent(path, patterns))
    assert all(is_reached(path, text) for path in listed)
    return listed


@settings(max_examples=150, deadline=None)
@given(paths=st.lists(PATHS, max_size=12), sources=RULES, excluded=RULES, files=st.lists(PATHS, max_size=3))
@example(paths=["a/src/b", "a/target/b"], sources=["a"], excluded=["a/target"], files=[])
@example(paths=["a/b/src/x", "a/b/y"], sources=["a", "a/b/src"], excluded=["a/b"], files=["a/b/Cargo.toml"])
@example(paths=["[a]/#x/src/b", "[a]/src"], sources=["[a]/#x/src"], excluded=["[a]"], files=["*/a*/Cargo.toml"])
@example(paths=["a/.git/x", ".git/y", "a/b"], sources=["."], excluded=[], files=[])
def test_the_two_rules_agree(paths: list[str], sources: list[str], excluded: list[str], files: list[str]) -> None:
    root = Path(tempfile.mkdtemp())
    try:
        made = make_tree(root, [*paths, *files])
        directories = [path for path in sources if (root / path).is_dir() and ".git" not in path]
        context = context_of(directories, [path for path in files if (root / path).is_file() and ".git" not in path],
                             [path for path in excluded if path not in directories])  # fmt: skip
        agree(root, made, context)
    finally:
        shutil.rmtree(root)


@pytest.mark.parametrize(
    ("context", "sent"),
    [
        (context_of(["."]), {"Cargo.toml", "a/Cargo.toml", "a/src/x", "a/target/x", "b/src/x", "b/c/src/x", "junk"}),
        (context_of(["a"]), {"a/Cargo.toml", "a/src/x", "a/target/x"}),
        (context_of(["a"], excluded=["a/target"]), {"a/Cargo.toml", "a/src/x"}),
        (context_of(["a"], ["Cargo.toml"], ["a/target", "a/src/x"]), {"a/Cargo.toml", "Cargo.toml"}),
        (context_of([".", "b/c"], ["b/Cargo.toml"], ["a", "b"]), {"Cargo.toml", "b/c/src/x", "junk"}),
        (context_of([], ["a/src/x"], ["a"]), {"a/src/x"}),
        (context_of([]), set()),
    ],
)
def test_the_deepest_rule_wins(tmp_path: Path, context: Context, sent: set[str]) -> None:
    files = make_tree(
        tmp_path,
        ["Cargo.toml", "a/Cargo.toml", "a/src/x", "a/target/x", "b/src/x", "b/c/src/x", "junk", ".git/x", "a/.svn/x"],
    )
    assert set(agree(tmp_path, files, context)) == sent


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("src", "!src"),
        (".", "!**"),
        ("#x", "!\\#x"),
        ("!x", "!\\!x"),
        ("a#!b", "!a#!b"),
        ("a*b?", "!a\\*b\\?"),
        ("[a]", "!\\[a\\]"),
        ("a\\b", "!a\\\\b"),
        ("c++ (x|y){1}^", "!c\\+\\+ \\(x\\|y\\)\\{1\\}\\^"),
    ],
)
def test_patterns(path: str, line: str) -> None:
    lines = render_dockerignore(context_of([path])).splitlines()
    assert lines[0].startswith("# ")
    assert lines[1:] == ["**", line, "**/.git", "**/.hg", "**/.jj", "**/.svn"]


def test_the_way_to_a_package_is_let_in_where_its_name_has_escapes() -> None:
    lines = render_dockerignore(context_of(["c++/x/api", "plain/x/web"], ["d[]/Cargo.toml"], ["d[]"])).splitlines()
    assert lines[2:-4] == [
        "!c\\+\\+",
        "c\\+\\+/*",
        "!d\\[\\]",
        "d\\[\\]/*",
        "!c\\+\\+/x",
        "c\\+\\+/x/*",
        "!c\\+\\+/x/api",
        "!plain/x/web",
        "!d\\[\\]/Cargo.toml",
    ]
