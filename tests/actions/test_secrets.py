"""Where the secrets of the key `secrets` are, and what is said where they are not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cargo_stow.actions.secrets import load_secrets
from cargo_stow.errors import UsageError
from tests.crates import ROOT, settings_of

if TYPE_CHECKING:
    from pathlib import Path

ORIGIN = f"{ROOT}/Cargo.toml [package.metadata.container] secrets: "


def load(secret: dict[str, str], **environment: str) -> dict[str, Path | str]:
    settings = settings_of({"base_image": "debian", "secrets": {"a": secret}})
    return dict(load_secrets(settings, environment))


def test_a_variable() -> None:
    assert load({"env": "TOKEN"}, TOKEN="s3cr3t") == {"a": "s3cr3t"}


@pytest.mark.parametrize(("environment", "state"), [({}, "is not set"), ({"TOKEN": ""}, "is empty")])
def test_a_variable_that_is_not_there(environment: dict[str, str], state: str) -> None:
    with pytest.raises(UsageError) as caught:
        load({"env": "TOKEN"}, **environment)
    assert caught.value.message == f"{ORIGIN}the secret `a` is the variable TOKEN, which {state}"


def test_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "token").write_text("s3cr3t")
    monkeypatch.chdir(tmp_path)
    assert load({"file": str(tmp_path / "token")}) == {"a": tmp_path / "token"}
    assert load({"file": "~/token"}, HOME=str(tmp_path)) == {"a": tmp_path / "token"}
    typed = settings_of({"base_image": "debian"}, flags={"secrets": {"a": {"file": "token"}}})
    assert dict(load_secrets(typed, {})) == {"a": tmp_path / "token"}


@pytest.mark.parametrize("file", ["absent", "/absent", "~/absent", "/"])
def test_a_file_that_is_not_there(file: str) -> None:
    with pytest.raises(UsageError, match="there is no such file") as caught:
        load({"file": file}, HOME="/home/nobody")
    assert caught.value.message.startswith(f"{ORIGIN}the secret `a` is the file /")
