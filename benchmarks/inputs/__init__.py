"""The crates that are built. Owns their sources, and nothing of how they are built."""

from __future__ import annotations
