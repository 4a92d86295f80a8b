"""What is proposed for a crate, as values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cargo_stow.propose import DEFAULT_BASE, Proposal, Reached, make_proposal
from tests.crates import make_package

if TYPE_CHECKING:
    from collections.abc import Mapping


def proposal(
    packages: Mapping[str, str] | None = None,
    *,
    given: Mapping[str, str] | None = None,
    inherited: Mapping[str, object] | None = None,
    doubtful: bool = False,
    **package: object,
) -> Proposal:
    listed = {"greeter": " ".join(packages or {}), **(packages or {})}
    found = {name: frozenset(text.split()) for name, text in listed.items()}
    return make_proposal(
        make_package(**package),  # type: ignore[arg-type]
        Reached(start="greeter", packages=found, is_doubtful=doubtful),
        given=given or {},
        inherited=inherited or {},
    )


def keys(found: Proposal) -> dict[str, object]:
    return {line.key: line.value for line in found.lines if not line.is_hint}


def test_a_crate_that_needs_nothing() -> None:
    found = proposal()
    assert keys(found) == {"base_image": DEFAULT_BASE}
    assert [(line.key, line.value) for line in found.lines if line.is_hint] == [
        ("target_image", "registry.example.org/greeter")
    ]


def test_the_packages_of_a_crate() -> None:
    found = proposal({"openssl-sys": "cc pkg-config", "clang-sys": "", "cc": "", "libz-sys": "cc"})
    assert keys(found)["build_deps"] == ("libclang-dev", "libssl-dev", "pkg-config")
    assert keys(found)["runtime_deps"] == ("libssl3t64",)
    assert [line.reason for line in found.lines if line.key == "build_deps"] == ["For clang-sys and openssl-sys."]
    assert found.unknown == ()


@pytest.mark.parametrize(
    ("base", "build", "runtime"),
    [
        ("debian:bookworm-slim", ("libssl-dev", "pkg-config"), ("libssl3",)),
        ("alpine:3.22", ("openssl-dev", "pkgconf"), ("libcrypto3", "libssl3")),
        ("fedora:43", ("openssl-devel", "pkgconf-pkg-config"), ("openssl-libs",)),
    ],
)
@pytest.mark.parametrize("place", ["given", "inherited"])
def test_the_names_are_those_of_the_base(
    base: str, build: tuple[str, ...], runtime: tuple[str, ...], place: str
) -> None:
    found = proposal({"openssl-sys": ""}, **{place: {"base_image": base}})  # type: ignore[arg-type]
    assert (keys(found)["build_deps"], keys(found)["runtime_deps"]) == (build, runtime)
    assert keys(found).get("base_image") == (base if place == "given" else None)


def test_a_crate_that_compiles_its_own_copy() -> None:
    found = keys(proposal({"openssl-sys": "openssl-src", "openssl-src": "", "libsqlite3-sys": "cc"}))
    assert found == {"base_image": DEFAULT_BASE, "build_deps": ("make", "perl")}


def test_a_copy_that_is_in_doubt_is_said_to_be() -> None:
    packages = {
        "greeter": "mysqlclient-sys",
        "mysqlclient-sys": "mysqlclient-src",
        "mysqlclient-src": "cmake",
        "cmake": "",
    }
    found = proposal(packages, doubtful=True)
    assert keys(found)["build_deps"] == ("default-libmysqlclient-dev", "pkg-config")
    reasons = [line.reason for line in found.lines if line.key.endswith("deps")]
    assert "compile a copy" in reasons[0]
    assert reasons[1] == "For mysqlclient-sys."


def test_crates_that_nobody_knows() -> None:
    found = proposal({"other-sys": "", "windows-sys": "", "made_up_sys": "", "openssl-sys": "", "plain": ""})
    assert found.unknown == ("made_up_sys", "other-sys")
    assert proposal({"selinux-sys": ""}, given={"base_image": "alpine:3"}).unknown == ("selinux-sys",)


def test_protoc_is_proposed_unless_one_is_compiled() -> None:
    assert keys(proposal({"prost-build": ""}))["build_deps"] == ("protobuf-compiler",)
    assert "build_deps" not in keys(proposal({"prost-build": "", "protoc-bin-vendored": ""}))


def test_what_the_workspace_says_is_not_said_again() -> None:
    inherited = {"base_image": "debian:12", "build_deps": ["a"], "target_image": "x"}
    found = proposal({"openssl-sys": ""}, inherited=inherited)
    assert [line.key for line in found.lines] == ["runtime_deps"]
    named = proposal(inherited=inherited, given={"target_image": "my/image:1"})
    assert keys(named) == {"target_image": "my/image:1"}


@pytest.mark.parametrize(
    ("bins", "default_run", "chosen"),
    [
        (("greeter",), None, None),
        (("other",), None, None),
        (("a", "greeter", "z"), None, "greeter"),
        (("b", "a"), None, "b"),
        (("a", "b"), "b", None),
    ],
)
def test_which_executable(bins: tuple[str, ...], default_run: str | None, chosen: str | None) -> None:
    assert keys(proposal(bins=bins, default_run=default_run)).get("bin") == chosen


def test_a_base_of_unknown_distribution() -> None:
    given = {"base_image": "registry.example.org/base"}
    assert proposal({"openssl-sys": ""}, given=given).is_guess
    assert not proposal(given=given).is_guess
