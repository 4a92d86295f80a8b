"""What this machine's configuration and credentials of cargo say of registries and the network.

Source: The Cargo Book, "Configuration" and "Registry Authentication".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cargo_stow.manifest.config import cargo_home, is_users_own, load_config
from cargo_stow.manifest.paths import is_file, normalized
from cargo_stow.manifest.toml import load_manifest, load_toml

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from cargo_stow.manifest.toml import Table
    from cargo_stow.model import Closure

    Toml = Mapping[str, object]

_CREDENTIALS = ("credentials", "credentials.toml")


def load_whole_config(closure: Closure, environment: Mapping[str, str]) -> Toml:
    """Return what cargo's configuration files say where the package lies, merged. Raises as `load_toml` does."""
    return _merged(load_config(closure.sources[0].directory, environment).files)


def load_outer_config(closure: Closure, environment: Mapping[str, str]) -> Toml:
    """Return what those say that are not below the closure's root, so that a build does not find them itself.

    Raises as `load_toml` does.
    """
    return _merged(_outer(closure, environment))


def sent_config(closure: Closure, environment: Mapping[str, str]) -> Sequence[Table]:
    """Return those that a build finds itself, the strongest first. Raises as `load_toml` does."""
    files = load_config(closure.sources[0].directory, environment).files
    return [table for table in files if _is_sent(table.file, closure, environment)]


def load_credentials(environment: Mapping[str, str]) -> Toml:
    """Return what `cargo login` wrote; empty where it wrote nothing. Raises as `load_toml` does."""
    home = cargo_home(environment)
    # Cargo prefers the name without an extension where both exist.
    found = next((home / name for name in _CREDENTIALS if is_file(home / name)), None) if home else None
    return load_toml(found).values if found else {}


def find_bundle(closure: Closure, environment: Mapping[str, str]) -> Path | None:
    """Return the file of certificate authorities that those outer files name, None where they name none.

    Raises as `load_toml` does.
    """
    for table in _outer(closure, environment):
        http = table.table("http")
        text = http.text("cainfo") if http else None
        if text:
            return normalized(table.file.parent.parent / text)
    return None


def registry_names(closure: Closure, root: Path) -> tuple[str, ...]:
    """List what the manifests of a closure, and of its workspace's root, call the registries of dependencies."""
    packages = (*closure.sources, *closure.manifests)
    manifests = map(load_manifest, dict.fromkeys((root, *(package.directory for package in packages))))
    return tuple(sorted({name for table in manifests for name in _registries(table)}))


def _registries(table: Toml) -> Iterator[str]:
    for key, value in table.items():
        if key == "registry" and isinstance(value, str):
            yield value
        elif isinstance(value, Mapping):
            yield from _registries(value)


def _outer(closure: Closure, environment: Mapping[str, str]) -> Sequence[Table]:
    files = load_config(closure.sources[0].directory, environment).files
    return [table for table in files if not _is_sent(table.file, closure, environment)]


def _is_sent(file: Path, closure: Closure, environment: Mapping[str, str]) -> bool:
    return file.is_relative_to(closure.root) and not is_users_own(file, environment)


def _merged(tables: Sequence[Table]) -> Toml:
    """Merge tables, the strongest first; of two values of a key that are no tables, the stronger one counts."""
    found: dict[str, object] = {}
    for table in tables:
        found = _merge(found, table.values)
    return found


def _merge(strong: Toml, weak: Toml) -> dict[str, object]:
    merged = dict(weak)
    for key, value in strong.items():
        other = merged.get(key)
        merged[key] = _merge(value, other) if isinstance(value, Mapping) and isinstance(other, Mapping) else value
    return merged
