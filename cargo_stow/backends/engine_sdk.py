"""The Docker SDK's way to an engine, for what only it can do: push, registries, TLS, ssh, and what is wrong with them.

What `docker.from_env` does, taken apart so that the address is known for messages and a context that does not exist is
an error, as it is for the docker command, and not silently the default. Owns what of the SDK, requests and urllib3 is
raised. Imports the SDK: import this module when it is needed only.
"""

from __future__ import annotations

import contextlib
import importlib.util
import socket
from typing import TYPE_CHECKING

import docker
import requests
import urllib3
from docker.context import ContextAPI
from docker.errors import APIError, DockerException, InvalidConfigFile, StreamParseError, TLSParameterError
from docker.utils import kwargs_from_env, parse_host
from docker.utils.config import find_config_file

from cargo_stow.backends import engine_errors
from cargo_stow.backends.engine_api import LIMIT, Answer, AnswerError
from cargo_stow.backends.engine_endpoint import (
    UNIX,
    Endpoint,
    config_file,
    context_file,
    exists,
    is_loopback,
    read_current_context,
    with_port,
)
from cargo_stow.errors import ToolMissingError, UsageError, without_password
from cargo_stow.oci.causes import walk_causes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from docker.tls import TLSConfig

_CHUNK = 1 << 16
_FAILURES = (DockerException, StreamParseError, requests.RequestException, urllib3.exceptions.HTTPError)


def find_endpoint(environment: Mapping[str, str]) -> Endpoint:
    """Find the engine's address, whatever it is, in the order of `find_plain_endpoint`.

    Raises UsageError naming the variable or the context that says something that cannot be.
    """
    # The SDK takes an empty mapping for "read os.environ", and certificates alone for TLS, as docker does not.
    known = {"DOCKER_HOST": "", **environment}
    if not environment.get("DOCKER_TLS_VERIFY"):
        known = {name: value for name, value in known.items() if name not in {"DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"}}
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
    name = environment.get("DOCKER_CONTEXT") or read_current_context()
    origin = "DOCKER_CONTEXT" if environment.get("DOCKER_CONTEXT") else "the current Docker context"
    hint = "see `docker context ls`"
    file = config_file()
    if exists(context_file(name)) and not exists(file):  # The SDK would look elsewhere.
        raise UsageError(
            f"{origin} is `{name}`, which cannot be read without a file {file}", hint=f"echo '{{}}' >{file}"
        )
    try:
        found = ContextAPI.kwargs_from_context(name, environment) if name == "default" or exists(file) else None
    except Exception as error:  # The SDK raises a bare Exception for a context whose file is broken.
        raise UsageError(f"{origin} is `{name}`, which cannot be read", hint=hint, detail=str(error)) from error
    if not found:
        raise UsageError(f"{origin} is `{name}`, which does not exist", hint=hint)
    return _make_endpoint(found["base_url"], tls or found.get("tls", False), f"{origin} (`{name}`)")


def _make_endpoint(text: str, tls: TLSConfig | bool, origin: str) -> Endpoint:
    address = without_password(text).replace(UNIX, "unix://")
    if text.startswith("npipe:"):
        raise UsageError(
            f"{origin} is `{address}`, a named pipe, which only Windows has",
            hint="write unix:///path/to/docker.sock; in WSL, turn on Docker Desktop's integration for it",
        )
    try:
        url: object = parse_host(with_port(text, tls=bool(tls)), is_win32=False, tls=bool(tls))
    except (DockerException, ValueError):
        url = None  # The SDK's message repeats the text, password and all: raise outside.
    if not isinstance(url, str):
        raise UsageError(
            f"{origin} is `{address}`, which is no address of an engine",
            hint="write unix:///path/to/docker.sock, tcp://host:port or ssh://user@host",
        )
    return Endpoint(address=address, url=url, tls=tls)


def connect(endpoint: Endpoint, timeout: float) -> docker.APIClient:
    """Make the SDK's client, which asks the engine for its version. Call it within `translated`."""
    _probe(endpoint.url, timeout)
    if endpoint.url.startswith("ssh:") and importlib.util.find_spec("paramiko") is None:
        raise ToolMissingError(
            f"the engine at {endpoint.address} is reached over ssh, for which the Python package paramiko is missing",
            hint="install it: `pipx inject cargo-stow 'docker[ssh]'`, or `pip install 'cargo-stow[ssh]'`",
        )
    client = _DirectClient if is_loopback(endpoint.url) else docker.APIClient
    try:
        return client(
            base_url=endpoint.url,
            tls=endpoint.tls,
            version="auto",
            timeout=timeout,  # type: ignore[arg-type] # requests takes fractions
            use_ssh_client=True,
        )
    except (InvalidConfigFile, ValueError, AttributeError, TypeError, LookupError):
        pass  # The SDK reads credentials here, and its exceptions may hold them: raise outside.
    path = str(find_config_file())
    raise UsageError(
        f"the Docker configuration {path} cannot be used: it has an entry that cannot be read",
        hint="correct it, or log in anew with `docker login`",
    )


class _DirectClient(docker.APIClient):
    """A client that takes no proxy from the environment."""

    @property
    def trust_env(self) -> bool:
        return False

    @trust_env.setter
    def trust_env(self, _value: bool) -> None:
        """A session sets it when it is made."""


def _probe(url: str, timeout: float) -> None:
    """Connect once to a local socket, for its errno: the SDK leaves a socket open that could not connect."""
    if url.startswith(UNIX):
        path = url.removeprefix(UNIX)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(timeout)
            probe.connect(path if path.startswith("/") else f"/{path}")


class SdkTransport:
    """A Transport to any endpoint."""

    def __init__(self, client: docker.APIClient) -> None:
        self._client = client

    def send(self, method: str, target: str, timeout: float | None) -> Answer:
        url = f"{self._client.base_url}/v{self._client.api_version}{target}"
        with neutral(), contextlib.closing(self._client.request(method, url, stream=True, timeout=timeout)) as response:
            body = bytearray()
            for piece in response.iter_content(_CHUNK):
                body += piece
                if len(body) > LIMIT:
                    raise ValueError(f"the answer is longer than {LIMIT} bytes")
            return Answer(status=response.status_code, body=bytes(body))


@contextlib.contextmanager
def translated(address: str, doing: str) -> Iterator[None]:
    """Turn whatever the SDK raises when it asks the engine into a StowError. Wrap no code that does something else."""
    with engine_errors.translated(address, doing), neutral():
        yield


@contextlib.contextmanager
def neutral() -> Iterator[None]:
    """Turn the exceptions of the SDK and its libraries into those of `engine_errors`, behind which they stay."""
    try:
        yield
    except _FAILURES as error:
        raise _make_neutral(error) from error


def _make_neutral(error: BaseException) -> Exception:
    causes = list(walk_causes(error))
    answer = next((cause for cause in causes if isinstance(cause, APIError)), None)
    if answer is not None:
        return AnswerError(answer.status_code or 0, str(answer.explanation or ""))
    if is_timeout(error):
        return TimeoutError(str(error))
    if isinstance(error, (ValueError, StreamParseError)):  # Before OSError: requests' JSONDecodeError is both.
        return ValueError(str(error))
    if isinstance(error, OSError):
        return ConnectionError(str(error))
    return engine_errors.UnusableError(str(error))


def is_timeout(error: BaseException) -> bool:
    """Whether it was the waiting that ended: requests says ConnectionError if that was in the middle of a body."""
    return any(isinstance(cause, (TimeoutError, requests.Timeout)) for cause in walk_causes(error))
