from __future__ import annotations

from pathlib import Path

import pytest

from cargo_stow.errors import UsageError
from cargo_stow.settings import KEYS
from cargo_stow.settings.keys import DEFAULT_CHANNEL, flag, variable
from tests.crates import ROOT, make_package, settings_of

BASE = {"base_image": "debian:12"}
MANIFEST = ROOT / "Cargo.toml"
# For each key: values for flag, variable, package and workspace in that order of precedence, as text or TOML value.
LAYERS: dict[str, tuple[object, str, object, object]] = {
    "target_image": ("a:1", "a:2", "a:3", "a:4"),
    "base_image": ("b:1", "b:2", "b:3", "b:4"),
    "build_deps": (["g1"], "g2", ["g3"], ["g4"]),
    "runtime_deps": (["l1"], "l2", ["l3"], ["l4"]),
    "bin": ("one", "two", "three", "four"),
    "features": (["f1"], "f2", ["f3"], ["f4"]),
    "all_features": (True, "false", True, False),
    "no_default_features": (True, "no", True, False),
    "profile": ("p1", "p2", "p3", "p4"),
    "toolchain": ("1.91", "1.92", "1.93", "1.94"),
    "user": ("u1", "u2", "u3", "u4"),
}
PACKAGE_BINS = ("four", "one", "three", "two")


def shown(value: object) -> object:
    return list(value) if isinstance(value, tuple) else str(value).lower()


def expected(value: object) -> object:
    return value if isinstance(value, list) else str(value).lower()


def test_every_key_is_in_the_table() -> None:
    assert LAYERS.keys() == KEYS.keys()


@pytest.mark.parametrize("key", KEYS)
def test_flag_over_variable_over_package_over_workspace(key: str) -> None:
    typed, text, own, shared = LAYERS[key]
    read = {"no": "false"}.get(text, text)
    as_list = [text] if isinstance(own, list) else read
    steps = (
        ({"flags": {key: typed}}, expected(typed), f"flag {flag(key)}"),
        ({"environment": {variable(key): text}}, as_list, f"variable {variable(key)}"),
        ({"container": {**BASE, key: own}}, expected(own), f"{MANIFEST} [package.metadata.container] {key}"),
        ({"workspace": {key: shared}}, expected(shared), f"{MANIFEST} [workspace.metadata.container] {key}"),
    )
    for number, (_, wanted, origin) in enumerate(steps):
        given = {name: value for step, _, _ in reversed(steps[number:]) for name, value in step.items()}
        container = given.pop("container", {} if key == "base_image" else BASE)
        found = settings_of(package=make_package(bins=PACKAGE_BINS, container=container, default_run="one"), **given)  # type: ignore[arg-type]
        assert (shown(getattr(found, key)), found.origins[key]) == (wanted, origin)


@pytest.mark.parametrize("key", KEYS)
def test_hyphens_are_underscores(key: str) -> None:
    own = LAYERS[key][2]
    spelled = key.replace("_", "-")
    container = {**({} if key == "base_image" else BASE), spelled: own}
    found = settings_of(package=make_package(bins=PACKAGE_BINS, container=container, default_run="one"))
    assert shown(getattr(found, key)) == expected(own)
    assert found.origins[key].endswith(spelled)


def test_both_spellings_of_one_key() -> None:
    with pytest.raises(
        UsageError, match=r"Cargo\.toml, \[package\.metadata\.container\]: `base-image` and `base_image`"
    ):
        settings_of({"base_image": "a", "base-image": "a"})


def test_defaults() -> None:
    found = settings_of(BASE)
    assert (found.profile, found.user, found.toolchain) == ("release", "65532:65532", DEFAULT_CHANNEL)
    assert (found.target_image, found.build_deps, found.features, found.all_features) == (None, (), (), False)
    assert {found.origins[key] for key in ("profile", "user", "toolchain", "features")} == {"default"}


def test_an_empty_variable_says_nothing() -> None:
    assert (
        settings_of(BASE, environment={"CARGO_STOW_USER": "", "CARGO_STOW_FEATURES": ""}).origins["user"] == "default"
    )


@pytest.mark.parametrize("text", ["a,b", "a b", " a,\tb\n", ",a,,b,", "\va\fb", "a\u3000b"])
def test_lists_in_variables(text: str) -> None:
    assert settings_of(BASE, environment={"CARGO_STOW_FEATURES": text}).features == ("a", "b")


@pytest.mark.parametrize(("text", "truth"), [("true", True), ("YES", True), ("1", True), ("0", False), ("No", False)])
def test_booleans_in_variables(text: str, truth: bool) -> None:
    assert settings_of(BASE, environment={"CARGO_STOW_ALL_FEATURES": text}).all_features is truth


def test_a_boolean_variable_that_is_none() -> None:
    with pytest.raises(UsageError, match=r"variable CARGO_STOW_ALL_FEATURES: 'perhaps' cannot be `all_features`"):
        settings_of(BASE, environment={"CARGO_STOW_ALL_FEATURES": "perhaps"})


@pytest.mark.parametrize(
    ("given", "channel", "wanted", "origin"),
    [
        ({}, None, DEFAULT_CHANNEL, "default"),
        ({"container": {**BASE, "toolchain": "1.80"}}, None, "1.80", "toolchain"),
        ({"container": {**BASE, "toolchain": "1.80"}}, "1.70", "1.70", "/f/rust-toolchain.toml"),
        ({"workspace": {"toolchain": "1.80"}}, "1.70", "1.70", "/f/rust-toolchain.toml"),
        ({"environment": {"CARGO_STOW_TOOLCHAIN": "1.60"}}, "1.70", "1.60", "variable CARGO_STOW_TOOLCHAIN"),
        ({"flags": {"toolchain": "1.50"}}, "1.70", "1.50", "flag --toolchain"),
    ],
)
def test_the_toolchain_file(given: dict[str, object], channel: str | None, wanted: str, origin: str) -> None:
    file = Path("/f/rust-toolchain.toml")
    found = settings_of(**{"container": BASE, **given}, channel=(channel, file) if channel else None)  # type: ignore[arg-type]
    assert found.toolchain == wanted
    assert found.origins["toolchain"].endswith(origin)


@pytest.mark.parametrize(
    ("profile", "directory"),
    [("release", "release"), ("dev", "debug"), ("test", "debug"), ("bench", "release"), ("small", "small")],
)
def test_where_cargo_puts_a_profile(profile: str, directory: str) -> None:
    assert settings_of({**BASE, "profile": profile}).profile_directory == directory
