"""doit's state file, which our record makes dispensable: damage or a full disk costs one more look at the sources."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

from doit.dependency import JsonDB

from cargo_stow.errors import FileError
from cargo_stow.files import write_text


class State(JsonDB):  # type: ignore[misc]
    """doit's JSON backend, but written in one step, and empty where it cannot be read."""

    desc = "used by cargo-stow"

    def _load(self) -> dict[str, Any]:
        with contextlib.suppress(OSError, ValueError, RecursionError):
            state = self.codec.decode(Path(self.name).read_text(encoding="utf-8"))
            if isinstance(state, dict) and all(isinstance(entry, dict) for entry in state.values()):
                return state
        return {}

    def dump(self) -> None:
        with contextlib.suppress(FileError):
            write_text(Path(self.name), self.codec.encode(self._db), durable=False)
