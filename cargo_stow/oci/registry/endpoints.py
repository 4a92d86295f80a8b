"""Where an image's registry is, as values: a name of a registry may mean several hosts, some of them mirrors. Pure."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from cargo_stow.reference import DEFAULT_REGISTRY

_HUB = frozenset({DEFAULT_REGISTRY, f"index.{DEFAULT_REGISTRY}"})
_HUB_HOST = f"registry-1.{DEFAULT_REGISTRY}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """One server. `registry` is what credentials for it go by, `host` its name and port.

    `scheme` is "" where it is to be found out. `insecure` hosts need no certificate, and may speak plain HTTP.
    `authority` is a file of certificates that may have signed its own. `namespace` is what a mirror of several
    registries is told, in containerd's query parameter `ns`.
    """

    registry: str
    host: str
    scheme: str = ""
    path: str = "/v2"
    insecure: bool = False
    authority: str = ""
    namespace: str = ""

    @property
    def schemes(self) -> tuple[str, ...]:
        """The schemes to try, in order."""
        if self.scheme:
            return (self.scheme,)
        return ("https", "http") if self.insecure or is_loopback(self.host) else ("https",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A repository on a server, under the name that it has there. `for_tags` and `for_digests`: what to ask it for."""

    host: Host
    repository: str
    for_tags: bool = True
    for_digests: bool = True


def make_host(registry: str, *, insecure: bool = False) -> Host:
    """The server of a registry that nothing is configured for. Docker Hub's API has a host of its own."""
    if registry in _HUB:
        return Host(registry=DEFAULT_REGISTRY, host=_HUB_HOST, insecure=insecure)
    return Host(registry=registry, host=registry, insecure=insecure)


def is_loopback(host: str) -> bool:
    """Whether a host (with or without a port) is this machine, whose registries need no TLS, as docker has it."""
    name = urlsplit(f"//{host}").hostname or ""
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
