"""Durations and sizes as they are typed, such as `30d` and `10GB`. Pure."""

from __future__ import annotations

import re

from cargo_stow.errors import UsageError

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_BYTES = {
    "B": 1, "kB": 10**3, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12,
    "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40,
}  # fmt: skip
# Longer than any disk and any machine lasts.
_AMOUNT = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,3})?)([A-Za-z]+)", re.ASCII)


def parse_duration(text: str, flag: str) -> float:
    """Read a duration; returns seconds. Raises UsageError naming the flag."""
    return _parse(text, flag, _SECONDS, "a duration such as 12h, 30d or 4w")


def parse_size(text: str, flag: str) -> int:
    """Read a size; returns bytes. Units are decimal, or binary as GiB. Raises UsageError naming the flag."""
    return int(_parse(text, flag, _BYTES, "a size such as 500MB, 10GB or 8GiB"))


def _parse(text: str, flag: str, units: dict[str, int], what: str) -> float:
    found = _AMOUNT.fullmatch(text)
    if found is None or found[2] not in units:
        raise UsageError(f"{flag} {text}: expected {what}", hint=f"units are {', '.join(units)}")
    return float(found[1]) * units[found[2]]
