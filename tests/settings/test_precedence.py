from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cargo_stow.errors import UsageError
from cargo_stow.image_values import Asset, Healthcheck, Secret
from cargo_stow.manifest import ToolchainFile
from cargo_stow.settings import KEYS, Settings
from cargo_stow.settings.keys import flag, variable
from cargo_stow.settings.toolchain import DEFAULT_CHANNEL
from tests.crates import ROOT, make_package, settings_of
from tests.settings.kinds import EXECUTABLES, LAYERS, TABLES

BASE = {"base_image": "debian:12"}
MANIFEST = ROOT / "Cargo.toml"


def shown(value: object) -> object:  # noqa: PLR0911 - one return a kind
    """A parsed value in the words of the table: text, lists of text, tables."""
    if isinstance(value, Healthcheck):
        return value.command[-1]
    if isinstance(value, Asset):
        return f"{value.source.text}:{value.target}"
    if isinstance(value, Secret):
        return {"env": str(value.variable).lower()}
    if isinstance(value, dict):
        return {name: shown(each) for name, each in value.items()}
    if isinstance(value, (tuple, list)) and value and isinstance(value[0], tuple):
        pairs = [(name, text) for name, text in value if not name.startswith("org.opencontainers.")]
        return {name: shown(text) if isinstance(text, Secret) else "".join(text) for name, text in pairs}
    if isinstance(value, (tuple, list)):
        return [shown(each) if isinstance(each, Asset) else each for each in value]
    return str(value).lower()


def found_in(settings: Settings, key: str) -> tuple[object, str]:
    """The value of a key, and where it came from; of a table, that of its one entry."""
    value = shown(getattr(settings, "bins" if key == "bin" else key))
    if isinstance(value, dict):
        return value, settings.origins[f"{key}.{next(iter(value))}"]
    if key == "bin":
        return value[0], settings.origins["bins"]  # type: ignore[index]
    return value, settings.origins[key]


def settings_with(key: str, container: dict[str, object], **given: Any) -> Settings:
    base = {} if key == "base_image" else BASE
    package = make_package(bins=EXECUTABLES, container={**base, **container}, default_run="one")
    return settings_of(package=package, **given)


def test_every_key_is_in_the_table() -> None:
    assert LAYERS.keys() == KEYS.keys()


@pytest.mark.parametrize("key", KEYS)
def test_flag_over_variable_over_package_over_workspace(key: str) -> None:
    typed, text, own, shared = LAYERS[key]
    steps: tuple[tuple[dict[str, Any], object, str], ...] = (
        ({"flags": {key: typed}}, typed, f"flag {flag(key)}"),
        ({"environment": {variable(key): text}}, KEYS[key].kind.from_text(text), f"variable {variable(key)}"),
        ({"container": {key: own}}, own, f"{MANIFEST} [package.metadata.container] {key}"),
        ({"workspace": {key: shared}}, shared, f"{MANIFEST} [workspace.metadata.container] {key}"),
    )
    for number, (_, wanted, origin) in enumerate(steps):
        given = {name: value for step, _, _ in steps[number:] for name, value in step.items()}
        container = given.pop("container", {"base_image": "b:0"} if key != "base_image" else {})
        found = settings_with(key, container, **given)
        assert found_in(found, key) == (shown(wanted), origin)


@pytest.mark.parametrize("key", KEYS)
def test_hyphens_are_underscores(key: str) -> None:
    own, spelled = LAYERS[key][2], key.replace("_", "-")
    value, origin = found_in(settings_with(key, {spelled: own}), key)
    assert value == shown(own)
    assert origin.endswith(f" {spelled}")


@pytest.mark.parametrize("key", TABLES)
def test_entries_of_all_sources_make_one_table(key: str) -> None:
    found = settings_with(
        key,
        {key: {"B": "3", "C": "3", "D": False}},
        flags={key: {"A": "1"}},
        environment={variable(key): "A=2\nB=2"},
        workspace={key: {"C": "4", "D": "4", "E": "4"}},
    )
    assert shown(getattr(found, key)) == {"A": "1", "B": "2", "C": "3", "E": "4"}
    assert [found.origins[f"{key}.{name}"].partition(" ")[0] for name in "ABCE"] == [
        "flag", "variable", str(MANIFEST).partition(" ")[0], str(MANIFEST).partition(" ")[0],
    ]  # fmt: skip
    assert found.origins[f"{key}.C"].endswith(f"[package.metadata.container] {key}")
    assert found.origins[f"{key}.E"].endswith(f"[workspace.metadata.container] {key}")


def test_both_spellings_of_one_key() -> None:
    with pytest.raises(
        UsageError, match=r"Cargo\.toml, \[package\.metadata\.container\]: `base-image` and `base_image`"
    ):
        settings_of({"base_image": "a", "base-image": "a"})


def test_defaults() -> None:
    found = settings_of(BASE)
    assert (found.profile, found.user, str(found.toolchain)) == ("release", "65532:65532", DEFAULT_CHANNEL)
    assert (found.target_image, found.build_deps, found.features, found.all_features) == (None, (), (), False)
    assert (found.entrypoint, found.cmd, found.env, found.annotations) == (("/usr/bin/greeter",), (), (), ())
    assert (found.healthcheck, found.workdir, found.stop_signal, found.is_split) == (None, None, None, False)
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
        ({}, "1.70", "1.70", "/f/rust-toolchain.toml"),
        ({"container": {**BASE, "toolchain": "1.80"}}, "1.70", "1.80", "[package.metadata.container] toolchain"),
        ({"workspace": {"toolchain": "1.80"}}, "1.70", "1.80", "[workspace.metadata.container] toolchain"),
        ({"environment": {"CARGO_STOW_TOOLCHAIN": "1.60"}}, "1.70", "1.60", "variable CARGO_STOW_TOOLCHAIN"),
        ({"flags": {"toolchain": "1.50"}}, "1.70", "1.50", "flag --toolchain"),
    ],
)
def test_the_toolchain_file(given: dict[str, object], channel: str | None, wanted: str, origin: str) -> None:
    file = Path("/f/rust-toolchain.toml")
    given = {
        "container": BASE,
        **given,
        "toolchain_file": ToolchainFile(file=file, channel=channel) if channel else None,
    }
    found = settings_of(**given)  # type: ignore[arg-type]
    assert str(found.toolchain) == wanted
    assert found.origins["toolchain"].endswith(origin)


@pytest.mark.parametrize(
    ("profile", "directory"),
    [("release", "release"), ("dev", "debug"), ("test", "debug"), ("bench", "release"), ("small", "small")],
)
def test_where_cargo_puts_a_profile(profile: str, directory: str) -> None:
    assert settings_of({**BASE, "profile": profile}).profile_directory == directory
