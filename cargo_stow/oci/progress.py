"""What is told of a layer under way. Holds the value only; report.py decides how it looks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """One piece of news about one layer on its way to or from a registry; sizes in bytes, 0 where unknown."""

    layer: str
    status: str
    current: int = 0
    total: int = 0
