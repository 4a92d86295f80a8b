from __future__ import annotations

import re
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cargo_stow.reference import ImageRef, parse_reference

HEX = "0123456789abcdef" * 4
DIGEST = f"sha256:{HEX}"


@pytest.mark.parametrize(
    ("text", "registry", "repository", "tag", "digest"),
    [
        ("debian", "docker.io", "library/debian", None, None),
        ("debian:bookworm-slim", "docker.io", "library/debian", "bookworm-slim", None),
        ("rustlang/rust", "docker.io", "rustlang/rust", None, None),
        ("docker.io/debian", "docker.io", "library/debian", None, None),
        ("docker.io/team/web", "docker.io", "team/web", None, None),
        ("index.docker.io/debian", "index.docker.io", "library/debian", None, None),
        ("ghcr.io/a/b/c:1", "ghcr.io", "a/b/c", "1", None),
        ("localhost", "docker.io", "library/localhost", None, None),
        ("localhost:5000", "docker.io", "library/localhost", "5000", None),
        ("localhost/web", "localhost", "web", None, None),
        ("localhost:5000/web:1", "localhost:5000", "web", "1", None),
        ("example:5000/web", "example:5000", "web", None, None),
        ("REGISTRY/web", "REGISTRY", "web", None, None),
        ("team/web", "docker.io", "team/web", None, None),
        ("10.0.0.1:5000/web", "10.0.0.1:5000", "web", None, None),
        ("[::1]:5000/web", "[::1]:5000", "web", None, None),
        ("[2001:db8::1]/web", "[2001:db8::1]", "web", None, None),
        (f"debian@{DIGEST}", "docker.io", "library/debian", None, DIGEST),
        (f"localhost:5000/web:1@{DIGEST}", "localhost:5000", "web", "1", DIGEST),
        ("web@sha512:" + HEX * 2, "docker.io", "library/web", None, "sha512:" + HEX * 2),
        ("a.b/c__d/e--f/g.h_i:A_b.c-d", "a.b", "c__d/e--f/g.h_i", "A_b.c-d", None),
        ("web:" + "t" * 128, "docker.io", "library/web", "t" * 128, None),
        ("a" * 255, "docker.io", "library/" + "a" * 255, None, None),
        (f"{HEX}:1", "docker.io", f"library/{HEX}", "1", None),
    ],
)
def test_references(text: str, registry: str, repository: str, tag: str | None, digest: str | None) -> None:
    found = parse_reference(text)
    assert (found.registry, found.repository, found.tag, found.digest) == (registry, repository, tag, digest)
    assert str(found) == text


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "empty"),
        ("https://registry.example.org/web", "URL"),
        ("web 1", "white space"),
        ("web\n", "white space"),
        ("web:1\nRUN true", "white space"),
        ("web\u00a0", "white space"),
        ("Debian", "lower case"),
        ("registry.example.org/Web", "lower case"),
        (HEX, "image ID"),
        (DIGEST, "image ID"),
        ("a" * 256, "longer than 255"),
        ("web:" + "t" * 129, "expected"),
        ("web:", "expected"),
        ("web:-1", "expected"),
        ("web:1:2", "expected"),
        ("web@", "expected"),
        ("web@sha256:abc", "expected"),
        (f"web@sha256:{HEX.upper()}", "expected"),
        (f"web@md5:{HEX[:32]}", "expected"),
        (f"web@{DIGEST}@{DIGEST}", "expected"),
        (f"web@{DIGEST}:1", "expected"),
        ("-web", "expected"),
        ("web-", "expected"),
        ("a___b", "expected"),
        ("a..b", "expected"),
        ("a/", "expected"),
        ("/a", "expected"),
        ("a//b", "expected"),
        ("a.b:x/c", "expected"),
        ("-a.b/c", "expected"),
        ("[::1/c", "expected"),
        ("$(id)", "expected"),
        ("${BASE}", "lower case"),
        ("--platform=linux/arm64", "expected"),
        ("debian;id", "expected"),
        ("débian", "expected"),
        ("debian:\u0661\u0662", "expected"),
        ("\uff44ebian", "expected"),
    ],
)
def test_what_is_no_reference(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        parse_reference(text)


COMPONENT = st.from_regex(r"[a-z0-9]{1,5}((\.|_|__|-{1,3})[a-z0-9]{1,5}){0,2}", fullmatch=True)
HOST = st.from_regex(
    r"([a-zA-Z0-9]{1,5}(\.[a-zA-Z0-9]{1,5}){1,2}|localhost|\[[a-f0-9:]{2,9}\])(:[0-9]{1,5})?", fullmatch=True
)
ODD = st.text(st.sampled_from("aZ09.:/@[]-_ $`'\"\\\n\tsha256é"), max_size=40)


@given(
    host=st.none() | HOST,
    path=st.lists(COMPONENT, min_size=1, max_size=4),
    tag=st.none() | st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", fullmatch=True),
    digest=st.sampled_from([None, DIGEST]),
)
def test_whatever_the_grammar_makes_is_read_and_written_back(
    host: str | None, path: list[str], tag: str | None, digest: str | None
) -> None:
    text = "/".join([*([host] if host else []), *path]) + (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")
    found = parse_reference(text)
    assert str(found) == text
    if host:
        assert (found.registry, found.repository) == (host, "/".join(path))


@given(text=st.text(max_size=60) | ODD)
@example(text="web\n")
@example(text="[::1]:5000/web")
def test_any_text_is_refused_or_is_harmless(text: str) -> None:
    try:
        found = parse_reference(text)
    except ValueError:
        return
    assert str(found) == text
    assert re.fullmatch(r"[A-Za-z0-9\[][A-Za-z0-9\[\]:./_@-]*", text)
    assert parse_reference(str(found.tagged)) == found.tagged
    assert found.tagged.tag or found.tagged.digest


@pytest.mark.parametrize(
    "text", ["a" * 100_000, "a-" * 50_000, "a." * 50_000 + "!", "A" * 100_000 + "!", "[" * 100_000]
)
def test_a_long_text_takes_no_time(text: str) -> None:
    start = time.monotonic()
    with pytest.raises(ValueError, match=r"longer|expected|lower"):
        parse_reference(text)
    assert time.monotonic() - start < 2


def test_pinning_keeps_name_and_tag() -> None:
    assert str(parse_reference("debian:12").at(DIGEST)) == f"debian:12@{DIGEST}"
    assert ImageRef(name="web").tagged == ImageRef(name="web", tag="latest")
    assert parse_reference(f"web@{DIGEST}").tagged == parse_reference(f"web@{DIGEST}")
