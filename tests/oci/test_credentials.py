"""Credentials from every source that the docker command knows, and each way they can be broken."""

from __future__ import annotations

import base64
import json
import os
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cargo_stow.errors import FileError, NoCredentialsError, StowError, ToolMissingError, UsageError
from cargo_stow.oci.credentials import Credentials, config_file, find_credentials

if TYPE_CHECKING:
    from collections.abc import Mapping

REGISTRY = "reg.example.org:5000"
SECRET = "hunter2"
# Takes the registry on stdin, as the protocol of docker-credential-helpers says.
HELPER = """#!/bin/sh
read -r registry
echo "$registry" >> "$0.log"
{body}
"""


def encoded(text: str | bytes) -> str:
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
    for name in ("docker", "bin"):
        (tmp_path / name).mkdir()
    return dict(os.environ)


def write_config(environment: Mapping[str, str], value: object) -> None:
    text = value if isinstance(value, str) else json.dumps(value)
    config_file(environment).write_text(text, encoding="utf-8")


def write_helper(environment: Mapping[str, str], body: str, name: str = "fake") -> Path:
    program = Path(environment["PATH"].partition(":")[0], f"docker-credential-{name}")
    program.write_text(HELPER.format(body=body))
    program.chmod(0o755)
    return program


def answering(user: str, secret: str) -> str:
    return f"""echo '{{"ServerURL": "x", "Username": "{user}", "Secret": "{secret}"}}'"""


def assert_no_secret(error: StowError) -> None:
    text = "".join(traceback.format_exception(error)) + error.hint + error.detail
    assert SECRET not in text
    assert error.__context__ is None
    assert error.__cause__ is None


def test_no_configuration(environment: Mapping[str, str]) -> None:
    found = find_credentials(REGISTRY, environment)
    assert not found.found
    assert found.as_auth_config() == {}


def test_where_the_file_is() -> None:
    assert config_file({"HOME": "/h"}) == Path("/h/.docker/config.json")
    assert config_file({"HOME": "/h", "DOCKER_CONFIG": "/c"}) == Path("/c/config.json")


@pytest.mark.parametrize(
    ("registry", "key"),
    [(REGISTRY, REGISTRY), (REGISTRY, f"https://{REGISTRY}"), ("docker.io", "https://index.docker.io/v1/")],
)
def test_auths(environment: Mapping[str, str], registry: str, key: str) -> None:
    write_config(environment, {"auths": {key: {"auth": encoded(f"alice:{SECRET}:with:colons")}}})
    found = find_credentials(registry, environment)
    assert (found.user, found.password) == ("alice", f"{SECRET}:with:colons")
    assert not find_credentials("elsewhere.example.org", environment).found


def test_auths_in_plain(environment: Mapping[str, str]) -> None:
    write_config(environment, {"auths": {REGISTRY: {"auth": "", "username": "alice", "password": SECRET}}})
    assert find_credentials(REGISTRY, environment).password == SECRET


def test_identity_token_in_auths(environment: Mapping[str, str]) -> None:
    entry = {"auth": encoded("0000:"), "identitytoken": SECRET}
    write_config(environment, {"auths": {REGISTRY: entry}})
    found = find_credentials(REGISTRY, environment)
    assert (found.user, found.identity_token) == ("", SECRET)
    assert found.as_auth_config()["identitytoken"] == SECRET


def test_an_empty_identity_token_hides_nothing(environment: Mapping[str, str]) -> None:
    write_config(environment, {"auths": {REGISTRY: {"auth": encoded(f"alice:{SECRET}"), "identitytoken": ""}}})
    assert find_credentials(REGISTRY, environment).user == "alice"


@pytest.mark.parametrize("entry", [{}, {"auth": ""}, {"identitytoken": ""}])
def test_empty_entries_of_a_store(environment: Mapping[str, str], entry: object) -> None:
    write_config(environment, {"auths": {REGISTRY: entry}, "currentContext": "x", "HttpHeaders": {"A": "b"}})
    assert not find_credentials(REGISTRY, environment).found


@pytest.mark.parametrize("config", [{"credsStore": "fake"}, {"credHelpers": {REGISTRY: "fake"}, "credsStore": "none"}])
def test_helper(environment: Mapping[str, str], config: object) -> None:
    program = write_helper(environment, answering("alice", SECRET))
    write_config(environment, config)
    found = find_credentials(REGISTRY, environment)
    assert (found.user, found.password) == ("alice", SECRET)
    assert Path(f"{program}.log").read_text().split() == [REGISTRY]


def test_helper_is_asked_for_docker_hub_by_its_url(environment: Mapping[str, str]) -> None:
    program = write_helper(environment, answering("alice", SECRET))
    write_config(environment, {"credsStore": "fake"})
    find_credentials("docker.io", environment)
    assert Path(f"{program}.log").read_text().split() == ["https://index.docker.io/v1/"]


def test_identity_token_of_a_helper(environment: Mapping[str, str]) -> None:
    write_helper(environment, answering("<token>", SECRET))
    write_config(environment, {"credsStore": "fake"})
    assert find_credentials(REGISTRY, environment).identity_token == SECRET


def test_helper_that_has_none(environment: Mapping[str, str]) -> None:
    write_helper(environment, "echo 'credentials not found in native keychain'; exit 1")
    write_config(environment, {"credsStore": "fake"})
    assert not find_credentials(REGISTRY, environment).found


def test_missing_helper(environment: Mapping[str, str]) -> None:
    write_config(environment, {"credHelpers": {REGISTRY: "nowhere"}})
    with pytest.raises(ToolMissingError, match="docker-credential-nowhere") as caught:
        find_credentials(REGISTRY, environment)
    assert str(config_file(environment)) in str(caught.value)
    assert not find_credentials("elsewhere.example.org", environment).found


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ("echo 'pass not initialized'; exit 1", "pass not initialized"),
        (f"{answering('alice', SECRET)}; exit 1", ""),
        (f'echo \'{{"Secret": "{SECRET}\'', ""),
        (f"echo '[\"{SECRET}\"]'", ""),
        (f'echo \'{{"Secret": "{SECRET}"}}\'', ""),
        (f"printf '{SECRET}\\377'", ""),
    ],
)
def test_failing_helper(environment: Mapping[str, str], body: str, detail: str) -> None:
    write_helper(environment, body)
    write_config(environment, {"credsStore": "fake"})
    with pytest.raises(NoCredentialsError, match="docker-credential-fake") as caught:
        find_credentials(REGISTRY, environment)
    assert caught.value.detail == detail
    assert_no_secret(caught.value)


@pytest.mark.parametrize(
    "config",
    [
        f'{{"auths": {{"x": "{SECRET}"',
        "[]",
        {"auths": [SECRET]},
        {"auths": {REGISTRY: SECRET}},
        {"auths": {REGISTRY: {"auth": f"{SECRET}!"}}},
        {"auths": {REGISTRY: {"auth": encoded(SECRET)}}},
        {"auths": {REGISTRY: {"auth": encoded(b"u:hunter2\xff")}}},
        {"auths": {REGISTRY: {"auth": 7}}},
        {"credHelpers": ["fake"]},
        {"credsStore": {"a": "b"}},
    ],
)
def test_broken_configuration(environment: Mapping[str, str], config: object) -> None:
    write_config(environment, config)
    with pytest.raises(UsageError) as caught:
        find_credentials(REGISTRY, environment)
    assert str(config_file(environment)) in str(caught.value)
    assert_no_secret(caught.value)


def test_unreadable_configuration(environment: Mapping[str, str]) -> None:
    config_file(environment).mkdir()
    with pytest.raises(FileError, match="Is a directory"):
        find_credentials(REGISTRY, environment)


def test_no_secret_in_a_repr() -> None:
    found = Credentials(user="alice", password=SECRET, identity_token=SECRET)
    assert SECRET not in f"{found!r}{found}"
    assert found.masked(f"a {SECRET} b") == "a *** b"
