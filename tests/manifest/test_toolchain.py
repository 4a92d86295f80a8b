from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cargo_stow.errors import UsageError
from cargo_stow.manifest import is_channel, load_toolchain

if TYPE_CHECKING:
    from pathlib import Path

NEW, OLD = "rust-toolchain.toml", "rust-toolchain"


@pytest.mark.parametrize(
    ("name", "text", "channel"),
    [
        (NEW, '[toolchain]\nchannel = "1.85"\n', "1.85"),
        (NEW, 'toolchain.channel = "nightly-2025-02-20"', "nightly-2025-02-20"),
        (NEW, '[toolchain]\nchannel = "stable"\ncomponents = ["clippy"]\ntargets = ["x"]\n', "stable"),
        (NEW, '[toolchain]\ncomponents = ["clippy"]\n', None),
        (OLD, "1.85.0\n", "1.85.0"),
        (OLD, "  beta  ", "beta"),
        (OLD, '[toolchain]\nchannel = "1.85"\n', "1.85"),
    ],
)
def test_reads(tmp_path: Path, name: str, text: str, channel: str | None) -> None:
    (tmp_path / name).write_text(text)
    found = load_toolchain(tmp_path)
    assert found
    assert (found.file, found.channel) == (tmp_path / name, channel)


def test_what_it_wants_beside_the_channel(tmp_path: Path) -> None:
    (tmp_path / NEW).write_text(
        '[toolchain]\nprofile = "default"\ncomponents = ["llvm-tools"]\ntargets = ["thumbv8m.main-none-eabi"]\n'
    )
    found = load_toolchain(tmp_path)
    assert found
    assert (found.components, found.targets) == (("llvm-tools",), ("thumbv8m.main-none-eabi",))
    (tmp_path / NEW).write_text('toolchain.channel = "1.85"\n')
    found = load_toolchain(tmp_path)
    assert found
    assert (found.components, found.targets) == ((), ())


def test_no_file(tmp_path: Path) -> None:
    assert load_toolchain(tmp_path, tmp_path) is None


def test_the_nearest_wins_and_the_old_name_before_the_new(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / NEW).write_text('toolchain.channel = "1.1"')
    (tmp_path / "a" / NEW).write_text('toolchain.channel = "1.2"')
    (tmp_path / "a" / OLD).write_text("1.3")
    found = load_toolchain(tmp_path / "a/b")
    assert found
    assert found.channel == "1.3"
    assert load_toolchain(tmp_path / "a/b", root=tmp_path / "a/b") is None


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        (NEW, "", "no .toolchain. section, or an empty one"),
        (NEW, "[toolchain]", "no .toolchain. section, or an empty one"),
        (NEW, "toolchain = 1", "`toolchain` is a number"),
        (NEW, "toolchain.channel = 1.85", "`toolchain.channel` is a number, expected a string"),
        (NEW, "1.85", "not valid TOML"),
        (NEW, 'toolchain.path = "/opt/rust"', "`toolchain.path` .* is a directory of this machine"),
        (NEW, 'toolchain.channel = "my-own"', "'my-own' in .* is not a toolchain channel"),
        (NEW, 'toolchain.channel = ""', "'' in .* is not a toolchain channel"),
        (NEW, 'toolchain.channel = "stable\\nRUN x"', "is not a toolchain channel"),
        (NEW, 'toolchain.channel = "stable; x"', "is not a toolchain channel"),
        (
            NEW,
            'toolchain.profile = "big"',
            "`toolchain.profile` in .* is 'big', expected one of minimal, default, complete",
        ),
        (NEW, 'toolchain.components = "clippy"', "`toolchain.components` is .* expected a list of strings"),
        *(
            (NEW, f"toolchain.components = [{text}]", "in `toolchain.components` of .* is no name of rustup's")
            for text in ('"-v"', '"a b"', '""', '"a;b"', '"a\\n"', '"\u0661"', "'$x'", '"clippy,rustfmt"')
        ),
        (NEW, 'toolchain.targets = ["--help"]', "'--help' in `toolchain.targets` of"),
        (OLD, "", "no .toolchain. section"),
        (OLD, "\n", "'' in .* is not a toolchain channel"),
        (OLD, "stable beta", "is not a toolchain channel"),
        (OLD, "\ud7ff", "is not a toolchain channel"),
    ],
)
def test_refuses(tmp_path: Path, name: str, text: str, complaint: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=complaint) as caught:
        load_toolchain(tmp_path)
    assert str(tmp_path / name) in str(caught.value)
    assert caught.value.hint


def test_a_path_toolchain_is_answered_with_the_key_to_set(tmp_path: Path) -> None:
    (tmp_path / NEW).write_text('toolchain.path = "/opt/rust"')
    with pytest.raises(UsageError) as caught:
        load_toolchain(tmp_path)
    assert 'toolchain = "..."' in caught.value.hint


@pytest.mark.parametrize(
    "text",
    ["stable", "beta", "nightly", "1.85", "1.85.1", "nightly-2025-02-20", "1.85.0-x86_64-unknown-linux-gnu",
     "stable-2020-01-01-aarch64-unknown-linux-musl", "1.86.0-beta.3"],
)  # fmt: skip
def test_channels(text: str) -> None:
    assert is_channel(text)


@pytest.mark.parametrize(
    "text", ["", "1", "1.2.3.4", "v1.85", "Stable", "stable-", "nightly-2025-13-01", "a/b", "stable\n"]
)
def test_not_channels(text: str) -> None:
    assert not is_channel(text)


@given(st.text())
def test_a_channel_holds_nothing_that_a_dockerfile_or_a_shell_would_read(text: str) -> None:
    if is_channel(text):
        assert set(text) <= set("abcdefghijklmnopqrstuvwxyz0123456789._-")
