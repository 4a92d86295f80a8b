"""Reads what this machine says of a registry: registries.conf, containerd's hosts.toml, certificates.

Sources: containers-registries.conf(5) and containers-registries.conf.d(5); containerd's "Registry Configuration";
docker's "Verify repository client with certificates".
"""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tomli

from cargo_stow.errors import FileError, UsageError
from cargo_stow.oci.registry.mirrors import Configuration

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cargo_stow.oci.registry.mirrors import Table

_SYSTEM = Path("/etc")


def load_configuration(registry: str, environment: Mapping[str, str], system: Path = _SYSTEM) -> Configuration:
    """Read what there is for one registry, host and port. Raises UsageError and FileError.

    `system` is the directory for the whole machine, `/etc`.
    """
    registries = [
        table
        for path in _containers_files(environment, system)
        for table in _tables(_load(path).get("registry", []), path)
    ]
    hosts = _load_hosts(registry, system / "containerd/certs.d")
    certificates = sorted((system / "docker/certs.d").glob("*/ca.crt"))
    return Configuration(
        registries=registries,
        hosts={registry: hosts} if hosts else {},
        authorities={path.parent.name: str(path) for path in certificates},
    )


def find_verify(environment: Mapping[str, str]) -> bool | str:
    """The authorities to trust where a host has none of its own, as requests' `verify`.

    The machine's file, which Go's programs read too, comes before the one that requests brings along.
    """
    if environment.get("SSL_CERT_FILE"):
        return environment["SSL_CERT_FILE"]
    if environment.get("REQUESTS_CA_BUNDLE") or environment.get("CURL_CA_BUNDLE"):
        return True
    return ssl.get_default_verify_paths().cafile or True


def _containers_files(environment: Mapping[str, str], system: Path) -> Iterator[Path]:
    """The main file, of which the user's stands in for the machine's, and the drop-ins of both."""
    config = Path(environment.get("XDG_CONFIG_HOME") or Path(environment.get("HOME") or Path.home(), ".config"))
    user, machine = config / "containers/registries.conf", system / "containers/registries.conf"
    chosen = environment.get("CONTAINERS_REGISTRIES_CONF")
    yield Path(chosen) if chosen else user if user.is_file() else machine
    for directory in (f"{machine}.d", f"{user}.d"):
        yield from sorted(Path(directory).glob("*.conf"))


def _load_hosts(registry: str, directory: Path) -> Table:
    """The first there is: containerd also takes a name without the colon, and one for all registries."""
    name, _, port = registry.rpartition(":")
    for folder in dict.fromkeys((registry, f"{name}_{port}_" if name else registry, "_default")):
        table = _load(directory / folder / "hosts.toml")
        if table:
            return _with_whole_paths(table, directory / folder)
    return {}


def _with_whole_paths(table: Table, directory: Path) -> Table:
    """Certificates are named from where the file is."""
    hosts = table.get("host", {})
    if not isinstance(hosts, dict) or not all(isinstance(entry, dict) for entry in hosts.values()):
        raise UsageError(f"{directory / 'hosts.toml'}: `host` is no table of tables")
    whole = {url: _with_whole_path(entry, directory) for url, entry in hosts.items()}
    return {**_with_whole_path(table, directory), "host": whole}


def _with_whole_path(entry: Table, directory: Path) -> Table:
    found = entry.get("ca")
    names = [found] if isinstance(found, str) else found if isinstance(found, list) else []
    return {**entry, "ca": [str(directory / str(name)) for name in names]}


def _load(path: Path) -> Table:
    try:
        return tomli.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise FileError(f"cannot read {path}: {error.strerror}", hint="check its permissions") from error
    except ValueError as error:
        raise UsageError(f"{path} is no valid TOML: {error}", hint=f"correct {path}") from error


def _tables(value: Any, path: Path) -> list[Table]:
    if not isinstance(value, list) or not all(isinstance(table, dict) for table in value):
        raise UsageError(f"{path}: `registry` is no list of tables", hint="write [[registry]]")
    return value
