"""What an engine knows, as frozen values, and how they are read from its JSON. Asks nothing and imports no SDK.

Source: the Docker Engine API, versions 1.41 (20.10) and later: `ImageInspect`, `ContainerState`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cargo_stow.platforms import Platform

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineImage:
    """One image in the engine.

    `digests` are `name@sha256:…`. With Docker's own image store they say what was pulled or pushed; with containerd's
    (seen on 26.1) every name has one, its ID, whether or not a registry has that. `registry_digest` knows.
    """

    id: str
    digests: tuple[str, ...]
    tags: tuple[str, ...]
    platform: Platform


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerState:
    """How a container is. `exit_code` means something once it has stopped; `error` is the engine's word on a start.

    `started` is false of one that was made, but whose program never ran.
    """

    started: bool = True
    running: bool
    exit_code: int
    error: str


def make_image(answer: Mapping[str, Any]) -> EngineImage:
    return EngineImage(
        id=str(answer["Id"]),
        digests=_names(answer.get("RepoDigests")),
        tags=_names(answer.get("RepoTags")),
        platform=Platform(
            os=str(answer["Os"]), architecture=str(answer["Architecture"]), variant=str(answer.get("Variant") or "")
        ),
    )


def _names(names: Iterable[str] | None) -> tuple[str, ...]:
    """Leave out `<none>:<none>` and `<none>@<none>`, which older engines give to images without a name."""
    return tuple(name for name in names or () if not name.startswith("<none>"))


def make_container_state(answer: Mapping[str, Any]) -> ContainerState:
    state = answer["State"]
    return ContainerState(
        started=state.get("Status") != "created",
        running=bool(state["Running"]),
        exit_code=int(state["ExitCode"]),
        error=str(state.get("Error") or ""),
    )
