"""Exporting the dependency layer to a cache that outlives the engine, where engine and builder can do that."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cargo_stow.backends.options import options, secret_variables
from cargo_stow.backends.plugin import build_environment, has_buildx, make_missing_error
from cargo_stow.errors import BuildError, EngineError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from cargo_stow.backends.protocol import BuildOrder
    from cargo_stow.errors import StowError
    from cargo_stow.process import Runner

_STAGE = "deps"
_DRIVER = re.compile(r"^Driver:\s*(\S+)", re.MULTILINE)


def export_cache(
    order: BuildOrder, targets: tuple[str, ...], dockerfile: Path, runner: Runner, environment: Mapping[str, str]
) -> None:
    """Build up to the dependency layer, which costs nothing after a build, and export it; no image is made.

    Raises BuildError when the export fails, its output having been shown.
    """
    argv = ["docker", "buildx", "build", "--target", _STAGE, "--output", "type=cacheonly", *options(order)]
    for target in targets:
        argv += ["--cache-to", target]
    run = runner.capture if order.quiet else runner.show
    env = {**build_environment(environment), **secret_variables(order)}
    result = run([*argv, "--file", str(dockerfile), str(order.root)], env=env)
    if result.code != 0:
        # Which caches, says the caller: their descriptions may hold secrets.
        raise BuildError(f"the dependencies of `{order.plan.package}` could not be kept", detail=result.stderr)


def check_export(
    runner: Runner, environment: Mapping[str, str], address: str, has_containerd_store: Callable[[], bool]
) -> None:
    """Raise EngineError where the builder cannot export a cache; the engine is asked only where its own one is used.

    The builder inside of an engine exports with containerd's image store only, and before Docker 23 not at all.
    ToolMissingError without buildx, which a client of old can do a build without, but no export.
    """
    found = runner.capture(["docker", "buildx", "inspect"], env=environment)
    if found.code != 0:
        raise _uninspected(runner, environment, found.stderr)
    driver = _DRIVER.search(found.stdout)
    if driver and driver[1] == "docker" and not has_containerd_store():
        raise EngineError(
            f"the engine at {address} cannot export caches: its image store is not containerd's",
            hint="use a builder of its own: `docker buildx create --use --driver docker-container`; or turn"
            " on containerd's image store: feature `containerd-snapshotter` in daemon.json, from Docker 24 on",
        )


def _uninspected(runner: Runner, environment: Mapping[str, str], said: str) -> StowError:
    """Why nothing is known of the builder: there is no buildx, or no such builder."""
    if not has_buildx(runner, environment):
        return make_missing_error("exports caches", "build without --cache-mode and --cache-to")
    return EngineError(
        "the builder that docker has chosen cannot be asked whether it exports caches",
        hint="choose one of `docker buildx ls` with `docker buildx use`, or BUILDX_BUILDER",
        detail=said,
    )
