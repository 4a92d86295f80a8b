"""Which tokens and settings a build is told, from what cargo's files and variables say. Pure."""

from __future__ import annotations

import pytest

from cargo_stow.access import (
    asked_registries,
    make_configuration,
    make_credentials,
    provided_registries,
    without_git_program,
)

CRATES_IO = "registry+https://github.com/rust-lang/crates.io-index"
OURS = "sparse+https://crates.example.org/index/"
DOMAIN = CRATES_IO.rpartition("/")[2].removesuffix("-index")
PUBLIC = [CRATES_IO.removeprefix("registry+"), f"sparse+https://index.{DOMAIN}/"]


def whole(index: str, **more: object) -> dict[str, object]:
    return {"registries": {"own": {"index": index, **more}}}


@pytest.mark.parametrize("index", PUBLIC)
@pytest.mark.parametrize("sources", [(), (CRATES_IO,)])
def test_the_public_registry_gets_no_token_under_another_name(index: str, sources: tuple[str, ...]) -> None:
    configuration = whole(index, token="for-publishing")
    assert asked_registries(configuration, {}, ["own"], sources) == frozenset()
    assert make_credentials(configuration, {}, {}, ["own"], sources) == {}
    replaced = {**configuration, "source": {"crates-io": {"replace-with": "own"}, "own": {"registry": index}}}
    assert asked_registries(replaced, {}, ["own"], sources) == frozenset()


@pytest.mark.parametrize("sources", [(), (OURS,)])
def test_ours_gets_its_token(sources: tuple[str, ...]) -> None:
    found = make_credentials(whole(OURS, token="x"), {}, {}, ["own"], sources)
    assert found == {"registries": {"own": {"token": "x"}}}


COMMON = {"registry": {"global-credential-providers": ["cargo:token", "cargo:libsecret"]}}


@pytest.mark.parametrize(
    ("configuration", "environment", "expected"),
    [
        (whole(OURS), {}, {}),
        (whole(OURS) | COMMON, {}, {"own": "cargo:libsecret"}),
        (whole(OURS, token="x") | COMMON, {}, {}),
        (whole(OURS) | COMMON, {"CARGO_REGISTRIES_OWN_TOKEN": "x"}, {}),
        (whole(OURS, **{"credential-provider": "cargo:token"}) | COMMON, {}, {}),
        (whole(OURS, **{"credential-provider": ["our-tool", "--account", "me"]}), {}, {"own": "our-tool"}),
        (whole(OURS), {"CARGO_REGISTRIES_OWN_CREDENTIAL_PROVIDER": "our-tool --x"}, {"own": "our-tool"}),
        ({"registry": {"global-credential-providers": 7}}, {}, {}),
    ],
)
def test_registries_whose_token_only_a_program_knows(
    configuration: dict[str, object], environment: dict[str, str], expected: dict[str, str]
) -> None:
    assert provided_registries(configuration, {}, environment, ["own"], ["own"]) == expected


def test_without_the_git_program() -> None:
    other: dict[str, object] = {"net": {"retry": 3}, "http": {}}
    assert without_git_program(other) is other
    assert without_git_program({"net": {"git-fetch-with-cli": True, "retry": 3}}) == {"net": {"retry": 3}}
    assert without_git_program({"net": {"git-fetch-with-cli": True}}) == {}


def test_a_number_of_thousands_of_digits_counts_for_nothing() -> None:
    assert make_configuration({}, {"CARGO_NET_RETRY": "9" * 5000}, (), offline=False).get("net") is None
