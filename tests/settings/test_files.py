"""The keys that name files of this machine: `assets`, `include`, `secrets`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cargo_stow.errors import UsageError
from cargo_stow.image_values import Asset, Secret
from cargo_stow.patterns import Pattern
from cargo_stow.settings import KEYS, read_flag
from tests.crates import ROOT, settings_of

if TYPE_CHECKING:
    from collections.abc import Mapping

BASE = {"base_image": "debian:12"}


def refused(key: str, value: object) -> str:
    with pytest.raises(UsageError) as caught:
        settings_of({**BASE, key: value})
    assert f"{ROOT}/Cargo.toml [package.metadata.container] {key}: " in caught.value.message
    return caught.value.message


@pytest.mark.parametrize(
    ("value", "source", "target", "mode"),
    [
        ("static:/srv/www", "static", "/srv/www", None),
        ("./a//b/:/srv/:0640", "a/b", "/srv/", "0640"),
        ("a/**/**/*.css:/srv/www:755", "a/**/*.css", "/srv/www", "0755"),
        ({"source": "a:b/x y.txt", "target": "/"}, "a:b/x y.txt", "/", None),
    ],
)
def test_assets(value: object, source: str, target: str, mode: str | None) -> None:
    (found,) = settings_of({**BASE, "assets": [value]}).assets
    assert found == Asset(source=Pattern(source), target=target, mode=mode, owner="0:0")


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("static", "expected SOURCE:TARGET"),
        ("a:b:/c:0644", "expected SOURCE:TARGET"),
        ("../x:/srv", "`..` leads out of the package's directory"),
        ("a/../../x:/srv", "`..` leads out of the package's directory"),
        ("a/../b:/srv", "`..` leads out of the package's directory"),
        ("/etc/passwd:/srv", "absolute path"),
        (":/srv", "it is empty"),
        ("a\nb:/srv", "control character"),
        (" a:/srv", "a blank at its beginning"),
        ("a:srv", "an absolute path"),
        ("a:/srv/../etc", "`..` leads out"),
        ("a:/proc/x", "mounts something else there"),
        ("a:/dev", "mounts something else there"),
        ("a:/etc/./hosts", "mounts something else there"),
        ("a:/srv:4755", "no file is set-user-ID"),
        ("a:/srv:649", "three octal digits"),
        ({"source": "a"}, "it has no `target`"),
        ({"source": "a", "target": "/b", "mode": 0o644}, "a string of octal digits"),
        ({"source": "a", "target": "/b", "owner": "a b"}, "`owner`: expected a user name"),
        ({"source": "a", "target": "/b", "chown": "x"}, "there is no `chown`"),
        (7, "expected a table, or SOURCE:TARGET[:MODE], not an integer"),
        ("a" * 2000 + ":/srv", "longer than 1024 characters"),
    ],
)
def test_what_is_no_asset(value: object, reason: str) -> None:
    assert reason in refused("assets", [value])


def test_owners_of_assets() -> None:
    given = [{"source": "a", "target": "/b", "owner": owner} for owner in (65532, "www-data", "root:adm")]
    assert [each.owner for each in settings_of({**BASE, "assets": given}).assets] == [
        "65532:65532",
        "www-data",
        "root:adm",
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [("../proto/./*.proto", "../proto/*.proto"), ("a/../../b", "../b"), (".git", ".git"), ("..", ".."), ("a b", "a b")],
)
def test_include(text: str, found: str) -> None:
    assert settings_of({**BASE, "include": [text]}).include == (found,)
    assert settings_of(BASE, environment={"CARGO_STOW_INCLUDE": text}).include == (found,)


@pytest.mark.parametrize(("text", "reason"), [("/x", "absolute path"), ("", "it is empty"), ("a\0", "control")])
def test_what_include_is_not(text: str, reason: str) -> None:
    assert reason in refused("include", [text])


def test_paths_as_text_are_a_line_each() -> None:
    lines = "a b:/srv\n\nc:/d:0600\n"
    assert KEYS["assets"].kind.from_text(lines) == ["a b:/srv", "c:/d:0600"]
    assert KEYS["assets"].kind.from_text('[{ source = "a", target = "/b" }]') == [{"source": "a", "target": "/b"}]
    assert read_flag("include", ("a b", "c")) == ["a b", "c"]


@given(st.text())
def test_any_text_of_an_asset_is_parsed_or_refused(text: str) -> None:
    for key in ("assets", "include"):
        try:
            settings = settings_of({**BASE, key: [text]})
        except UsageError:
            continue
        for pattern in (*(str(each.source) for each in settings.assets), *settings.include):
            assert not pattern.startswith("/")
            assert pattern.isprintable() or not any(ord(character) < 32 for character in pattern)
        assert all(each.target.startswith("/") and ".." not in each.target.split("/") for each in settings.assets)


SECRETS = {"token": {"env": "TOKEN"}, "key.pem": {"file": "keys/a b.pem"}, "home": {"file": "~/.token"}}


def test_secrets() -> None:
    assert dict(settings_of({**BASE, "secrets": SECRETS}).secrets) == {
        "token": Secret(variable="TOKEN"),
        "key.pem": Secret(file=str(ROOT / "keys/a b.pem")),  # beside the manifest
        "home": Secret(file="~/.token"),
    }


def test_where_a_secret_is_makes_no_other_image() -> None:
    one, other = (settings_of({**BASE, "secrets": {"a": value}}) for value in ({"env": "A"}, {"file": "a"}))
    assert repr(one) == repr(other)
    assert repr(one) != repr(settings_of({**BASE, "secrets": {"b": {"env": "A"}}}))


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        (("id=a,env=A",), {"a": {"env": "A"}}),
        (("id=a,src=x y", "type=file,id=b,source=/y"), {"a": {"file": "x y"}, "b": {"file": "/y"}}),
        (('{ a = { env = "A" } }',), {"a": {"env": "A"}}),
    ],
)
def test_secrets_as_docker_has_them(texts: tuple[str, ...], found: Mapping[str, object]) -> None:
    assert read_flag("secrets", texts) == found
    placed = dict(settings_of(BASE, flags={"secrets": found}).secrets)
    assert placed["a"] in (Secret(variable="A"), Secret(file="x y"))  # beside whoever typed it


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"token": "s3cr3t"}, "expected `{ env ="),
        ({"token": {"value": "s3cr3t"}}, "there is no `value`"),
        ({"token": {"env": "s3cr3t!"}}, "a variable's name"),
        ({"token": {"env": "A", "file": "s3cr3t"}}, "it has either `env` or `file`"),
        ({"token": {}}, "it has either `env` or `file`"),
        ({"token": {"file": ""}}, "it is empty"),
        ({"Token": {"env": "A"}}, "a secret's name"),
        ({"../x": {"env": "A"}}, "a secret's name"),
        ({"cargo-stow-ca": {"env": "A"}}, "cargo-stow's own secrets"),
        ("s3cr3t", "expected a table"),
    ],
)
def test_what_is_no_secret(value: object, reason: str) -> None:
    message = refused("secrets", value)
    assert reason in message
    assert "s3cr3t" not in message


@pytest.mark.parametrize("text", ["s3cr3t", "env=s3cr3t", "id=a,id=s3cr3t,env=A", "{ s3cr3t", "token=s3cr3t"])
def test_a_secret_that_was_typed_is_not_shown(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        settings_of(BASE, flags={"secrets": read_flag("secrets", (text,))})
    assert "s3cr3t" not in f"{caught.value.message} {caught.value.hint}"
