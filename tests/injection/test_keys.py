"""Whatever stands in a manifest, a variable or a flag."""

from __future__ import annotations

import contextlib
import shlex
from typing import TYPE_CHECKING, Any

import click
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cargo_stow.errors import UsageError
from cargo_stow.options import Command, crate_options
from cargo_stow.settings import KEYS
from cargo_stow.settings.keys import flag, variable
from cargo_stow.typed import make_work
from tests.crates import make_package, settings_of
from tests.injection.hostile import TEXTS, typed, values
from tests.injection.judge import BASE, EXAMPLES, OWN, check_kept, judge, plan_with, values_of
from tests.settings.kinds import EXECUTABLES, FREE, texts_of, value_of

if TYPE_CHECKING:
    from cargo_stow.work import Work

many = settings(max_examples=EXAMPLES)
# Flags as cargo has them: they are no texts of keys.
SWITCHES = {"bins", "all_features", "no_default_features"}


@click.command(cls=Command)
@crate_options()
def command_line(**options: Any) -> Work:
    """What every command does with what is typed."""
    return make_work(options)


@pytest.mark.parametrize("key", KEYS)
def test_every_key_has_a_strategy(key: str) -> None:
    values(key).validate()
    typed(key).validate()


@pytest.mark.parametrize("key", KEYS)
@many
@given(data=st.data(), place=st.sampled_from(["package", "workspace"]))
def test_manifest(key: str, data: st.DataObject, place: str) -> None:
    value = data.draw(values(key))
    origin = f"/Cargo.toml [{place}.metadata.container] {key}"
    found = judge(key, lambda: plan_with(key, value, place=place), origin)
    if found is not None:
        check_kept(key, value, found)


@pytest.mark.parametrize("key", KEYS)
@many
@given(data=st.data())
def test_variables(key: str, data: st.DataObject) -> None:
    text = data.draw(typed(key))
    judge(key, lambda: plan_with(key, environment={variable(key): text}), f"variable {variable(key)}")


@pytest.mark.parametrize("key", sorted(KEYS.keys() - SWITCHES))
@many
@given(data=st.data(), times=st.sampled_from([1, 1, 1, 2]))
def test_flags(key: str, data: st.DataObject, times: int) -> None:
    words = [f"{flag(key)}={data.draw(typed(key))}" for _ in range(times)]

    def make() -> Any:
        work = command_line.main(words, standalone_mode=False)
        return plan_with(key, flags=work.request.flags)

    judge(key, make, f"flag {flag(key)}", f"flag {flag('bins')}")


# What a reader of the plan finds spelled otherwise: filled in, or with what is not said added.
SPELLED = {"target_image", "tags", "ports", "user", "bins", "all_features", "no_default_features"}


@pytest.mark.parametrize("key", sorted(KEYS.keys() - FREE - SPELLED))
@many
@given(data=st.data())
def test_what_is_no_free_text_is_kept_too(key: str, data: st.DataObject) -> None:
    text = data.draw(typed(key))
    package = make_package(bins=EXECUTABLES, container={**BASE, key: value_of(key, text)}, default_run="one")
    with contextlib.suppress(UsageError):
        assert texts_of(key, settings_of(package=package)) == [text]


@many
@given(text=TEXTS, key=st.sampled_from(["env", "labels"]), is_flag=st.booleans())
def test_an_entry_that_is_typed_is_kept(text: str, key: str, is_flag: bool) -> None:
    typed = f"A={text}"

    def make() -> Any:
        if not is_flag:
            return plan_with(key, environment={variable(key): typed})
        return plan_with(key, flags=command_line.main([f"{flag(key)}={typed}"], standalone_mode=False).request.flags)

    found = judge(key, make, f"flag {flag(key)}", f"variable {variable(key)}")
    if found is not None and "\n" not in text:
        check_kept(key, {"A": text}, found)


@many
@given(words=st.lists(TEXTS, min_size=1, max_size=3), key=st.sampled_from(["entrypoint", "cmd"]))
def test_words_that_are_typed_are_kept(words: list[str], key: str) -> None:
    def make() -> Any:
        typed = f"{flag(key)}={shlex.join(words)}"
        return plan_with(key, flags=command_line.main([typed], standalone_mode=False).request.flags)

    found = judge(key, make, f"flag {flag(key)}")
    if found is not None and not shlex.join(words).startswith("["):
        assert values_of(found, OWN[key]) == tuple(words)


@pytest.mark.parametrize("key", ["cmd", "entrypoint", "env", "healthcheck", "labels"])
def test_the_longest_value_is_a_line_that_docker_reads(key: str) -> None:
    """Of signs that JSON has twelve letters for, if it may have no others."""
    text = "\U0001f600" * 7_900
    value = {"A": text} if key in {"env", "labels"} else [text]
    found = judge(key, lambda: plan_with(key, value))
    assert found is not None
    check_kept(key, value, found)
