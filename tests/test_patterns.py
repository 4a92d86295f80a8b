from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from cargo_stow.patterns import Pattern


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        ("static/*", ["static/a", "static/.b"], ["static/a/b", "static", "other/a"]),
        ("static/**", ["static/a", "static/a/b"], ["a/static/b"]),
        ("**/*.css", ["a.css", "x/y/a.css"], ["a.css/b", "a.scss2"]),
        ("a/**/b", ["a/b", "a/x/b", "a/x/y/b"], ["b", "a/b/c"]),
        ("?.txt", ["a.txt", "é.txt"], ["ab.txt", ".txt"]),
        ("[id].html", ["[id].html"], ["i.html"]),
        ("a.b", ["a.b"], ["axb"]),
    ],
)
def test_what_matches(pattern: str, matching: list[str], other: list[str]) -> None:
    assert [path for path in matching if not Pattern(pattern).matches(PurePosixPath(path))] == []
    assert [path for path in other if Pattern(pattern).matches(PurePosixPath(path))] == []


def test_where_a_pattern_begins() -> None:
    assert Pattern("a/b/*.c").fixed == PurePosixPath("a/b")
    assert Pattern("**").fixed == PurePosixPath()
    assert Pattern("a/b").is_plain
    assert not Pattern("a/b?").is_plain
