"""The backends, written out."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from cargo_stow.backends.engine import Engine
from cargo_stow.errors import EngineDeniedError, EngineStoppedError, RuntimeFailedError, StowError, ToolMissingError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cargo_stow.backends.protocol import Backend, Voice
    from cargo_stow.process import Runner

AUTO = "auto"


def _docker(runner: Runner, environment: Mapping[str, str], voice: Voice) -> Backend:
    from cargo_stow.backends.docker import DockerBackend  # noqa: PLC0415 - one of them is enough

    return DockerBackend(runner, environment, voice.result)


def _youki(runner: Runner, environment: Mapping[str, str], voice: Voice) -> Backend:
    from cargo_stow.backends.youki.backend import YoukiBackend  # noqa: PLC0415

    return YoukiBackend(runner, environment, voice)


BACKENDS: dict[str, Callable[[Runner, Mapping[str, str], Voice], Backend]] = {
    "docker": _docker,
    "youki": _youki,
}


def choose(name: str, environment: Mapping[str, str]) -> tuple[str, str]:
    """Return the backend that a name means, and why, where that may surprise.

    `auto` is docker where an engine answers, or where the environment names one; else youki, if a runtime is there.
    """
    if name != AUTO:
        return name, ""
    if environment.get("DOCKER_HOST") or environment.get("DOCKER_CONTEXT"):
        return "docker", ""
    reason = _why_not(environment)
    return ("youki", f"{reason}; --backend says otherwise") if reason else ("docker", "")


def _why_not(environment: Mapping[str, str]) -> str:
    """Why docker cannot be taken, if youki can; nothing to say where neither can, for docker says it best."""
    try:
        Engine(environment).ping()
    except (EngineStoppedError, EngineDeniedError) as error:
        from cargo_stow.sandbox.rights import find_rights  # noqa: PLC0415 - mostly an engine answers
        from cargo_stow.sandbox.runtime import DEFAULT, find_runtime  # noqa: PLC0415

        with contextlib.suppress(ToolMissingError, RuntimeFailedError):
            find_rights(environment)
            find_runtime(environment.get("CARGO_STOW_RUNTIME") or DEFAULT, environment)
            return error.message
    except StowError:
        pass  # It answers, if not well.
    return ""
