"""The backends, written out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cargo_stow.backends.docker import DockerBackend

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cargo_stow.backends.protocol import Backend
    from cargo_stow.process import Runner

BACKENDS: dict[str, Callable[[Runner, Mapping[str, str], Callable[[str], None]], Backend]] = {
    "docker": DockerBackend,
}
