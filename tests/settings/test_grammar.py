from __future__ import annotations

import contextlib
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cargo_stow.errors import UsageError
from cargo_stow.image_values import Variable
from cargo_stow.settings import KEYS
from cargo_stow.settings.keys import variable
from tests.crates import settings_of
from tests.settings.kinds import ARRAYS, FREE, TABLES, texts_of, value_of

BASE = {"base_image": "debian:12"}


@pytest.mark.parametrize(
    ("key", "text"),
    [
        *(
            ("build_deps", text)
            for text in (
                "g++",
                "libc6-dev",
                "libssl3",
                "libc6:armhf",
                "gcc=4:12.2.0-3",
                "ab=1~rc1+b",
                "SDL2-devel",
                "gcc-c++",
                "R",
                "so:libssl.so.3",
                "musl~=1.2",
                "vim-2:9.1",
            )
        ),
        *(("features", text) for text in ("tls", "a/b", "a?/b", "2fa", "_x", "std+simd", "v1.2")),
        *(("toolchain", text) for text in ("stable", "beta", "nightly", "nightly-2026-01-01", "1.90", "1.90.1")),
        *(("toolchain", text) for text in ("rust:1.90", "registry.example.org:5000/rust:1", "r@sha256:" + "a" * 64)),
        *(("profile", text) for text in ("release", "dev", "release-lto", "x_1")),
        *(("user", text) for text in ("root", "_apt", "www-data", "1000:1000", "app:100", "Debian-exim", "0:0")),
        ("base_image", "debian@sha256:" + "a" * 64),
        *(("target_image", text) for text in ("localhost:5000/a:1", "a", "registry.example.org/a/b")),
        *(("tags", text) for text in ("1", "_a", "v1.2-rc_3", "t" * 128)),
        *(("ports", text) for text in ("1/tcp", "65535/udp", "8000-8010/sctp")),
        *(("volumes", text) for text in ("/", "/a", "/a/", "/a.b/c_d@e%f+g=h~i-j/.k", "/...")),
        ("workdir", "/" + "a/" * 100),
        *(("stop_signal", text) for text in ("SIGTERM", "9", "64", "SIGRTMIN", "SIGRTMIN+15", "SIGRTMAX-1", "SIGUSR1")),
        *((key, text) for key in ("labels", "env", "annotations") for text in (
            "", " ", "a b", "'", '"', "\\", "\\\"", "`id`", "#", "\t", "é", "\u2028", "\u202e", "\ufeff", "<<EOF",
            "--a",
        )),
        *(("labels", text) for text in ("$HOME", "${HOME}", "$$", "$", "a$")),
        *((key, text) for key in ("entrypoint", "cmd") for text in ("", "-a", "$A", "a\nb", "'", '"', "\x7f", "\x01")),
        *(("healthcheck", text) for text in ("curl -f http://localhost || exit 1", "$A", "a\nb", "--interval=1s")),
    ],
)  # fmt: skip
def test_what_passes(key: str, text: str) -> None:
    assert texts_of(key, settings_of({**BASE, key: value_of(key, text)})) == [text]


@pytest.mark.parametrize(
    ("key", "text", "complaint"),
    [
        *(("build_deps", text, "a package name") for text in (
            "-y", "gcc-", "@core", "http://a", "so:a:b", "!a", "a@edge", "a>1", "pkgconfig(a)", "gcc=1-",
            "gcc:amd64-", "gcc:", "gcc=", "gcc/bookworm", "gcc*", "gcc ", "gcc\n",
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
        ("user", "2147483648", "at most 2147483647"),
        ("user", "1:2147483648", "at most"),
        ("base_image", "scratch", "no image"),
        ("base_image", "debian:12\n", "white space"),
        ("target_image", "a@sha256:" + "a" * 64, "has no digest"),
        ("bin", "a\u200b", "letters, digits"),
        ("bin", "..", "letters, digits"),
        ("bin", "a/b", "letters, digits"),
        *(("target_image", text, "there is no placeholder") for text in (
            "a:{}", "a:{x}", "a:{git}", "a:{bin }", "{\n}",
        )),
        *(("target_image", text, "expected|lower case|URL|white space") for text in (
            "a:", "a:{version", "a:version}", "A", "http://a", "a b", "$A", "--a", "a;id", "a:{version}:1", "\uff41",
        )),
        *(("tags", text, "letters, digits") for text in (
            "-a", ".a", "a/b", "a:b", "a b", "a\n", "$A", "é", "t" * 129, "a@b", "{version", "{{version}}",
        )),
        ("tags", "{nothing}", "there is no placeholder"),
        *(("ports", text, "expected a port") for text in (
            "0", "65536", "80/http", "80/TCP", "1-0", "2-1", "80-", "-80", "80:80", "80\n", "\u0661", "8 0", "a",
            "000001",
        )),
        *((key, text, "absolute path|`..`") for key in ("volumes", "workdir") for text in (
            "a", "./a", "/a b", "/a\n", "//", "/a//b", "/../a", "/a/..", "/$A", "/`id`", "/'", '/"', "/a\\", "/é",
            "/a,b", "C:/",
        )),
        *(("stop_signal", text, "a signal") for text in (
            "TERM", "SIGFOO", "0", "65", "-1", "sigterm", "SIGTERM\n", "SIGRTMIN+16", "SIGRTMAX-15", "\u0669",
        )),
        *(("env", text, "`\\$`") for text in ("$", "a$", "$1", "${", "${}", "${A", "${A:-b}", "$(id)", "$-", "a$$$")),
        *((key, text, "control character") for key in ("labels", "env", "annotations") for text in (
            "a\nb", "\r", "\0", "\x7f", "\x85", "\x1b[2J",
        )),
        *((key, "a\0", "NUL") for key in ("entrypoint", "cmd", "healthcheck")),
        *((key, "\udcff", "not UTF-8") for key in (*TABLES, *ARRAYS, "user", "healthcheck", "target_image", "bin")),
    ],
)  # fmt: skip
def test_what_does_not(key: str, text: str, complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint) as caught:
        settings_of({**BASE, key: value_of(key, text)})
    assert str(caught.value).isprintable()


def test_references_to_the_base_images_variables() -> None:
    text = "$A:${B_1}x$$C $$"
    assert dict(settings_of({**BASE, "env": {"X": text}}).env)["X"] == (
        Variable("A"), ":", Variable("B_1"), "x", "$", "C ", "$",
    )  # fmt: skip


@pytest.mark.parametrize("key", ["env", "labels", "annotations"])
def test_a_number_is_its_digits(key: str) -> None:
    assert texts_of(key, settings_of({**BASE, key: {"A": -(2**63) + 1}})) == ["-9223372036854775807"]


@pytest.mark.parametrize(
    ("ports", "found"), [([8080], ("8080/tcp",)), (["53/udp", "007"], ("53/udp", "7/tcp")), (["1-2"], ("1-2/tcp",))]
)
def test_ports_are_spelled_out(ports: list[object], found: tuple[str, ...]) -> None:
    assert settings_of({**BASE, "ports": ports}).ports == found


@pytest.mark.parametrize(("text", "user"), [("1000", "1000:1000"), ("0", "0:0"), ("root", "root"), ("7:8", "7:8")])
def test_a_number_alone_gets_its_own_group(text: str, user: str) -> None:
    assert settings_of({**BASE, "user": text}).user == user


@pytest.mark.parametrize("key", sorted(KEYS.keys() - {"all_features", "no_default_features", "minimal"}))
@pytest.mark.parametrize("length", [256, 100_000])
def test_values_longer_than_a_file_name(key: str, length: int) -> None:
    if length == 256 and key in {*TABLES, "entrypoint", "cmd", "healthcheck", "include"}:  # free text, longer paths
        return
    with pytest.raises(UsageError, match=r"longer|expected|more than|up to"):
        settings_of({**BASE, key: value_of(key, "a" * length)})


@pytest.mark.parametrize("key", ["volumes", "workdir"])
def test_a_wrong_path_takes_no_time(key: str) -> None:
    with pytest.raises(UsageError, match="absolute path"):
        settings_of({**BASE, key: value_of(key, "/" + "a" * 250 + "!")})


LONG_LISTS: dict[str, list[object]] = {
    "build_deps": [f"lib{number:0200}" for number in range(200)],
    "runtime_deps": [f"lib{number:0200}" for number in range(200)],
    "bins": ["greeter"] * 10_000,
    "features": ["f"] * 16_000,
    "ports": list(range(1, 10_000)),
    "volumes": ["/"] * 10_000,
    "include": ["i"] * 10_000,
    "tags": ["t"] * 10_000,
    "platforms": ["linux/amd64"] * 10_000,
    "entrypoint": [""] * 10_000,
    "cmd": [""] * 10_000,
}


def test_every_list_is_among_the_long_ones() -> None:
    assert LONG_LISTS.keys() == {*ARRAYS, "bins", "runtime_deps"}


@pytest.mark.parametrize("key", LONG_LISTS)
def test_a_list_that_no_line_of_a_dockerfile_holds(key: str) -> None:
    with pytest.raises(UsageError, match=r"more than (32|8)000 characters together"):
        settings_of({**BASE, key: LONG_LISTS[key]})


@pytest.mark.parametrize("key", TABLES)
def test_a_table_that_is_too_long(key: str) -> None:
    with pytest.raises(UsageError, match=r"more than (32|8)000 characters together"):
        settings_of({**BASE, key: {f"A{number}": "" for number in range(10_000)}})


HOSTILE = st.text(st.sampled_from("ab1.-_+:=/@?~ '\"`$\\\n\t\r;&|<>(){}#!*[]\0é\u0661\u2028"), max_size=12)
ANYTHING = st.one_of(
    HOSTILE,
    st.text(max_size=12),
    st.integers(),
    st.booleans(),
    st.none(),
    st.floats(),
    st.lists(HOSTILE),
    st.dictionaries(HOSTILE, HOSTILE),
)


@given(key=st.sampled_from(sorted(KEYS.keys() - FREE)), value=HOSTILE | st.text(max_size=12), variables=st.booleans())
@example(key="user", value="1000\n", variables=False)
@example(key="features", value="a\n", variables=True)
def test_any_text_is_refused_or_means_nothing_to_a_shell(key: str, value: str, variables: bool) -> None:
    given = {"environment": {variable(key): value}} if variables else {"flags": {key: value_of(key, value)}}
    try:
        found = settings_of(BASE, **given)
    except UsageError:
        return
    for text in texts_of(key, found):
        assert re.fullmatch(r"(?!-)[A-Za-z0-9_.:/@\[\]+=~^?%-]+", text)


@given(key=st.sampled_from(sorted(KEYS)), value=ANYTHING)
def test_any_value_gives_settings_or_a_usage_error(key: str, value: object) -> None:
    with contextlib.suppress(UsageError):
        origins = settings_of({**BASE, key: value}).origins
        wanted = [f"{key}.{name}" for name in value] if isinstance(value, dict) and KEYS[key].kind.merges else [key]
        wanted = ["bins"] if key == "bin" else wanted
        assert all(origins[each].endswith(f"[package.metadata.container] {key}") for each in wanted)
