"""The user's credentials for a registry, from Docker's configuration file and credential helpers.

Owns finding them, through the SDK's `docker.auth`, and every error on the way. Must not let a secret out: not in an
error, not in a repr, not in the chain of an exception (the SDK's own may hold the file's or the helper's text, so none
is kept as a cause or context). Imports the SDK: import this module when it is needed only.

A `$DOCKER_CONFIG` without a `config.json` holds no credentials, as the docker command reads it; the old `~/.dockercfg`
is not read.
"""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docker.auth import AuthConfig
from docker.credentials.errors import StoreError
from docker.errors import DockerException

from cargo_stow.errors import FileError, NoCredentialsError, StowError, ToolMissingError, UsageError
from cargo_stow.oci.causes import walk_causes

if TYPE_CHECKING:
    from collections.abc import Mapping

_MASK = "***"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What was found for one registry; all empty where nothing was. A token has no user."""

    user: str = ""
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)
    server: str = ""

    @property
    def found(self) -> bool:
        return bool(self.user or self.password or self.identity_token)

    def as_auth_config(self) -> dict[str, str]:
        """The Engine API's `AuthConfig`, for the X-Registry-Auth header; an empty object where nothing was found."""
        if self.identity_token:
            return {"identitytoken": self.identity_token, "serveraddress": self.server}
        if self.found:
            return {"username": self.user, "password": self.password, "serveraddress": self.server}
        return {}

    def masked(self, text: str) -> str:
        """The text without our secrets, should a registry repeat what it was told."""
        for secret in filter(None, (self.password, self.identity_token)):
            text = text.replace(secret, _MASK)
        return text


def config_file(environment: Mapping[str, str]) -> Path:
    directory = environment.get("DOCKER_CONFIG") or Path(environment.get("HOME") or Path.home(), ".docker")
    return Path(directory, "config.json")


def native_config_file(environment: Mapping[str, str]) -> Path:
    """The file for clients that are not docker's: what podman, skopeo and buildah are told, else docker's own.

    Source: containers-auth.json(5). The two formats agree in `auths` and `credHelpers`.
    """
    named = environment.get("REGISTRY_AUTH_FILE")
    return Path(named) if named else config_file(environment)


def find_credentials(registry: str, environment: Mapping[str, str], path: Path | None = None) -> Credentials:
    """Find what the user's configuration holds for a registry, host and port; empty Credentials for nothing.

    `path` is that of another file than docker's own.

    Raises UsageError or FileError for a configuration that cannot be read, ToolMissingError for a helper that is not
    installed, NoCredentialsError for one that fails.
    """
    path = path or config_file(environment)
    auths = _parse_auths(path, _load_config(path), environment)
    helper = auths.get_credential_store(registry)
    program = f"docker-credential-{helper}"
    if helper and shutil.which(program, path=environment.get("PATH")) is None:
        raise ToolMissingError(
            f"the credential helper `{program}`, which {path} names for {registry}, is not installed, or not on PATH",
            hint=f"install {program}, or take it out of {path}",
        )
    return _resolve(auths, registry, program if helper else "")


def _load_config(path: Path) -> dict[str, Any]:
    failure: StowError
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        failure = FileError(f"cannot read the Docker configuration {path}: {error.strerror}")
    except ValueError:
        failure = _broken(path, "it is not valid JSON")
    else:
        if isinstance(config, dict):
            return config
        failure = _broken(path, "expected an object")
    raise failure


def _parse_auths(path: Path, config: dict[str, Any], environment: Mapping[str, str]) -> AuthConfig:
    helpers, store = config.get("credHelpers") or {}, config.get("credsStore") or ""
    if not isinstance(helpers, dict) or not isinstance(store, str):
        raise _broken(path, "expected an object in `credHelpers` and a text in `credsStore`")
    try:
        entries = {name: _plain(entry) for name, entry in (config.get("auths") or {}).items()}
        found = {"auths": entries, "credHelpers": helpers, "credsStore": store}
        return AuthConfig.load_config(None, found, dict(environment))
    except (DockerException, ValueError, TypeError, AttributeError):
        pass  # They may hold the entry: raise outside.
    raise _broken(path, "`auths` has an entry that cannot be read")


def _plain(entry: Mapping[str, str]) -> dict[str, str]:
    """An entry of `auths` in one of the two forms that the SDK reads: docker also takes plain and empty values."""
    if entry.get("identitytoken"):
        return {"identitytoken": entry["identitytoken"]}
    if entry.get("auth"):
        return {"auth": entry["auth"]}
    if entry.get("username"):
        pair = f"{entry['username']}:{entry.get('password', '')}"
        return {"auth": base64.b64encode(pair.encode()).decode()}
    return {}


def _broken(path: Path, why: str) -> UsageError:
    return UsageError(
        f"the Docker configuration {path} cannot be used: {why}",
        hint=f"correct {path}, or log in anew with `docker login`",
    )


def _resolve(auths: AuthConfig, registry: str, program: str) -> Credentials:
    try:
        return _make_credentials(auths.resolve_authconfig(registry) or {})
    except (DockerException, StoreError, ValueError, LookupError, TypeError, AttributeError, OSError) as error:
        detail = _helper_words(error)
    raise NoCredentialsError(
        f"the credential helper `{program}` gave no credentials for {registry}",
        hint=f"see what `echo {registry} | {program} get` says",
        detail=detail,
    )


def _make_credentials(entry: Mapping[str, str | None]) -> Credentials:
    values = {key.lower(): value or "" for key, value in entry.items()}
    return Credentials(
        user=values.get("username", ""),
        password=values.get("password", ""),
        identity_token=values.get("identitytoken", ""),
        server=values.get("serveraddress", ""),
    )


def _helper_words(error: BaseException) -> str:
    """What a helper that failed wrote. Its answers are JSON objects: what has a brace may hold a secret."""
    for cause in walk_causes(error):
        if isinstance(cause, subprocess.CalledProcessError):
            text = bytes(cause.output or b"").decode("utf-8", errors="replace").strip()
            return "" if "{" in text else text
    return ""
