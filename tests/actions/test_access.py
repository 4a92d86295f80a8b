"""What of this machine a build is lent, and what is said where something cannot be had."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import tomli

from cargo_stow.actions.access import Access, find_access
from cargo_stow.errors import FileError, UsageError
from cargo_stow.project import Project

if TYPE_CHECKING:
    from cargo_stow.session import Session

Load = Callable[..., Project]
GIT = """
[[package]]
name = "far"
version = "1.0.0"
source = "git+https://git.example.org/far#0123456789012345678901234567890123456789"
"""


@pytest.fixture
def home(greeter: Path, tmp_path: Path, session: Session) -> Path:
    """The home of a user; the greeter has a dependency in a git repository."""
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True)
    with (greeter / "Cargo.lock").open("a", encoding="utf-8") as lock:
        lock.write(GIT)
    session.environment = {**session.environment, "HOME": str(home), "CARGO_HOME": str(home / ".cargo")}
    return home


@pytest.fixture
def locked_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory that we may not enter, whoever we are."""
    directory, stat = tmp_path / "locked", os.stat

    def refuse(path: object, *args: object, **kwargs: object) -> os.stat_result:
        if isinstance(path, (str, Path)) and str(path).startswith(f"{directory}/"):
            raise PermissionError(13, "Permission denied", str(path))
        return stat(path, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "stat", refuse)
    monkeypatch.setattr(Path, "stat", refuse)
    return directory


def access(session: Session, load: Load, **variables: str) -> Access:
    session.environment = {**session.environment, **variables}
    return find_access(session, load())


def configuration(found: Access) -> dict[str, object]:
    return tomli.loads(str(found.secrets.get("cargo-stow-config", "")))


@pytest.mark.usefixtures("home")
def test_an_agent(session: Session, load: Load, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as agent:
        agent.bind(str(tmp_path / "agent"))
        assert access(session, load, SSH_AUTH_SOCK=str(tmp_path / "agent")).ssh
    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("home")
def test_an_agent_behind_a_locked_directory(
    session: Session, load: Load, capsys: pytest.CaptureFixture[str], locked_away: Path
) -> None:
    assert not access(session, load, SSH_AUTH_SOCK=f"{locked_away}/agent").ssh
    assert f"SSH_AUTH_SOCK names {locked_away}/agent, which this user may not use" in capsys.readouterr().err


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "CARGO_HTTP_CAINFO"])
@pytest.mark.usefixtures("home")
def test_a_bundle_behind_a_locked_directory(session: Session, load: Load, locked_away: Path, variable: str) -> None:
    with pytest.raises(FileError, match=rf"variable {variable} names {locked_away}/ca.pem, which .* may not read"):
        access(session, load, **{variable: f"{locked_away}/ca.pem"})


def test_an_unreadable_bundle(session: Session, load: Load, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "ca.pem").touch()
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(FileError, match="SSL_CERT_FILE") as caught:
        access(session, load, SSL_CERT_FILE=str(home / "ca.pem"))
    assert caught.value.hint == f"ls -ld {home}/ca.pem"


@pytest.mark.usefixtures("home")
def test_the_ssh_directory_of_another_user(
    session: Session, load: Load, capsys: pytest.CaptureFixture[str], locked_away: Path
) -> None:
    found = access(session, load, HOME=str(locked_away), NETRC=f"{locked_away}/netrc")
    assert not {"cargo-stow-netrc", "cargo-stow-known-hosts"} & found.secrets.keys()
    said = capsys.readouterr().err
    for name in ("netrc", ".ssh/known_hosts"):
        assert f"{locked_away}/{name} may not be read by this user; the build does without it" in said


def test_git_is_not_left_to_a_program_that_is_not_there(
    session: Session, load: Load, capsys: pytest.CaptureFixture[str], home: Path, greeter: Path
) -> None:
    (home / ".cargo").mkdir()
    (home / ".cargo/config.toml").write_text("[net]\ngit-fetch-with-cli = true\nretry = 3\n")
    assert configuration(access(session, load))["net"] == {"retry": 3}
    assert f'add "git" to `build_deps` in {greeter}/Cargo.toml' in capsys.readouterr().err
    found = access(session, load, CARGO_STOW_BUILD_DEPS="git")
    assert configuration(found)["net"] == {"git-fetch-with-cli": True, "retry": 3}
    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("home")
def test_a_project_that_will_not_be_offline(session: Session, load: Load, greeter: Path) -> None:
    (greeter / ".cargo").mkdir()
    file = greeter / ".cargo/config.toml"
    file.write_text("[net]\noffline = false\n")
    access(session, load)
    session.offline = True
    with pytest.raises(UsageError, match=r"`net.offline` is false in .*config.toml, which is stronger") as caught:
        access(session, load)
    assert str(file) in caught.value.hint
    file.write_text("[net]\noffline = true\n")
    assert configuration(access(session, load))["net"] == {"offline": True}


def test_a_token_that_only_a_program_knows(
    session: Session, load: Load, capsys: pytest.CaptureFixture[str], home: Path, greeter: Path
) -> None:
    source = "sparse+https://crates.example.org/"
    with (greeter / "Cargo.lock").open("a", encoding="utf-8") as lock:
        lock.write(f'\n[[package]]\nname = "near"\nversion = "1.0.0"\nsource = "{source}"\n')
    (home / ".cargo").mkdir()
    (home / ".cargo/config.toml").write_text(
        f'[registries.our-own]\nindex = "{source}"\ncredential-provider = "cargo:libsecret"\n'
    )
    access(session, load)
    said = capsys.readouterr().err
    assert "registry `our-own`" in said
    assert "CARGO_REGISTRIES_OUR_OWN_TOKEN" in said
    access(session, load, CARGO_REGISTRIES_OUR_OWN_TOKEN="x")
    assert capsys.readouterr().err == ""


def test_what_a_manifest_has_lent_is_said(
    session: Session, load: Load, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It may be the manifest of somebody else; the secret itself is not said."""
    (home / "key").write_text("s3cr3t")
    found = find_access(session, load(flags={"secrets": {"pem": {"file": "~/key"}}}))
    said = capsys.readouterr().err
    assert found.secrets["pem"] == home / "key"
    assert "Lending the secret `pem` to what is compiled (file ~/key)" in said
    assert "s3cr3t" not in said
