"""The options of a BuildKit build that follow from what is ordered: platform, secrets, ssh, proxies, caches.

No secret is ever on a command line: files go by their path, texts by a variable of the client's environment.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cargo_stow.backends.protocol import BuildOrder


def options(order: BuildOrder) -> list[str]:
    """Return what every client understands."""
    return list(_options(order))


def _options(order: BuildOrder) -> Iterator[str]:
    yield from ("--platform", str(order.plan.platform))
    if order.quiet:
        yield from ("--progress", "plain")
    for name, secret in sorted(order.secrets.items()):
        source = f"src={secret}" if isinstance(secret, Path) else f"env={variable(name)}"
        yield from ("--secret", f"id={name},{csv_field(source)}")
    if order.ssh:
        yield from ("--ssh", "default")
    # By name alone: the client takes the value from its environment. Docker keeps these out of history and cache keys.
    for name in order.proxies:
        yield from ("--build-arg", name)
    for cache in order.cache_from:
        yield from ("--cache-from", cache)


def annotation_texts(order: BuildOrder) -> list[str]:
    """Return the annotations of a build's manifest, which need buildx 0.12 or newer to be written."""
    return [f"{name}={value}" for name, value in order.plan.config.annotations]


def secret_variables(order: BuildOrder) -> dict[str, str]:
    """Return the variables that hold the secrets which are no files."""
    return {variable(name): text for name, text in order.secrets.items() if isinstance(text, str)}


def variable(name: str) -> str:
    """Return the variable of the client's environment that holds a secret; no two secrets have the same."""
    # A name has no capitals, so that a small letter can say what became of a `.` or `_`.
    return "CARGO_STOW_SECRET_" + name.upper().replace("_", "_u").replace(".", "_d").replace("-", "_")


def csv_field(text: str) -> str:
    """Docker reads the option as one line of CSV, in which a path may hold a comma only in quotes."""
    doubled = text.replace('"', '""')
    return f'"{doubled}"' if set(text) & set(',"\n') else text
