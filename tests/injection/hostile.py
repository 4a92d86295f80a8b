"""Texts and values that try to become more than a value, for every kind that the catalog of keys has."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, cast

from hypothesis import strategies as st

from cargo_stow.settings import KEYS
from tests.settings.kinds import EXECUTABLES, LAYERS

if TYPE_CHECKING:
    from collections.abc import Mapping

PIECES = [
    "\n", "\r\n", "\r", "\0", "\x01", "\x0b", "\x0c", "\x1b[2J", "\x7f", "\x85", "\u2028", "\u2029", "\t", " ",
    "\u00a0",
    "'", '"', "`", "\\", "\\\n", "\\\\", "$", "$$", "$A", "${A}", "${B_1:-x}", "${", "}", "$(id)", "`id`", "$'\\n'",
    ";id", "&&id", "|id", ">/x", "<x", "&", "#", " #", "!", "~", "*", "?", "[", "]", "[a]", "{", "{a,b}", "(", ")",
    "<<EOF\n", "<<-'EOF'", "\nEOF\n", "\nRUN id\n", "\nFROM evil\n", " AS base", "FROM evil", "\nUSER 0",
    "# syntax=evil/frontend\n", "#syntax=evil", "# escape=`\n", "\ufeff", "\u202e", "\u2066", "\u200b", "\u200d",
    "\u00ad",
    "\u0430", "\uff04", "\uff02", "\u2212", "\u0661", "\u017f", "\u212a", "e\u0301", "\U0001f600", "\udcff", "\ud83d",
    "--privileged", "--mount=type=bind,from=evil", "-", "--", "-rf", "=", ",", ":", "@", "/", "..", "/../", "//", ".",
    "+",
    "a", "A", "0", "_", "org.example.a", "SIGTERM", "/usr/bin/x", "80/tcp", "true", "false", "dev", "{version}",
    "{git.sha}", "{git.branch}", "{git.tag}", "{bin}", "{package}", "{profile}", "{}", "{x}", "sha256:" + "a" * 64,
    '["', '"]', '", "', '{ A = "', "A=", "a" * 127, "a" * 256,
]  # fmt: skip
# By length, so that a report of a failure is one that people can read.
LONG = st.sampled_from([9_000, 40_000, 140_000]).map(lambda length: "é" * length) | st.just(40_000).map("a ".__mul__)
PIECE = st.one_of(*[st.sampled_from(PIECES)] * 15, LONG)
TEXTS = st.lists(PIECE | st.text(max_size=4), max_size=5).map("".join) | st.text(max_size=20)


def _put(good: str, position: int, piece: str) -> str:
    return good[: position % (len(good) + 1)] + piece + good[position % (len(good) + 1) :]


def near(*good: str) -> st.SearchStrategy[str]:
    """Texts that are good ones but for one piece."""
    return st.builds(_put, st.sampled_from(good), st.integers(0, 40), st.just("") | PIECE)


LEAVES = st.one_of(
    TEXTS, st.integers(), st.booleans(), st.floats(), st.dates(), st.datetimes(), st.times(),
    st.just(datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)),
)  # fmt: skip
ANY_TOML = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=6
)


def of_schema(schema: Mapping[str, object], good: st.SearchStrategy[str]) -> st.SearchStrategy[object]:
    """Values of the types that a schema names, whatever its patterns say. Raises KeyError for a type not known here."""
    if "anyOf" in schema:
        return st.one_of(*(of_schema(each, good) for each in cast("list[Mapping[str, object]]", schema["anyOf"])))
    if "const" in schema:
        return st.just(schema["const"])
    found = schema["type"]
    texts = TEXTS | good
    names: list[str] = found if isinstance(found, list) else [cast("str", found)]
    return st.one_of(*(_of_type(name, schema, texts) for name in names))


def _of_type(name: str, schema: Mapping[str, object], texts: st.SearchStrategy[str]) -> st.SearchStrategy[object]:
    if name == "array":
        items = schema["additionalItems"] if isinstance(schema["items"], list) else schema["items"]
        return st.lists(of_schema(cast("Mapping[str, object]", items), texts), max_size=4)
    if name == "object":
        return _tables(schema, texts)
    return {"string": texts, "boolean": st.booleans(), "integer": st.integers()}[name]


def _tables(schema: Mapping[str, object], texts: st.SearchStrategy[str]) -> st.SearchStrategy[object]:
    if "properties" in schema:
        known = cast("Mapping[str, Mapping[str, object]]", schema["properties"])
        return st.fixed_dictionaries({}, optional={name: of_schema(each, texts) for name, each in known.items()})
    names = st.sampled_from(["A", "B_1", "a.b", "org.opencontainers.image.title", "PATH"]) | TEXTS
    return st.dictionaries(
        names, of_schema(cast("Mapping[str, object]", schema["additionalProperties"]), texts), max_size=3
    )


def good_texts(key: str) -> tuple[str, ...]:
    """Texts that are values of a key, or parts of them."""
    found = LAYERS[key]
    texts = [
        each for value in found for each in (value if isinstance(value, list) else [value]) if isinstance(each, str)
    ]
    return tuple(texts) or ("true", "A=x")


def values(key: str) -> st.SearchStrategy[object]:
    """Values for a key in a manifest: of its own types, and of any other."""
    return st.one_of(of_schema(KEYS[key].kind.schema, near(*good_texts(key))), ANY_TOML)


def typed(key: str) -> st.SearchStrategy[str]:
    """Texts for the flag or variable of a key."""
    entries = st.builds(lambda name, text: f"{name}={text}", st.sampled_from(["A", "a.b", "PATH"]) | TEXTS, TEXTS)
    return st.one_of(TEXTS, near(*good_texts(key), *EXECUTABLES), entries)
