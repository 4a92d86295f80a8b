"""The keys by the types that their values may have, read from their JSON Schemas; and good values of each."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any, cast

from cargo_stow.image_values import Healthcheck
from cargo_stow.settings import KEYS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cargo_stow.settings import Settings

# What JSON Schema calls what TOML calls otherwise.
NAMES = {
    "string": "a string", "array": "an array", "object": "a table", "boolean": "a boolean", "integer": "an integer",
}  # fmt: skip
ANY: dict[str, object] = {
    "an integer": 1, "a float": 1.5, "a boolean": True, "an array": ["a"], "a table": {"a": 1}, "a string": "true",
    "a date or time": datetime.date(2026, 1, 1),
}  # fmt: skip
# For each key: values for flag, variable, package and workspace in that order of precedence, as text or TOML value; of
# a table, as one entry each.
LAYERS: dict[str, tuple[Any, str, Any, Any]] = {
    "target_image": ("a:1", "a:2", "a:3", "a:4"),
    "tags": (["t1"], "t2", ["t3"], ["t4"]),
    "base_image": ("b:1", "b:2", "b:3", "b:4"),
    "build_deps": (["g1"], "g2", ["g3"], ["g4"]),
    "runtime_deps": (["l1"], "l2", ["l3"], ["l4"]),
    "bin": ("one", "two", "three", "four"),
    "bins": (["one", "two"], "two,three", ["three", "one"], ["four", "two"]),
    "features": (["f1"], "f2", ["f3"], ["f4"]),
    "all_features": (True, "false", True, False),
    "no_default_features": (True, "no", True, False),
    "profile": ("p1", "p2", "p3", "p4"),
    "toolchain": ("1.91", "1.92", "1.93", "1.94"),
    "backend": ("docker", "youki", "auto", "docker"),
    "build_env": ({"A": "1"}, "A=2", {"A": "3"}, {"A": "4"}),
    "include": (["../i1"], "../i2", ["../i3"], ["../i4"]),
    "secrets": ({"s": {"env": "A1"}}, "id=s,env=A2", {"s": {"env": "A3"}}, {"s": {"env": "A4"}}),
    "assets": (["a1:/a"], "a2:/a", ["a3:/a"], ["a4:/a"]),
    "platforms": (["linux/arm64"], "linux/amd64", ["linux/386"], ["linux/arm/v7"]),
    "minimal": (True, "false", True, False),
    "env": ({"A": "1"}, "A=2", {"A": "3"}, {"A": "4"}),
    "labels": ({"a.b": "1"}, "a.b=2", {"a.b": "3"}, {"a.b": "4"}),
    "annotations": ({"a.b": "1"}, "a.b=2", {"a.b": "3"}, {"a.b": "4"}),
    "ports": (["1/tcp"], "2/tcp", ["3/tcp"], ["4/tcp"]),
    "volumes": (["/v1"], "/v2", ["/v3"], ["/v4"]),
    "workdir": ("/w1", "/w2", "/w3", "/w4"),
    "user": ("u1", "u2", "u3", "u4"),
    "entrypoint": (["e1"], "e2", ["e3"], ["e4"]),
    "cmd": (["c1"], "c2", ["c3"], ["c4"]),
    "stop_signal": ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"),
    "healthcheck": ("h1", "h2", "h3", "h4"),
}
EXECUTABLES = ("four", "one", "three", "two")


def types(schema: Mapping[str, object]) -> set[str]:
    """The types of values that a schema takes, in JSON Schema's words."""
    if "anyOf" in schema:
        return {name for each in cast("list[Mapping[str, object]]", schema["anyOf"]) for name in types(each)}
    if "const" in schema and "type" not in schema:
        return {"boolean"} if isinstance(schema["const"], bool) else {"string"}
    found = schema["type"]
    return set(found) if isinstance(found, list) else {str(found)}


def keys_of(kind: str) -> list[str]:
    """The keys that take a value of a type, and of no other one."""
    return [key for key in KEYS if types(KEYS[key].kind.schema) == {kind}]


def refused() -> Iterator[tuple[str, str]]:
    """Each key, with each type that it does not take."""
    for key in KEYS:
        taken = {NAMES[name] for name in types(KEYS[key].kind.schema)}
        yield from ((key, kind) for kind in ANY if kind not in taken)


# Those with a grammar of their own for each item are in test_files.py.
ARRAYS = [key for key in keys_of("array") if key != "assets"]
TABLES = [key for key in KEYS if KEYS[key].kind.merges and key != "secrets"]
# Free text, which is quoted where it stands; tests/injection reads what comes of it.
FREE = {"assets", "build_env", "include", "secrets", "env", "labels", "annotations", "entrypoint", "cmd", "healthcheck"}


def value_of(key: str, text: object) -> object:
    """A value of a key's type with a text in it."""
    return [text] if key in ARRAYS else {"A": text} if key in TABLES else text


def texts_of(key: str, settings: Settings) -> list[str]:
    """The texts in a parsed value."""
    value = getattr(settings, "bins" if key == "bin" else key)
    if key in TABLES:
        return ["".join(map(str, text)) for name, text in value if name == "A"]
    if isinstance(value, Healthcheck):
        return [value.command[-1]]
    return [str(each) for each in value] if isinstance(value, tuple) else [str(value)]
