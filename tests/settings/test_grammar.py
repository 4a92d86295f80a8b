from __future__ import annotations

import contextlib
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cargo_stow.errors import UsageError
from cargo_stow.settings import KEYS
from cargo_stow.settings.keys import variable
from tests.crates import settings_of

BASE = {"base_image": "debian:12"}
ARRAYS = {"build_deps", "runtime_deps", "features"}
TEXTS = sorted(KEYS.keys() - {"all_features", "no_default_features", "bin"})


def value_of(key: str, text: object) -> object:
    return [text] if key in ARRAYS else text


@pytest.mark.parametrize(
    ("key", "text"),
    [
        *(
            ("build_deps", text)
            for text in ("g++", "libc6-dev", "libssl3", "libc6:armhf", "gcc=4:12.2.0-3", "ab=1~rc1+b")
        ),
        *(("features", text) for text in ("tls", "a/b", "a?/b", "2fa", "_x", "std+simd", "v1.2")),
        *(("toolchain", text) for text in ("stable", "beta", "nightly", "nightly-2026-01-01", "1.90", "1.90.1")),
        *(("toolchain", text) for text in ("rust:1.90", "registry.example.org:5000/rust:1", "r@sha256:" + "a" * 64)),
        *(("profile", text) for text in ("release", "dev", "release-lto", "x_1")),
        *(("user", text) for text in ("root", "_apt", "www-data", "1000:1000", "app:100", "Debian-exim", "0:0")),
        ("base_image", "debian@sha256:" + "a" * 64),
        ("target_image", "localhost:5000/a:1"),
    ],
)
def test_what_passes(key: str, text: str) -> None:
    found = getattr(settings_of({**BASE, key: value_of(key, text)}), key)
    assert (found[0] if key in ARRAYS else str(found)) == text


@pytest.mark.parametrize(
    ("key", "text", "complaint"),
    [
        *(("build_deps", text, "Debian package name") for text in (
            "a", "Gcc", "-y", "gcc-", "gcc=1-", "gcc:amd64-", "gcc:", "gcc=", "gcc/bookworm", "gcc*", "gcc ", "gcc\n",
            "gcc;id", "./x.deb", "gcc=$(id)", "g\u0441c", "gcc=\u0661", "gcc:-a",
        )),
        *(("features", text, "Cargo feature") for text in (
            "-x", "a//b", "/a", "a/", "a,b", "a b", "a\n", "a'", "dep:a",
            "é",
        )),
        *(("toolchain", text, "expected a channel") for text in (
            "1", "1.90-beta", "\u0661.\u0662", "1.90\n", "nightly-\u0662\u0660\u0662\u0666-01-01",
            "latest", "rust", "$x", "-1.90", "a b:1",
            "r:5/rust",
        )),
        *(("profile", text, "Cargo profile") for text in ("-x", "a.b", "a+b", "a/b", "..", "a\n", "é")),
        ("profile", "debug", "cargo calls that profile `dev`"),
        *(("user", text, "user name or number") for text in (
            "-u", "1000:", ":0", "a b", "a\n", "\u0661\u0662", "1000:\u0663", "a:b:c", "$u", "a" * 33,
            "12345678901", "²",
        )),
        ("user", "4294967295", "at most 4294967294"),
        ("user", "1:4294967295", "at most"),
        ("base_image", "scratch", "no image"),
        ("base_image", "debian:12\n", "white space"),
        ("target_image", "a@sha256:" + "a" * 64, "has no digest"),
        ("bin", "a\u200b", "letters, digits"),
        ("bin", "..", "letters, digits"),
        ("bin", "a/b", "letters, digits"),
    ],
)  # fmt: skip
def test_what_does_not(key: str, text: str, complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint) as caught:
        settings_of({**BASE, key: value_of(key, text)})
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(("text", "user"), [("1000", "1000:1000"), ("0", "0:0"), ("root", "root"), ("7:8", "7:8")])
def test_a_number_alone_gets_its_own_group(text: str, user: str) -> None:
    assert settings_of({**BASE, "user": text}).user == user


@pytest.mark.parametrize("key", TEXTS)
@pytest.mark.parametrize("length", [256, 100_000])
def test_values_longer_than_a_file_name(key: str, length: int) -> None:
    with pytest.raises(UsageError, match=r"longer|expected"):
        settings_of({**BASE, key: value_of(key, "a" * length)})


def test_a_list_that_no_line_of_a_dockerfile_holds() -> None:
    with pytest.raises(UsageError, match="more than 32000 characters together"):
        settings_of({**BASE, "build_deps": [f"lib{number:0200}" for number in range(200)]})


HOSTILE = st.text(st.sampled_from("ab1.-_+:=/@?~ '\"`$\\\n\t\r;&|<>(){}#!*[]\0é\u0661\u2028"), max_size=12)
ANYTHING = st.one_of(
    HOSTILE, st.text(max_size=12), st.integers(), st.booleans(), st.none(), st.floats(), st.lists(HOSTILE)
)


@given(key=st.sampled_from(sorted(KEYS)), value=HOSTILE | st.text(max_size=12), variables=st.booleans())
@example(key="user", value="1000\n", variables=False)
@example(key="features", value="a\n", variables=True)
def test_any_text_is_refused_or_means_nothing_to_a_shell(key: str, value: str, variables: bool) -> None:
    given = {"environment": {variable(key): value}} if variables else {"flags": {key: value_of(key, value)}}
    try:
        found = settings_of(BASE, **given)
    except UsageError:
        return
    texts = getattr(found, key)
    for text in texts if key in ARRAYS else [str(texts)]:
        assert re.fullmatch(r"(?!-)[A-Za-z0-9_.:/@\[\]+=~?-]+", text)


@given(key=st.sampled_from(sorted(KEYS)), value=ANYTHING)
def test_any_value_gives_settings_or_a_usage_error(key: str, value: object) -> None:
    with contextlib.suppress(UsageError):
        assert settings_of({**BASE, key: value}).origins[key].endswith(f"[package.metadata.container] {key}")
