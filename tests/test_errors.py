from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from cargo_stow import errors
from cargo_stow.errors import StowError, Terminated

CLASSES = [each for _, each in inspect.getmembers(errors, inspect.isclass) if issubclass(each, StowError)]
DRAWN = {name: int(code) for name, code in re.findall(r"[├└]── (\w+) +(\d+) ", errors.__doc__ or "")}
TAKEN = {0, 1, 70, 125, 126, 127, 130, 143}


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    assert {each.__name__: each.exit_code for each in CLASSES if each is not StowError} == DRAWN
    assert all(each.__bases__ == (StowError,) for each in CLASSES if each is not StowError)


def test_the_table_in_the_readme_has_every_code() -> None:
    text = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    listed = [int(code) for code in re.findall(r"^\| (\d+) \|", text, re.MULTILINE)]
    assert listed == [0, *sorted(DRAWN.values()), 70, 129, 130, 141, 143]


def test_exit_codes_are_distinct_and_mean_nothing_else() -> None:
    codes = [each.exit_code for each in CLASSES if each is not StowError]
    assert len(set(codes)) == len(codes)
    assert not set(codes) & TAKEN
    assert all(2 <= code < 64 for code in codes)


@pytest.mark.parametrize("each", CLASSES)
def test_every_class_says_what_it_is(each: type[StowError]) -> None:
    assert re.fullmatch(r"An?y? .*\.|The .*\.|Nothing .*\.", (each.__doc__ or "").splitlines()[0])
    assert str(each("what failed", hint="what to type", detail="more")) == "what failed"
    assert (each("x", hint="y", detail="z").hint, each("x", detail="z").detail) == ("y", "z")


def test_termination_is_no_failure() -> None:
    assert not issubclass(Terminated, Exception)
    assert Terminated(15).signum == 15
