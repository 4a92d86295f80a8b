"""What stands behind an exception of a library that wraps another's. Decides nothing about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def walk_causes(error: BaseException) -> Iterator[BaseException]:
    """An exception and all that stand behind it, nearest first: its causes, contexts, and those in its arguments.

    The SDK, requests and urllib3 each wrap the one below in another of these ways.
    """
    waiting: list[object] = [error]
    seen: set[int] = set()
    while waiting:
        current = waiting.pop(0)
        if isinstance(current, BaseException) and id(current) not in seen:
            seen.add(id(current))
            yield current
            waiting += [current.__cause__, current.__context__, getattr(current, "reason", None), *current.args]
