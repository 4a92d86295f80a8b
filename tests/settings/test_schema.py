"""The JSON Schema says what the parser says: it takes whatever that takes, and refuses what it can."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from cargo_stow.entry import run_cli
from cargo_stow.settings import KEYS
from cargo_stow.settings.schema import make_manifest_schema, make_section_schema

if TYPE_CHECKING:
    from collections.abc import Iterator

SECTION = make_section_schema()
# Only the parser knows these.
UNSAID = re.compile(
    r"characters together|longer than 255 characters|expected a port from|at most 2147483647|that are not UTF-8"
    r"|it is longer than 8000 characters|from 1ms to 292 years|a blank at its beginning or end"
    r"|leads out of|mounts something else there"
)
DIGEST = "sha256:" + "a" * 64
GOOD: dict[str, list[object]] = {
    "target_image": ["r.example.org:5000/team/a:1", "a", "{package}/x{bin}:{version}-{git.sha}", "A.b/{package}"],
    "tags": [[], ["{version}", "v1", "{git.branch}", "_x", "x" * 128, "{version}" * 128]],
    "base_image": ["debian:12", "a", f"debian@{DIGEST}", f"d:1@{DIGEST}", "localhost:5000/a/b", "[::1]:5000/a"],
    "build_deps": [[], ["g++", "libc6:armhf", "gcc=4:12.2.0-3"]],
    "runtime_deps": [["libssl3"]],
    "bin": ["api", "a.b", "_x"],
    "bins": [True, ["a", "b"]],
    "features": [[], ["tls", "a/b", "a?/b"]],
    "all_features": [True, False],
    "minimal": [True, False],
    "no_default_features": [True],
    "profile": ["release", "dev", "x_1"],
    "toolchain": ["1.90", "stable", "nightly-2026-01-01", "rust:1.90", f"r@{DIGEST}", f"r.example.org/rust:1@{DIGEST}"],
    "build_env": [{}, {"A": "b", "B": 1, "C": False}],
    "include": [[], ["../a/*.txt", ".git"]],
    "secrets": [{}, {"a.b": {"env": "A"}, "c": {"file": "d/e"}, "f": False}],
    "assets": [[], ["static:/srv/www"], [{"source": "a/**", "target": "/b/", "mode": "0644", "owner": "1:1"}]],
    "platforms": [[], ["linux/amd64"], ["linux/arm/v7"], ["linux/amd64", "linux/arm64"]],
    "backend": ["auto", "docker", "youki"],
    "env": [{}, {"A": "b", "_B": 1, "C": False, "PATH": "/x:$PATH:${B}", "D": "1$$", "E": "a\tb"}],
    "labels": [{"org.example.team": "web", "a": 1, "b": False, "c": "$x"}],
    "annotations": [{"a/b": "é"}],
    "ports": [[80, "53/udp", "8000-8010", "1-2/sctp"]],
    "volumes": [["/var/lib/app", "/"]],
    "workdir": ["/a/b/", "/...", "/a..b"],
    "user": ["root", "app:app", 0, "0:0", 2147483647],
    "entrypoint": [[], ["a", "", "b c\n"]],
    "cmd": [["--x"]],
    "stop_signal": ["SIGTERM", 15, "15", "SIGRTMIN+3"],
    "healthcheck": [
        "curl x", ["a"], False, {"command": False}, {"command": "a", "interval": "1m30s", "start-period": "1s"},
        {"command": ["a"], "timeout": "1s", "start_period": "2h", "retries": 3},
    ],
}  # fmt: skip
BAD: dict[str, list[object]] = {
    "build_env": ["a", {"A B": "c"}, {"A": [1]}],
    "include": ["a", [""], [1]],
    "secrets": ["a", {"a": 1}, {"A B": {"env": "A"}}, {"a": {"nope": "b"}}, {"a": {}}],
    "assets": ["a", [1], [{"source": "a"}], [{"source": "a", "target": "/b", "nope": 1}]],
    "platforms": ["linux/amd64", ["linux"], ["windows/amd64"], ["linux/a b"], [1]],
    "backend": ["", "podman", "Docker", "docker\n", 1],
    "target_image": ["", "A", f"a@{DIGEST}", "a b", "a:", "{nope}", "a:{", "a" * 64, "a\n", "http://a/b"],
    "tags": ["v1", ["-x"], [".x"], ["{nope}"], ["x" * 129], [""], ["a\n"], [1]],
    "base_image": ["", "scratch", "scratch:1", "debian:12\n", "-x", "Debian", DIGEST, "a@sha256:12", 12],
    "build_deps": ["gcc", ["-y"], ["gcc-"], ["gcc\n"], [""], [1], ["x" * 256]],
    "runtime_deps": [["$(id)"]],
    "bin": ["", "-x", "a b", True],
    "bins": [False, [], ["-x"], "a"],
    "features": ["tls", ["a,b"], ["-x"]],
    "all_features": ["true", 1],
    "minimal": ["yes", 0, {}],
    "no_default_features": [0],
    "profile": ["debug", "-x", ""],
    "toolchain": ["1", "rust", "latest", "", "1.90\n", "a" * 64, "-1.90"],
    "env": [["A=b"], {"1": "x"}, {"A B": "x"}, {"A": "$"}, {"A": "${x"}, {"A": "a\nb"}, {"A": True}, {"A": "x" * 8001}],
    "labels": [{"-a": "x"}, {"a ": "x"}, {"a": "\x1b"}, {"a": 1.5}, {"a": []}],
    "annotations": [{"": "x"}, "a"],
    "ports": [80, [0], [65536], ["80/x"], ["٣"], [True]],
    "volumes": [["relative"], ["/a/../b"], ["/.."], ["/a b"], "/a"],
    "workdir": ["", "x", "/a/..", "/$x"],
    "user": ["", "-u", "a b", "a:", -1, 4294967295, True],
    "entrypoint": ["sh", [1]],
    "cmd": [{"a": "b"}],
    "stop_signal": ["TERM", 0, 65, "sigterm", "SIGTERM\n"],
    "healthcheck": [
        "", [], [""], True, {}, {"command": "a", "retries": 0}, {"command": "a", "nope": 1}, {"retries": 1},
        {"command": "a", "interval": "soon"}, {"command": "a", "interval": "1"}, {"command": "a", "retries": 2**31},
    ],
}  # fmt: skip


def _pattern(_validator: object, pattern: str, value: object, _schema: object) -> Iterator[jsonschema.ValidationError]:
    """As ECMA 262 has it: `$` is the end, where Python's also stands before a last line break."""
    if isinstance(value, str) and not re.search(_ecma(pattern), value):
        yield jsonschema.ValidationError(f"{value!r} does not match {pattern!r}")


def _ecma(pattern: str) -> str:
    return re.sub(r"\$$", r"\\Z", pattern)


Validator: Any = jsonschema.validators.extend(jsonschema.Draft7Validator, {"pattern": _pattern})  # type: ignore[no-untyped-call]
SECTION_VALIDATOR = Validator(SECTION)


def parses(key: str, value: object) -> str | None:
    """What the parser has against a value, None for nothing."""
    try:
        KEYS[key].kind.parse(value)
    except ValueError as error:
        return str(error)
    return None


def is_valid(section: object) -> bool:
    return bool(SECTION_VALIDATOR.is_valid(section))


def test_every_key_is_in_these_tables() -> None:
    assert set(GOOD) == set(BAD) == set(KEYS)


@pytest.mark.parametrize("schema", [SECTION, make_manifest_schema()])
def test_it_is_a_schema_of_draft_7(schema: Any) -> None:
    jsonschema.Draft7Validator.check_schema(schema)


@pytest.mark.parametrize(("key", "value"), [(key, value) for key, values in GOOD.items() for value in values])
def test_what_both_take(key: str, value: object) -> None:
    assert parses(key, value) is None
    for name in (key, key.replace("_", "-")):
        assert is_valid({name: value})


@pytest.mark.parametrize(("key", "value"), [(key, value) for key, values in BAD.items() for value in values])
def test_what_both_refuse(key: str, value: object) -> None:
    assert parses(key, value)
    for name in (key, key.replace("_", "-")):
        assert not is_valid({name: value})


SCALARS = st.one_of(
    st.text(max_size=20), st.text("ab1-_.:/@{}$=\n", max_size=12), st.integers(-1, 70_000), st.booleans(), st.floats()
)
NAMES = st.one_of(st.sampled_from(["A", "a.b", "command", "interval", "retries", "x y"]), st.text(max_size=5))
VALUES = st.one_of(
    SCALARS, st.lists(SCALARS, max_size=3), st.dictionaries(NAMES, st.one_of(SCALARS, st.lists(SCALARS)), max_size=3)
)


@pytest.mark.parametrize("key", KEYS)
@settings(deadline=None, max_examples=int(os.environ.get("STOW_EXAMPLES", "100")))
@given(value=VALUES)
def test_the_schema_takes_what_the_parser_takes_and_refuses_what_it_can(key: str, value: object) -> None:
    _compare(key, value)


def _compare(key: str, value: object) -> None:
    complaint = parses(key, value)
    if complaint is None:
        assert is_valid({key: value})
    elif not UNSAID.search(complaint) and not _is_long(value):
        # JSON Schema takes 1.0 for an integer, which TOML tells from one.
        assert not is_valid({key: value}) or "float" in complaint or re.search(r"\d\.0\b", repr(value))


def _is_long(value: object) -> bool:
    """Whether it may be an image whose name is too long; of a toolchain, the parser then says only what it wants."""
    return isinstance(value, str) and len(value) > 255


def _patterns(schema: object, left_out: frozenset[str] = frozenset()) -> Iterator[str]:
    """The patterns of a schema; not those below the words that are left out."""
    if isinstance(schema, dict):
        for name, each in schema.items():
            if name == "pattern" and isinstance(each, str):
                yield each
            elif name not in left_out:
                yield from _patterns(each, left_out)
    elif isinstance(schema, list):
        for each in schema:
            yield from _patterns(each, left_out)


def _described(key: str) -> set[str]:
    """The patterns that describe values of a key, not names, nor what a value must not be."""
    return set(_patterns(KEYS[key].kind.schema, frozenset({"propertyNames", "not"})))


def _made(text: str) -> Iterator[object]:
    """Values of a key that have a text somewhere."""
    yield from (text, [text], {"A": text}, {"command": "a", "interval": text})


@pytest.mark.parametrize(("key", "pattern"), sorted((key, each) for key in KEYS for each in _described(key)))
@settings(phases=(Phase.generate,), deadline=None)  # a text of a pattern takes minutes to shrink
@given(data=st.data())
def test_what_its_patterns_describe_is_what_the_parser_takes(key: str, pattern: str, data: st.DataObject) -> None:
    text = data.draw(st.from_regex(_ecma(pattern)))
    for value in _made(text):
        _compare(key, value)


def test_patterns_are_of_ecma_262() -> None:
    """None has what only Python's have; `node` agrees, asked by hand."""
    found = set(_patterns(SECTION))
    assert len(found) > 15
    for pattern in found:
        assert not re.search(r"\(\?(?![:=!])", pattern), pattern  # named groups, flags, look-behind, atomic groups
        assert not re.search(r"[*+?}][+]", re.sub(r"\[[^]]*\]", "x", pattern)), pattern  # possessive quantifiers
        assert not re.search(r"\\[AZzbBGKdDwWsSpP]", pattern), pattern  # means another thing, or nothing, there


def test_both_spellings_but_not_at_once() -> None:
    assert is_valid({"base-image": "debian:12", "runtime_deps": []})
    assert not is_valid({"base-image": "debian:12", "base_image": "debian:12"})
    assert not is_valid({"bin": "a", "bins": ["b"]})


@pytest.mark.parametrize("key", ["base_imag", "build_image", "Base_Image", ""])
def test_an_unknown_key(key: str) -> None:
    assert not is_valid({key: "debian:12"})


def test_what_editors_show() -> None:
    properties: Any = SECTION["properties"]
    for key in KEYS:
        assert properties[key]["description"].lower() == f"{KEYS[key].meaning}.".lower()
        assert properties[key] == properties[key.replace("_", "-")]
        if "default" in properties[key]:
            assert is_valid({key: properties[key]["default"]})
    assert properties["user"]["default"] == "65532:65532"
    assert properties["profile"]["default"] == "release"


@pytest.mark.parametrize("table", ["package", "workspace"])
def test_a_whole_manifest(table: str) -> None:
    validator = Validator(make_manifest_schema())
    other = {"dependencies": {"a": "1"}, "package": {"name": "a", "metadata": {"docs": {"x": 1}}}}

    def manifest(section: object) -> object:
        return {**other, table: {"metadata": {"container": section}}}

    assert validator.is_valid(other)
    assert validator.is_valid(manifest({"base_image": "debian:12"}))
    assert not validator.is_valid(manifest({"base_image": "de bian"}))
    assert not validator.is_valid(manifest({"baze": "debian:12"}))


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cli(["schema"]) == 0
    assert json.loads(capsys.readouterr().out) == make_manifest_schema()
    assert run_cli(["schema", "--section"]) == 0
    assert json.loads(capsys.readouterr().out) == SECTION
