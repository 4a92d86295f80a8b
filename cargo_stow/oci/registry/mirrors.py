"""Which servers stand for a registry, from tables of configuration that were read elsewhere. Pure.

Sources: containers-registries.conf(5), version 2 of the format; containerd's "Registry Configuration"
(`hosts.toml`). A mirror of the first comes before one of the second, the registry itself comes last.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from cargo_stow.errors import UsageError
from cargo_stow.oci.registry.endpoints import Endpoint, Host, make_host

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cargo_stow.reference import ImageRef

Table = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """`registries` are the tables `[[registry]]`, a later one in the place of an earlier of its prefix.

    `hosts` has a table of containerd's for each registry that one was found for, `authorities` a file of certificates
    for each host that one was found for.
    """

    registries: Sequence[Table] = ()
    hosts: Mapping[str, Table] = field(default_factory=dict)
    authorities: Mapping[str, str] = field(default_factory=dict)


def find_endpoints(reference: ImageRef, configuration: Configuration) -> tuple[Endpoint, ...]:
    """Where to look for an image, in order; the last is the registry itself, where alone images are pushed to.

    Raises UsageError for a registry that is blocked, and for a table that cannot be.
    """
    name = f"{make_host(reference.registry).registry}/{reference.repository}"
    table = _find_table(name, configuration.registries)
    if _flag(table, "blocked"):
        raise UsageError(f"registries.conf blocks `{reference}`", hint="see its table of that prefix")
    own = _locate(table, name, prefix=_prefix(table))
    containerd = configuration.hosts.get(reference.registry, {})
    found = [
        *_mirrors_of_containers(table, name),
        *_mirrors_of_containerd(containerd, own),
        _with_server(own, containerd),
    ]
    return tuple(_with_authority(endpoint, configuration.authorities) for endpoint in found)


def _find_table(name: str, tables: Sequence[Table]) -> Table:
    """The table of the longest prefix; an empty one where there is none."""
    matching = [table for table in tables if _matches(name, _prefix(table))]
    return max(reversed(matching), key=lambda table: len(_prefix(table)), default={})


def _prefix(table: Table) -> str:
    return _text(table, "prefix") or _text(table, "location")


def _matches(name: str, prefix: str) -> bool:
    if prefix.startswith("*."):
        return name.partition("/")[0].endswith(prefix[1:])
    return bool(prefix) and (name == prefix or name.startswith(f"{prefix}/"))


def _locate(table: Table, name: str, prefix: str) -> Endpoint:
    """The name with its prefix replaced by the table's location, as one server and a repository on it."""
    location = _text(table, "location")
    moved = location + name.removeprefix(prefix) if location and not prefix.startswith("*.") else name
    registry, _, repository = moved.partition("/")
    return Endpoint(host=make_host(registry, insecure=_flag(table, "insecure")), repository=repository)


def _mirrors_of_containers(table: Table, name: str) -> Iterator[Endpoint]:
    for mirror in _tables(table, "mirror"):
        if not _text(mirror, "location"):
            raise UsageError("registries.conf has a mirror without a location")
        kind = _text(mirror, "pull-from-mirror") or "all"
        only_digests = kind == "digest-only" or _flag(table, "mirror-by-digest-only")
        endpoint = _locate(mirror, name, prefix=_prefix(table))
        yield replace(endpoint, for_tags=not only_digests, for_digests=kind != "tag-only")


def _mirrors_of_containerd(table: Table, own: Endpoint) -> Iterator[Endpoint]:
    hosts = table.get("host", {})
    for url, entry in hosts.items() if isinstance(hosts, dict) else ():
        able = entry.get("capabilities", ["pull", "resolve", "push"])
        if not isinstance(able, list):
            raise UsageError(f"hosts.toml gives `{url}` capabilities that are no list")
        if "pull" in able or "resolve" in able:
            host = _make_host(url, entry, own.host.registry)
            yield Endpoint(host=host, repository=own.repository, for_tags="resolve" in able, for_digests="pull" in able)


def _with_server(own: Endpoint, table: Table) -> Endpoint:
    """`server` is where containerd asks last; its keys stand at the top of the file, for it."""
    server = _text(table, "server")
    if not server:
        return own
    host = _make_host(server, table, own.host.registry)
    return replace(own, host=replace(host, registry=own.host.registry, namespace=""))


def _make_host(url: str, entry: Table, namespace: str) -> Host:
    try:
        parts = urlsplit(url if "://" in url else f"https://{url}")
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"https", "http"} or not parts.netloc:
        raise UsageError(f"hosts.toml names a host that is no address: `{url}`")
    path = parts.path.rstrip("/")
    if not _flag(entry, "override_path") and not path.endswith("/v2"):
        path += "/v2"
    skipped = _flag(entry, "skip_verify")
    authority = entry.get("ca", "")
    return Host(
        registry=parts.netloc,
        host=parts.netloc,
        scheme=parts.scheme,
        path=path,
        insecure=skipped,
        authority=str(authority[0] if isinstance(authority, list) and authority else authority or ""),
        namespace=namespace,
    )


def _with_authority(endpoint: Endpoint, authorities: Mapping[str, str]) -> Endpoint:
    host = endpoint.host
    return replace(endpoint, host=replace(host, authority=host.authority or authorities.get(host.registry, "")))


def _text(table: Table, key: str) -> str:
    value = table.get(key, "")
    if not isinstance(value, str):
        raise UsageError(f"the configuration of registries has `{key} = {value!r}`; expected a text")
    return value


def _flag(table: Table, key: str) -> bool:
    return table.get(key) is True


def _tables(table: Table, key: str) -> list[Table]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise UsageError(f"the configuration of registries has a `{key}` that is no list of tables")
    return value
