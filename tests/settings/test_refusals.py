from __future__ import annotations

import datetime

import pytest

from cargo_stow.errors import UsageError
from cargo_stow.settings import KEYS
from cargo_stow.settings.keys import SECOND_BASES, variable
from tests.crates import ROOT, make_package, settings_of

BASE = {"base_image": "debian:12"}
ARRAYS = {"build_deps", "runtime_deps", "features"}
BOOLEANS = {"all_features", "no_default_features"}
WRONG: dict[str, object] = {
    "an integer": 1, "a float": 1.5, "a boolean": True, "an array": ["a"], "a table": {"a": 1}, "a string": "true",
    "a date or time": datetime.date(2026, 1, 1),
}  # fmt: skip
KINDS = [
    (key, kind)
    for key in KEYS
    for kind in WRONG
    if kind != ("an array" if key in ARRAYS else "a boolean" if key in BOOLEANS else "a string")
]


@pytest.mark.parametrize(("key", "kind"), KINDS)
def test_a_wrong_type_names_file_key_and_both_types(key: str, kind: str) -> None:
    with pytest.raises(UsageError) as caught:
        settings_of({**BASE, key: WRONG[kind]})
    assert f"{ROOT}/Cargo.toml [package.metadata.container] {key}: " in str(caught.value)
    wanted = "an array of strings" if key in ARRAYS else "true or false" if key in BOOLEANS else "a string"
    assert f"expected {wanted}" in str(caught.value)
    if key not in BOOLEANS:
        assert f"not {kind}" in str(caught.value)


@pytest.mark.parametrize("key", sorted(ARRAYS))
@pytest.mark.parametrize("item", [1, True, ["a"], {"a": 1}, "", None])
def test_a_wrong_item(key: str, item: object) -> None:
    with pytest.raises(UsageError, match=rf"`{key}`: "):
        settings_of({**BASE, key: ["fine", item]})


@pytest.mark.parametrize("key", sorted(KEYS.keys() - ARRAYS - BOOLEANS))
def test_empty_text(key: str) -> None:
    with pytest.raises(UsageError, match="it is empty"):
        settings_of({**BASE, key: ""})


@pytest.mark.parametrize("key", sorted(SECOND_BASES))
@pytest.mark.parametrize("hyphens", [False, True])
@pytest.mark.parametrize("section", ["container", "workspace"])
def test_a_second_base_is_refused_with_the_reason(key: str, hyphens: bool, section: str) -> None:
    spelled = key.replace("_", "-") if hyphens else key
    tried = {spelled: "debian:13"}
    with pytest.raises(UsageError, match=f"`{spelled}` would set a second base") as caught:
        settings_of(
            {**BASE, **tried} if section == "container" else BASE, workspace=tried if section == "workspace" else {}
        )
    assert "same base" in caught.value.hint


@pytest.mark.parametrize("key", sorted(SECOND_BASES))
def test_no_variable_and_no_flag_sets_a_second_base(key: str) -> None:
    found = settings_of(BASE, environment={variable(key): "debian:13"}, flags={key: "debian:13"})
    assert found == settings_of(BASE)


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("base_imag", "did you mean `base_image`?"),
        ("base", "did you mean `base_image`?"),
        ("runtime-dep", "did you mean `runtime_deps`?"),
        ("feature", "did you mean `features`?"),
        ("users", "did you mean `user`?"),
        ("zzz", "known keys: all_features, base_image"),
    ],
)
@pytest.mark.parametrize("section", ["package", "workspace"])
def test_an_unknown_key(key: str, hint: str, section: str) -> None:
    with pytest.raises(UsageError) as caught:
        settings_of(
            {**BASE, key: 1} if section == "package" else BASE, workspace={} if section == "package" else {key: 1}
        )
    assert str(caught.value) == f"{ROOT}/Cargo.toml, [{section}.metadata.container]: unknown key `{key}`"
    assert caught.value.hint.startswith(hint)


def test_an_unknown_key_cannot_write_to_the_terminal() -> None:
    with pytest.raises(UsageError) as caught:
        settings_of({**BASE, "\x1b[2J\n": 1})
    assert str(caught.value).isprintable()


def test_no_section() -> None:
    package = make_package()
    object.__setattr__(package, "container", None)
    with pytest.raises(UsageError, match=r"Cargo\.toml has no \[package\.metadata\.container\] section") as caught:
        settings_of(package=package)
    assert 'base_image = "' in caught.value.hint


def test_no_base_image() -> None:
    with pytest.raises(UsageError, match=r"Cargo\.toml, \[package\.metadata\.container\]: `base_image` is missing"):
        settings_of({})


@pytest.mark.parametrize(
    ("bins", "chosen", "default_run", "message", "hint"),
    [
        ((), None, None, "has no executable to put into an image", "src/main.rs"),
        (("a", "b"), None, None, "several executables and none was chosen: a, b", "--bin a"),
        (("server", "client"), "servr", None, "no executable `servr`", "did you mean `server`?"),
        (("server", "client"), "zzz", None, "no executable `zzz`", "it has: server, client"),
        (("server",), "zzz", None, r"container\] bin: package `greeter` has no executable `zzz`", "it has: server"),
        (("a", "b"), None, "c", r"\[package\] default-run: package `greeter` has no executable `c`", "it has: a, b"),
        (("a b",), None, None, r"Cargo\.toml \[\[bin\]\]: 'a b' cannot be `bin`", ""),
        (("-rf",), None, None, "'-rf' cannot be `bin`", ""),
        (("a" * 256,), None, None, "longer than 255", ""),
    ],
)
def test_which_executable(
    bins: tuple[str, ...], chosen: str | None, default_run: str | None, message: str, hint: str
) -> None:
    container = {**BASE, **({"bin": chosen} if chosen else {})}
    with pytest.raises(UsageError, match=message) as caught:
        settings_of(package=make_package(bins=bins, container=container, default_run=default_run))
    assert hint in caught.value.hint


def test_default_run_is_what_cargo_run_would_run() -> None:
    found = settings_of(package=make_package(bins=("a", "b"), container=BASE, default_run="b"))
    assert (found.bin, found.origins["bin"]) == ("b", f"{ROOT}/Cargo.toml [package] default-run")


@pytest.mark.parametrize(
    "name", ["a b", "a;id", "$(id)", "a`id`", "-a", "a\nRUN id", "", "a'b", 'a"b', "a/b", "é", "a" * 300]
)
def test_a_package_name_with_syntax_in_it(name: str) -> None:
    with pytest.raises(UsageError, match=r"the package name .* in .*Cargo\.toml, key package\.name") as caught:
        settings_of(package=make_package(name, bins=("a",), container=BASE))
    assert str(caught.value).isprintable()


def test_a_long_value_is_not_repeated_to_the_reader() -> None:
    with pytest.raises(UsageError) as caught:
        settings_of({**BASE, "features": ["é" * 100_000]})
    assert len(str(caught.value)) < 500
