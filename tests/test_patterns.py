from __future__ import annotations

import re
import time
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


@pytest.mark.parametrize("text", ["**/a/" * 100 + "b", "*a" * 100 + "b", "a*" * 100 + "/" + "**/" * 50 + "b"])
def test_many_stars_take_no_time(text: str) -> None:
    """Each way of sharing a path among them was tried, which are more than anybody can wait for."""
    path = PurePosixPath("a/" * 400 + "a" * 200)
    began = time.process_time()
    assert not Pattern(text).matches(path)
    assert Pattern(text).matches(PurePosixPath(text.replace("**", "a").replace("*", "a")))
    Pattern(text).may_match_below(path)
    assert time.process_time() - began < 5


NAMES = st.lists(st.sampled_from(["**", "a", "*", "?", "a*b", "*a*", "[a]", "a**?"]), min_size=1, max_size=5)


@given(names=NAMES, parts=st.lists(st.sampled_from(["a", "b", "ab", "aab", "[a]"]), min_size=1, max_size=5))
def test_a_pattern_is_what_its_words_say(names: list[str], parts: list[str]) -> None:
    """By a definition that is plain, and slow."""

    def match(names: list[str], parts: list[str]) -> bool:
        if not names or (not parts and names[0] != "**"):
            return not names and not parts
        if names[0] == "**":
            return match(names[1:], parts) or (bool(parts) and match(names, parts[1:]))
        spelled = "".join({"*": ".*", "?": "."}.get(each) or re.escape(each) for each in names[0])
        return bool(re.fullmatch(spelled, parts[0])) and match(names[1:], parts[1:])

    path = PurePosixPath(*parts)
    assert Pattern("/".join(names)).matches(path) == match(names, parts)
    may = any(match(names[:end], parts) for end in range(len(names) + 1))
    assert Pattern("/".join(names)).may_match_below(path) >= may
