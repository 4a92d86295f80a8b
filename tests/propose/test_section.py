"""The section as text, after whatever text a manifest has."""

from __future__ import annotations

import string
from pathlib import Path

import pytest
import tomli
from hypothesis import given
from hypothesis import strategies as st

from cargo_stow.propose import add_section, find_section
from cargo_stow.propose.proposal import Line, Proposal

MANIFEST = '[package]\nname = "greeter" # mine\n'
EXPECTED = """\

[package.metadata.container]
# Where to.
# target_image = "registry.example.org/greeter"
# Why.
base_image = "debian:trixie-slim"
# For openssl-sys.
build_deps = ["libssl-dev", "pkg-config"]
"""
ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


def proposal(*lines: Line) -> Proposal:
    return Proposal(lines=lines, unknown=(), base="debian:trixie-slim", is_guess=False)


PROPOSAL = proposal(
    Line(key="target_image", value="registry.example.org/greeter", reason="Where to.", is_hint=True),
    Line(key="base_image", value="debian:trixie-slim", reason="Why."),
    Line(key="build_deps", value=("libssl-dev", "pkg-config"), reason="For openssl-sys."),
)


@pytest.mark.parametrize(
    ("manifest", "added"),
    [
        (MANIFEST, EXPECTED),
        (MANIFEST.rstrip("\n"), "\n" + EXPECTED),
        ("\ufeff" + MANIFEST, EXPECTED),
        (MANIFEST.replace("\n", "\r\n"), EXPECTED.replace("\n", "\r\n")),
        (MANIFEST.replace("\n", "\r\n").rstrip(), ("\n" + EXPECTED).replace("\n", "\r\n")),
        (MANIFEST + "# the end", "\n" + EXPECTED),
        (MANIFEST + "\n", EXPECTED),
    ],
)
def test_the_section_follows_what_was_there(manifest: str, added: str) -> None:
    assert add_section(manifest, PROPOSAL) == manifest + added


@given(ANY, st.lists(ANY, max_size=3), ANY, st.booleans())
def test_no_value_is_more_than_a_value(value: str, items: list[str], reason: str, is_hint: bool) -> None:
    """Names of executables come from files: cargo lets them be nearly anything."""
    lines = (
        Line(key="bin", value=value, reason=reason, is_hint=is_hint),
        Line(key="build_deps", value=tuple(items), reason=reason),
    )
    new = add_section(MANIFEST, proposal(*lines))
    assert new.startswith(MANIFEST)
    section = tomli.loads(new)["package"].pop("metadata")["container"]
    assert section == {**({} if is_hint else {"bin": value}), "build_deps": items}


@given(ANY, st.sampled_from(["\n", "\r\n"]), st.booleans(), st.text(string.printable, max_size=30))
def test_every_byte_that_was_there_stays(comment: str, newline: str, ends: bool, value: str) -> None:
    lines = ["[package]", f"name = {tomli_string(value)}", "#" + "".join(c for c in comment if c.isprintable())]
    manifest = newline.join([*lines, ""] if ends else lines)
    new = add_section(manifest, PROPOSAL)
    assert new.startswith(manifest)
    assert newline == "\n" or "\n" not in new.removeprefix(manifest).replace("\r\n", "")
    old, parsed = tomli.loads(manifest), tomli.loads(new)
    assert parsed["package"].pop("metadata") == tomli.loads(EXPECTED)["package"]["metadata"]
    assert parsed == old


def tomli_string(value: str) -> str:
    return '"' + "".join(f"\\u{ord(character):04x}" for character in value) + '"'


def test_the_manifests_of_this_repository() -> None:
    root = Path(__file__).parents[2]
    manifests = [path for path in root.glob("examples/*/**/Cargo.toml") if "target" not in path.parts]
    assert manifests
    for path in manifests:
        text = path.read_text(encoding="utf-8")
        assert add_section(text, PROPOSAL).startswith(text)


def has_section(text: str) -> bool:
    try:
        return "container" in tomli.loads(text).get("package", {}).get("metadata", {})
    except tomli.TOMLDecodeError:
        return False


@pytest.mark.parametrize(
    ("manifest", "line"),
    [
        ('[package]\nname = "x"\n[package.metadata.container]\nbase_image = "a"\n', 3),
        ('[package]\nname = "container"\n\n[ package . "metadata" . container ]\n', 4),
        ('[package]\nmetadata.container.base_image = "a"\n', 2),
        ('[package]\r\nmetadata = { container = { base_image = "a" } }\r\n', 2),
        ('[package]\ndescription = """\n[package.metadata.container]\n"""\n[package.metadata.container]\n', 5),
        ('[package]\n# [package.metadata.container]\n[package.metadata.container]\n', 3),
        ("[package]\n# a\u2028b\x85c\n[package.metadata.container]\n", 3),
        ('[package.metadata."con\\u0074ainer"]\n', 1),
        ('[package]\nname = "container"\n', None),
    ],
)  # fmt: skip
def test_where_a_section_is(manifest: str, line: int | None) -> None:
    assert find_section(manifest, has_section) == line


def test_a_manifest_is_not_read_for_each_of_its_lines() -> None:
    asked: list[str] = []

    def has_section(beginning: str) -> bool:
        asked.append(beginning)
        return False

    assert find_section("# container\n" * 10_000, has_section) is None
    assert len(asked) < 1_000
