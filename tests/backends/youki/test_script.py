"""The commands of a step as text for a shell: what a program gets is what the plan says, word for word."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cargo_stow.backends.youki.rootfs import DEFAULT_PATH
from cargo_stow.backends.youki.script import describe, make_environment, make_script
from cargo_stow.plan import Run

CHARACTERS = st.characters(codec="utf-8", exclude_characters="\0")
WORDS = st.lists(st.text(CHARACTERS), min_size=1, max_size=4)


def sh(step: Run) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["sh", "-c", make_script(step)], capture_output=True, check=False)


@given(words=WORDS)
def test_every_word_arrives(words: list[str]) -> None:
    step = Run(commands=(("printf", "%s\\0", *words), ("printf", "%s", "end")))
    assert sh(step).stdout == b"".join(word.encode() + b"\0" for word in words) + b"end"


def test_the_first_failure_ends_it() -> None:
    result = sh(Run(commands=(("printf", "one"), ("sh", "-c", "exit 7"), ("printf", "three"))))
    assert (result.stdout, result.returncode) == (b"one", 7)


def test_the_directory_is_entered_first() -> None:
    assert sh(Run(commands=(("pwd",),), directory="/usr/bin/..")).stdout == b"/usr\n"
    missing = sh(Run(commands=(("printf", "x"),), directory="/no such"))
    assert (missing.stdout, missing.returncode != 0) == (b"", True)


class TestEnvironment:
    def test_the_step_s_path_comes_first(self) -> None:
        step = Run(commands=(), path=("/a", "/b"))
        assert dict(make_environment(step, {"PATH": "/bin"}, {}, 0))["PATH"] == "/a:/b:/bin"
        assert dict(make_environment(step, {}, {}, 0))["PATH"] == f"/a:/b:{DEFAULT_PATH}"

    def test_who_wins(self) -> None:
        step = Run(commands=(), environment=(("A", "step"),))
        image = {"A": "image", "B": "image", "C": "image", "HOME": "/x", "SOURCE_DATE_EPOCH": "1"}
        found = dict(make_environment(step, image, {"A": "lent", "B": "lent"}, 7))
        assert found.pop("PATH") == DEFAULT_PATH
        assert found == {"A": "step", "B": "lent", "C": "image", "HOME": "/x", "SOURCE_DATE_EPOCH": "7"}


@pytest.mark.parametrize(("length", "end"), [(99, "x"), (100, "...")])
def test_a_description_fits_on_a_line(length: int, end: str) -> None:
    (text,) = describe(Run(commands=(("x" * length,),)))
    assert text.endswith(end)
    assert len(text) <= 100
