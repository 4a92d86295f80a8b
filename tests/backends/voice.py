"""What a backend says, kept in a list."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cargo_stow.oci.progress import Progress


@dataclass
class KeptVoice:
    """`said` has results and statuses as they came, `moved` the news of layers with what was done to them."""

    said: list[str] = field(default_factory=list)
    moved: list[tuple[str, Progress]] = field(default_factory=list)

    def result(self, text: str) -> None:
        self.said.append(text)

    def status(self, verb: str, text: str) -> None:
        self.said.append(f"{verb} {text}")

    @contextlib.contextmanager
    def moving(self, verb: str) -> Iterator[Callable[[Progress], None]]:
        yield lambda news: self.moved.append((verb, news))
