"""Where the engine is, and the SDK's client for it. Owns DOCKER_HOST, DOCKER_CONTEXT and TLS; asks for no image.

What `docker.from_env` does, taken apart so that the address is known for messages and a context that does not exist is
an error, as it is for the docker command, and not silently the default. The SDK itself finds the contexts and the
configuration by this process's own DOCKER_CONFIG and HOME. Imports the SDK: import this module when it is needed only.
"""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

import docker
from docker.context import ContextAPI
from docker.context.config import get_current_context_name
from docker.errors import InvalidConfigFile, TLSParameterError
from docker.utils import kwargs_from_env, parse_host
from docker.utils.config import find_config_file

from cargo_stow.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from docker.tls import TLSConfig

# How long the engine may take for one answer, in seconds. A push has no limit.
TIMEOUT = 60
_PASSWORD = re.compile(r"(?<=//)([^/@:]*):[^/@]*@")
_UNIX = "http+unix://"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where an engine is: the address for messages, without a password, and what the SDK is given."""

    address: str
    url: str
    tls: TLSConfig | bool = False


def find_endpoint(environment: Mapping[str, str]) -> Endpoint:
    """Find the engine's address as the docker command does: DOCKER_HOST, then the context, then the default.

    Raises UsageError naming the variable or the context that says something that cannot be.
    """
    # The SDK takes an empty mapping for "read os.environ".
    known = {"DOCKER_HOST": "", **environment}
    try:
        found = kwargs_from_env(known)
    except TLSParameterError as error:
        raise UsageError(
            f"DOCKER_TLS_VERIFY or DOCKER_CERT_PATH is set, but the certificates cannot be used: {error.msg}",
            hint="put ca.pem, cert.pem and key.pem into $DOCKER_CERT_PATH, or unset both",
        ) from error
    tls = found.get("tls") or False
    if "base_url" in found:
        return _make_endpoint(str(found["base_url"]), tls, "DOCKER_HOST")
    return _find_context(known, tls)


def _find_context(environment: Mapping[str, str], tls: TLSConfig | bool) -> Endpoint:
    name = environment.get("DOCKER_CONTEXT") or get_current_context_name() or "default"
    origin = "DOCKER_CONTEXT" if environment.get("DOCKER_CONTEXT") else "the current Docker context"
    hint = "see `docker context ls`"
    try:
        found = ContextAPI.kwargs_from_context(name, environment)
    except Exception as error:  # The SDK raises a bare Exception for a context whose file is broken.
        raise UsageError(f"{origin} is `{name}`, which cannot be read", hint=hint, detail=str(error)) from error
    if not found:
        raise UsageError(f"{origin} is `{name}`, which does not exist", hint=hint)
    return _make_endpoint(found["base_url"], tls or found.get("tls", False), f"{origin} (`{name}`)")


def _make_endpoint(text: str, tls: TLSConfig | bool, origin: str) -> Endpoint:
    address = _PASSWORD.sub(r"\1:***@", text).replace(_UNIX, "unix://")
    try:
        url: object = parse_host(text, is_win32=False, tls=bool(tls))
    except (docker.errors.DockerException, ValueError):
        url = None  # The SDK's message repeats the text, password and all: raise outside.
    if not isinstance(url, str):
        raise UsageError(
            f"{origin} is `{address}`, which is no address of an engine",
            hint="write unix:///path/to/docker.sock, tcp://host:port or ssh://user@host",
        )
    return Endpoint(address=address, url=url, tls=tls)


def connect(endpoint: Endpoint) -> docker.APIClient:
    """Make the SDK's client, which asks the engine for its version. Call it within `translated`."""
    _probe(endpoint.url)
    try:
        return docker.APIClient(
            base_url=endpoint.url, tls=endpoint.tls, version="auto", timeout=TIMEOUT, use_ssh_client=True
        )
    except (InvalidConfigFile, ValueError, AttributeError, TypeError, LookupError):
        pass  # The SDK reads credentials here, and its exceptions may hold them: raise outside.
    path = str(find_config_file())
    raise UsageError(
        f"the Docker configuration {path} cannot be used: it has an entry that cannot be read",
        hint="correct it, or log in anew with `docker login`",
    )


def _probe(url: str) -> None:
    """Connect once to a local socket, for its errno: the SDK leaves a socket open that could not connect."""
    if url.startswith(_UNIX):
        path = url.removeprefix(_UNIX)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(TIMEOUT)
            probe.connect(path if path.startswith("/") else f"/{path}")
