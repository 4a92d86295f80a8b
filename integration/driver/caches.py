"""The cache mounts that a package's builds leave in an engine: removed by name, for others use the same engine."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from integration.driver.engine import Engine


def cache_mounts(engine: Engine, package: str) -> list[str]:
    """The IDs of the caches that the package was compiled in: an engine of old tells only by which command."""
    records = json.loads(engine.docker("system", "df", "--verbose", "--format", "{{json .BuildCache}}"))
    return [
        record["ID"]
        for record in records
        if record["Description"].startswith("cached mount /build from ")
        and f"cargo build --package {package} " in record["Description"]
    ]


def drop_cache_mounts(engine: Engine, package: str) -> None:
    """Remove them, as an engine does that is short of space."""
    found = cache_mounts(engine, package)
    if found:  # The filter is a regular expression, and there can be one.
        engine.docker("builder", "prune", "--all", "--force", "--filter", f"id=^({'|'.join(found)})$")
    assert cache_mounts(engine, package) == []
