"""The table of crates: what it may say, and for whom."""

from __future__ import annotations

import re

import pytest

from cargo_stow.propose.bases import DEFAULT_BASE, System, system_of
from cargo_stow.propose.catalog import CRATES, NOTHING
from cargo_stow.propose.native import TOOLS
from cargo_stow.reference import parse_reference
from cargo_stow.settings import KEYS

SYSTEMS = [System(manager="apt"), System(manager="apt", is_older=True), System(manager="apk"), System(manager="dnf")]


def test_thirty_crates_and_more() -> None:
    assert len(CRATES) >= 30
    assert not CRATES.keys() & NOTHING
    assert {name for name in NOTHING if not re.fullmatch(r"[a-z0-9_-]+[-_]sys(-next)?", name)} == set()


@pytest.mark.parametrize("name", [*CRATES, *(f"tool {name}" for name in TOOLS)])
def test_every_name_is_one_that_the_section_may_hold(name: str) -> None:
    entry = TOOLS[name.removeprefix("tool ")] if name.startswith("tool ") else CRATES[name]
    for system in SYSTEMS:
        for words in (tuple(entry.build(system)), tuple(entry.runtime(system))):
            assert KEYS["build_deps"].kind.parse(words) == words
    assert set(entry.tools.split()) | set(entry.bundled.split()) <= TOOLS.keys()
    assert entry.apt or entry.tools, "a crate that needs nothing belongs into NOTHING"


def test_a_name_of_before_and_after_64_bit_times() -> None:
    old, new = ([*CRATES["openssl-sys"].runtime(system)] for system in reversed(SYSTEMS[:2]))
    assert (old, new) == (["libssl3"], ["libssl3t64"])


def test_what_is_not_known_for_a_package_manager() -> None:
    apk = SYSTEMS[2]
    assert not CRATES["selinux-sys"].is_known_for(apk)
    assert CRATES["openssl-sys"].is_known_for(apk)
    assert CRATES["clang-sys"].is_known_for(apk)


@pytest.mark.parametrize(
    ("base", "system"),
    [
        (DEFAULT_BASE, System(manager="apt")),
        ("debian:bookworm-slim", System(manager="apt", is_older=True)),
        ("debian:12.9", System(manager="apt", is_older=True)),
        ("debian:13", System(manager="apt")),
        ("docker.io/library/debian:trixie", System(manager="apt")),
        ("ubuntu:22.04", System(manager="apt", is_older=True)),
        ("ubuntu:24.04", System(manager="apt")),
        ("python:3.13-slim-bookworm", System(manager="apt", is_older=True)),
        ("alpine:3.22", System(manager="apk")),
        ("python:3.13-alpine", System(manager="apk")),
        ("fedora:43", System(manager="dnf")),
        ("registry.access.redhat.com/ubi9/ubi-minimal", System(manager="dnf")),
        ("registry.example.org/base", System(manager="apt", is_guess=True)),
    ],
)
def test_what_a_name_tells_of_a_base(base: str, system: System) -> None:
    assert system_of(parse_reference(base)) == system
