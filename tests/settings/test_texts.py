"""The texts of flags and variables: how each becomes what TOML would have."""

from __future__ import annotations

import pytest

from cargo_stow.errors import UsageError
from cargo_stow.settings import KEYS, read_flag
from cargo_stow.settings.keys import flag
from tests.crates import make_package, settings_of
from tests.settings.kinds import EXECUTABLES, TABLES

BASE = {"base_image": "debian:12"}


@pytest.mark.parametrize("key", TABLES)
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A=1", {"A": "1"}),
        ("A=", {"A": ""}),
        ("A=1=2", {"A": "1=2"}),
        ("A= x ", {"A": " x "}),
        ("A=1\nB=2\n\n", {"A": "1", "B": "2"}),
        ("A=1\nA=2", {"A": "2"}),
        ("A=x\u2028B=y", {"A": "x\u2028B=y"}),
        ("A=x\x85B=y\x0bC=z", {"A": "x\x85B=y\x0bC=z"}),
        ('{ A = "1", B = false }', {"A": "1", "B": False}),
        ('A={"x": 1}', {"A": '{"x": 1}'}),
    ],
)
def test_entries(key: str, text: str, found: object) -> None:
    assert KEYS[key].kind.from_text(text) == found


@pytest.mark.parametrize("key", ["entrypoint", "cmd"])
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a b", ["a", "b"]),
        ("'a b' \"c d\" e\\ f", ["a b", "c d", "e f"]),
        ('["a b", "[c]"]', ["a b", "[c]"]),
        ("--x='$A'", ["--x=$A"]),
        ("", []),
    ],
)
def test_words(key: str, text: str, found: object) -> None:
    assert KEYS[key].kind.from_text(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("curl -f 'x' || exit 1", "curl -f 'x' || exit 1"),
        ('["curl", "x"]', ["curl", "x"]),
        ('{ command = "x", retries = 2 }', {"command": "x", "retries": 2}),
        (" False ", False),
        ("falsehood", "falsehood"),
    ],
)
def test_health(text: str, found: object) -> None:
    assert KEYS["healthcheck"].kind.from_text(text) == found


@pytest.mark.parametrize(("text", "found"), [("TRUE", True), ("a,b", ["a", "b"]), ("true,a", ["true", "a"])])
def test_executables(text: str, found: object) -> None:
    assert KEYS["bins"].kind.from_text(text) == found


@pytest.mark.parametrize(
    ("key", "text", "complaint"),
    [
        *((key, "A", "expected NAME=VALUE, not 'A'") for key in TABLES),
        *((key, "{ A = ", "not valid TOML") for key in TABLES),
        *((key, "{ A" + ".A" * 990 + f" = {'[' * 300}{']' * 300} }}", "nested too deeply") for key in TABLES),
        *((key, "{}\nB = 1", "expected one value in TOML") for key in TABLES),
        *((key, "{}\n[x]", "expected one value in TOML") for key in TABLES),
        *((key, "'a", "No closing quotation") for key in ("entrypoint", "cmd")),
        *((key, '["a"', "not valid TOML") for key in ("entrypoint", "cmd", "healthcheck")),
        *((key, "a" * 40_000, "longer than 32000") for key in ("entrypoint", "cmd")),
        ("healthcheck", "{ command = 1 }", "expected a command"),
    ],
)
def test_what_cannot_be_read_names_the_flag_and_the_variable(key: str, text: str, complaint: str) -> None:
    name = flag(key)
    with pytest.raises(UsageError, match=rf"^flag {name}: .*{complaint}"):
        settings_of(BASE, flags={key: read_flag(key, (text,))})
    with pytest.raises(UsageError, match=rf"^variable CARGO_STOW_{key.upper()}: .*{complaint}"):
        settings_of(BASE, environment={f"CARGO_STOW_{key.upper()}": text})


@pytest.mark.parametrize(
    ("key", "texts", "found"),
    [
        ("env", ("A=1", "B=2", "A=3"), {"A": "3", "B": "2"}),
        ("features", ("a,b", "c"), ["a", "b", "c"]),
        ("cmd", ("a b", "c"), ["a", "b", "c"]),
        ("ports", ("80", "53/udp"), ["80", "53/udp"]),
        ("user", ("a", "b"), "b"),
        ("healthcheck", ('["a"]', "b"), "b"),
        ("healthcheck", ('["a"]', '["b"]'), ["b"]),
        ("healthcheck", ('{ command = "a" }', '{ retries = 1, command = "b" }'), {"retries": 1, "command": "b"}),
        ("healthcheck", ("a", "false"), False),
    ],
)
def test_a_flag_that_is_given_again(key: str, texts: tuple[str, ...], found: object) -> None:
    assert read_flag(key, texts) == found


HEALTH = {
    "a shell's": ("curl x || exit 1", ("/bin/sh", "-c", "curl x || exit 1")),
    "words": (["curl", "$A"], ("curl", "$A")),
    "none": (False, ()),
    "in a table": ({"command": ["x"]}, ("x",)),
}


@pytest.mark.parametrize("case", HEALTH)
def test_the_forms_of_a_healthcheck(case: str) -> None:
    value, command = HEALTH[case]
    check = settings_of({**BASE, "healthcheck": value}).healthcheck
    assert check is not None
    assert (check.command, check.interval, check.retries) == (command, None, None)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({}, "no `command`"),
        ({"command": "x", "intervall": "1s"}, "unknown key `intervall`; it has command, interval,"),
        ({"command": "x", "\n": "1s"}, r"unknown key '\\n'"),
        ({"command": "x", "start-period": "1s", "start_period": "2s"}, "twice"),
        ({"command": True}, "`command`: expected a command, or false"),
        ({"command": []}, "there is none"),
        ({"command": [""]}, "there is none"),
        ({"command": ""}, "it is empty"),
        *(({"command": "x", "interval": text}, "`interval`: expected a duration") for text in (
            "1", "-1s", "1 s", "1s ", "s", "1d", "1us", "1.s", ".5s", "\u0661s", "1s\n", "",
        ) if text),
        *(({"command": "x", "timeout": text}, "from 1ms to 292 years") for text in ("0.5ms", "999999999h", "0.0001s")),
        *(({"command": "x", "retries": number}, "a number of retries") for number in (0, -1, True, "3", 1.5, 2**31)),
        ({"command": "x", "interval": 3}, "`interval`: expected a string, not an integer"),
    ],
)  # fmt: skip
def test_what_is_no_healthcheck(options: dict[str, object], complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint) as caught:
        settings_of({**BASE, "healthcheck": options})
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("text", ["0s", "1ms", "1m30s", "1.5h", "2562047h"])
def test_durations(text: str) -> None:
    check = settings_of({**BASE, "healthcheck": {"command": "x", "start-period": text}}).healthcheck
    assert check is not None
    assert check.start_period == text


def test_all_executables_with_that_of_cargo_run_first() -> None:
    package = make_package(bins=EXECUTABLES, container={**BASE, "bins": True}, default_run="one")
    found = settings_of(package=package)
    assert found.bins == ("one", "four", "three", "two")
    assert found.entrypoint == ("/usr/bin/one",)
    named = make_package("two", bins=EXECUTABLES, container={**BASE, "bins": True})
    assert settings_of(package=named).bins == ("two", "four", "one", "three")


def test_executables_keep_their_order_and_are_taken_once() -> None:
    package = make_package(bins=EXECUTABLES, container={**BASE, "bins": ["two", "one", "two"]})
    assert settings_of(package=package).bins == ("two", "one")


@pytest.mark.parametrize(
    ("given", "origin"),
    [
        ({"flags": {"bin": "one", "bins": ["one", "two"]}}, "flag --bins"),
        ({"environment": {"CARGO_STOW_BIN": "one", "CARGO_STOW_BINS": "two"}}, "variable CARGO_STOW_BINS"),
        ({"workspace": {"bin": "one", "bins": True}}, r"\[workspace.metadata.container\] bins"),
    ],
)
def test_one_executable_and_several_in_one_place(given: dict[str, object], origin: str) -> None:
    with pytest.raises(UsageError, match=f"{origin}: `bin` stands there too"):
        settings_of(package=make_package(bins=EXECUTABLES, container=BASE), **given)  # type: ignore[arg-type]


def test_a_stronger_source_decides_between_one_executable_and_several() -> None:
    package = make_package(bins=EXECUTABLES, container={**BASE, "bins": ["one", "two"]})
    assert settings_of(package=package, flags={"bin": "four"}).bins == ("four",)
    package = make_package(bins=EXECUTABLES, container={**BASE, "bin": "one"})
    assert settings_of(package=package, flags={"bins": True}).bins == EXECUTABLES


@pytest.mark.parametrize("wrong", [False, [], "one", {"one": 1}, [1]])
def test_what_is_no_choice_of_executables(wrong: object) -> None:
    with pytest.raises(UsageError, match="`bins`: "):
        settings_of(package=make_package(bins=EXECUTABLES, container={**BASE, "bins": wrong}))


@pytest.mark.parametrize("name", ["a\nb", "a\x1b[2J", "\u202ea"])
def test_names_of_executables_cannot_write_to_the_terminal(name: str) -> None:
    for default_run in (None, name, "other\n"):
        package = make_package(bins=("a", name), container=BASE, default_run=default_run)
        with pytest.raises(UsageError) as caught:
            settings_of(package=package)
        assert str(caught.value).isprintable()
        assert caught.value.hint.isprintable()
