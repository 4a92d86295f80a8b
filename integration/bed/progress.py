"""How the bed's progress looks: one line a step, on stderr, with the seconds it took."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def step(name: str) -> Iterator[None]:
    """Print `name` and the seconds its block took, or that it failed; the error itself goes on to the caller."""
    started = time.monotonic()
    outcome = "failed"
    try:
        yield
        outcome = "ok"
    finally:
        print(f"bed: {name}: {outcome} ({time.monotonic() - started:.1f} s)", file=sys.stderr, flush=True)
