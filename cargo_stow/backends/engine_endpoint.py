"""Where the engine is. Owns DOCKER_HOST, DOCKER_CONTEXT and TLS, as the docker command knows them; asks nobody.

The common addresses are read here, without the SDK, whose import takes longer than a whole no-op: a local socket, a
host and port without TLS, no context, and a context with a local socket. All else, and all that is wrong, is left to
`engine_sdk`. The configuration and the contexts are found by this process's own DOCKER_CONFIG and HOME, as there.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from docker.tls import TLSConfig

# The scheme of a local socket, as the SDK writes it.
UNIX = "http+unix://"
_DEFAULT = "unix:///var/run/docker.sock"
# Only what the SDK takes literally too.
_SOCKET = re.compile(r"unix://(/[^\s?#;%]*[^\s?#;%/])")
_NO_PORT = re.compile(r"tcp://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])/?")
_PORT = re.compile(r"tcp://((?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\]):([0-9]{1,5}))")
_LOOPBACK = re.compile(r"\w+://(?:localhost|127(?:\.[0-9]+){3}|\[::1\])(?::[0-9]+)?/?", re.IGNORECASE)
_PLAIN_PORT, _TLS_PORT, _LAST_PORT = 2375, 2376, 65535
_PROXIES = ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY")


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where an engine is: the address for messages, without a password, and the URL in the SDK's spelling.

    `plain` says that HTTP over a socket reaches it: neither TLS nor ssh, a proxy or a path is in between.
    """

    address: str
    url: str
    tls: TLSConfig | bool = False
    plain: bool = False


def find_plain_endpoint(environment: Mapping[str, str]) -> Endpoint | None:
    """Find the engine's address as the docker command does: DOCKER_HOST, then the context, then the default.

    None for one that is not plain, or has a user, a path or anything unusual, or is no address at all.
    """
    config = _read_config(config_file())
    if environment.get("DOCKER_TLS_VERIFY") or config.get("HttpHeaders"):
        return None
    text = environment.get("DOCKER_HOST") or _find_host(environment.get("DOCKER_CONTEXT"), config) or ""
    socket = _SOCKET.fullmatch(text)
    if socket:
        return Endpoint(address=text, url=f"{UNIX}{socket[1]}", plain=True)
    port = _PORT.fullmatch(with_port(text, tls=False))
    is_proxied = any(map(environment.get, _PROXIES)) and not is_loopback(text)
    if port and 0 < int(port[2]) <= _LAST_PORT and not is_proxied:
        return Endpoint(address=text, url=f"http://{port[1]}", plain=True)
    return None


def with_port(text: str, *, tls: bool) -> str:
    """Add the port that docker takes for an address without one."""
    host = _NO_PORT.fullmatch(text)
    return f"tcp://{host[1]}:{_TLS_PORT if tls else _PLAIN_PORT}" if host else text


def is_loopback(url: str) -> bool:
    """Say whether an address is this machine's own, for which docker asks no proxy."""
    return _LOOPBACK.fullmatch(url) is not None


def _find_host(context: str | None, config: Mapping[str, Any]) -> str | None:
    """The address of a context, by default of the current one; None if only the SDK can tell, or say what is wrong."""
    name = context or config.get("currentContext") or "default"
    if name == "default":
        return _DEFAULT
    if not isinstance(name, str):
        return None
    return _read_context(name)


def context_file(name: str) -> Path:
    """Where docker has the description of a context."""
    identity = hashlib.sha256(name.encode()).hexdigest()
    return config_file().parent / "contexts/meta" / identity / "meta.json"


def _read_context(name: str) -> str | None:
    file = context_file(name)
    if (file.parents[2] / "tls" / file.parent.name).exists():
        return None
    try:
        meta: Any = json.loads(file.read_text(encoding="utf-8"))
        host = meta["Endpoints"]["docker"]["Host"] if meta["Name"] == name and "Metadata" in meta else None
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return None
    return host if isinstance(host, str) and _SOCKET.fullmatch(host) else None


def config_file() -> Path:
    """Where docker has its configuration; where DOCKER_CONFIG is set, it looks nowhere else."""
    directory = os.environ.get("DOCKER_CONFIG")
    # Where there is no home, Path.home raises.
    return Path(directory or os.path.expanduser("~/.docker"), "config.json")  # noqa: PTH111


def exists(path: Path) -> bool:
    return os.path.exists(path)  # noqa: PTH110 - Path.exists may raise


def read_current_context() -> str:
    return str(_read_config(config_file()).get("currentContext") or "default")


def _read_config(file: Path) -> Mapping[str, Any]:
    """What the configuration says. One that cannot be read says nothing, as for the docker command and the SDK."""
    try:
        config = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return config if isinstance(config, dict) else {}
