from __future__ import annotations

import pytest

from cargo_stow.cli import cli
from cargo_stow.errors import UsageError
from cargo_stow.settings import KEYS
from cargo_stow.settings.keys import SECOND_BASES, variable
from tests.crates import ROOT, make_package, settings_of
from tests.settings.kinds import ANY, ARRAYS, LAYERS, TABLES, keys_of, refused, types

BASE = {"base_image": "debian:12"}
HUGE = int("f" * 5000, 16)
TEXTS = sorted(keys_of("string"))


@pytest.mark.parametrize(("key", "kind"), list(refused()))
def test_a_wrong_type_names_file_key_and_both_types(key: str, kind: str) -> None:
    with pytest.raises(UsageError) as caught:
        settings_of({**BASE, key: ANY[kind]})
    message = str(caught.value)
    assert f"{ROOT}/Cargo.toml [package.metadata.container] {key}: " in message
    assert message.endswith(f", not {kind}")
    wanted = message.rpartition("expected ")[2]
    assert any(word in wanted for word in ("a string", "an array", "a table", "true or false"))


@pytest.mark.parametrize("key", sorted(ARRAYS))
@pytest.mark.parametrize("item", [1.5, True, ["a"], {"a": 1}, None])
def test_a_wrong_item(key: str, item: object) -> None:
    with pytest.raises(UsageError, match=rf"`{key}`: .*: expected a string, not ") as caught:
        settings_of({**BASE, key: [LAYERS[key][0][0], item]})
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("key", sorted(set(ARRAYS) - {"entrypoint", "cmd"}))
def test_an_empty_item(key: str) -> None:
    with pytest.raises(UsageError, match=rf"`{key}`: '': "):
        settings_of({**BASE, key: [LAYERS[key][0][0], ""]})


@pytest.mark.parametrize("key", TABLES)
@pytest.mark.parametrize(
    "entry", [1.5, True, ["a"], {"a": 1}, None, "a\nb", "a\x1b[2J", "\udcff", 1 << 64, "é" * 9_000]
)
def test_a_wrong_entry(key: str, entry: object) -> None:
    with pytest.raises(UsageError, match=rf"`{key}`: 'A': ") as caught:
        settings_of({**BASE, key: {"A": entry}})
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("key", TABLES)
@pytest.mark.parametrize("name", ["", " ", "A B", "-a", "a\n", "a=b", "$a", "é", '"', "a\\", "\u0661", "a" * 256])
def test_a_wrong_name_of_an_entry(key: str, name: str) -> None:
    with pytest.raises(UsageError, match=rf"`{key}`: ") as caught:
        settings_of({**BASE, key: {name: "x"}})
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("key", TEXTS)
def test_empty_text(key: str) -> None:
    with pytest.raises(UsageError, match="it is empty"):
        settings_of({**BASE, key: ""})


@pytest.mark.parametrize("key", KEYS)
def test_a_number_that_python_does_not_write_out(key: str) -> None:
    wrapped = {"array": [HUGE], "object": {"A": HUGE}}
    for value in (HUGE, *(wrapped[kind] for kind in types(KEYS[key].kind.schema) & wrapped.keys())):
        with pytest.raises(UsageError) as caught:
            settings_of({**BASE, key: value})
        assert "int_max" not in str(caught.value)


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
    assert settings_of(BASE, environment={variable(key): "debian:13"}) == settings_of(BASE)
    flags = {name for command in cli.commands.values() for option in command.params for name in option.opts}
    # `--runtime` names the OCI runtime that runs steps; that it sets no base, the variable shows.
    assert key == "runtime" or f"--{key.replace('_', '-')}" not in flags


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("base_imag", "did you mean `base_image`?"),
        ("base", "did you mean `base_image`?"),
        ("runtime-dep", "did you mean `runtime_deps`?"),
        ("feature", "did you mean `features`?"),
        ("users", "did you mean `user`?"),
        ("zzz", "known keys: all_features, annotations, "),
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
    assert "cargo stow init" in caught.value.hint


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
    assert (found.bins, found.origins["bins"]) == (("b",), f"{ROOT}/Cargo.toml [package] default-run")


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
