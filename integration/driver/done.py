"""How a command ended, as a value."""

from __future__ import annotations

import re
from dataclasses import dataclass

# Not a look into the base, whose result is files.
_BUILD = re.compile(r"(buildx )?(build|bake) (?!.*--output type=local)")


@dataclass(frozen=True, kw_only=True)
class Done:
    """How a command ended; `docker` is how it called the docker client, one line a call."""

    code: int
    out: str
    err: str
    docker: tuple[str, ...] = ()

    @property
    def builds(self) -> int:
        """How many builds the engine was asked for; of several images together, one."""
        return sum(1 for call in self.docker if _BUILD.match(call))

    @property
    def reference(self) -> str:
        """The one line that a result is."""
        assert re.fullmatch(r"\S+\n", self.out), f"not one line: {self.out!r}"
        return self.out.strip()

    @property
    def image(self) -> str:
        """The image of the result: its ID, or on containerd's store the digest, which is the ID there."""
        return self.reference.rpartition("@")[2]
