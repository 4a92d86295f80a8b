"""Descriptions of caches, as `docker buildx build --cache-to` takes them: read, and shown without what is secret."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cargo_stow.errors import UsageError, without_password

if TYPE_CHECKING:
    from collections.abc import Mapping

# Of all others nobody knows what they hold: `secret_access_key` and `token` are among them.
_HARMLESS = frozenset({"type", "ref", "src", "dest", "scope", "bucket", "name", "mode", "region", "prefix"})


def read_fields(description: str, origin: str) -> Mapping[str, str]:
    """Read a description as docker does, one line of CSV; one without a type is a reference in a registry.

    Raises UsageError naming `origin`, the flag or the variable that holds it, for one that docker would not take.
    """
    import csv  # noqa: PLC0415 - who keeps no cache does without it

    hint = "write it as for `docker buildx build`, such as type=registry,ref=registry.example.org/team/app:cache"
    if not description.strip():
        raise UsageError(f"{origin} is empty, expected a cache", hint=hint)
    try:
        rows = list(csv.reader([description], strict=True))
    except csv.Error as error:
        raise UsageError(f"{origin} {shown(description)!r} is no cache: {error}", hint=hint) from error
    return {name.strip().lower(): value for name, _, value in (field.partition("=") for field in rows[0])}


def shown(description: str) -> str:
    """Return what may be seen of a description: a reference alone, or those fields that say which cache it is."""
    fields = [field.strip('"') for field in re.split(r"[,\r\n]", description)]
    if len(fields) == 1 and "=" not in fields[0]:
        return without_password(fields[0])
    kept = [field for field in fields if field.partition("=")[0].strip().lower() in _HARMLESS]
    return without_password(",".join(kept)) or "(not shown)"
