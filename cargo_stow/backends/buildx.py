"""How a Dockerfile is built with BuildKit: the command line, and which client can do it. Starts it through a Runner."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cargo_stow.errors import BuildError, ToolMissingError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cargo_stow.backends.protocol import BuildOrder
    from cargo_stow.process import Runner

# The last client that carries BuildKit's side of `docker build` itself; later ones ask the buildx plugin for it.
_LAST_OWN_CLIENT = 22
_CLIENT_VERSION = re.compile(r"Docker version (\d+)\.")


def build(order: BuildOrder, dockerfile: Path, runner: Runner, environment: Mapping[str, str]) -> str:
    """Build a Dockerfile; returns the ID of the image, which has no name yet.

    Raises BuildError when a step fails, its output having been shown, and ToolMissingError without docker or BuildKit.
    """
    iidfile = dockerfile.with_suffix(".iid")
    iidfile.unlink(missing_ok=True)
    argv = [*client(runner, environment), *_options(order), "--file", str(dockerfile), "--iidfile", str(iidfile)]
    run = runner.capture if order.quiet else runner.show
    result = run([*argv, str(order.root)], env=_environment(environment))
    if result.code != 0:
        raise BuildError(
            f"building `{order.plan.bin}` of package `{order.plan.package}` failed",
            hint="the failing step's own output is above" if not order.quiet else "see its output above",
            detail=result.stderr,
        )
    return iidfile.read_text(encoding="utf-8").strip()


def client(runner: Runner, environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the words that start a BuildKit build with the client at hand.

    Raises ToolMissingError when there is no docker program, or it can only reach the builder of old.
    """
    env = _environment(environment)
    if runner.capture(["docker", "buildx", "version"], env=env).code == 0:
        return ("docker", "buildx", "build", "--load")
    version = _CLIENT_VERSION.search(runner.capture(["docker", "--version"], env=env).stdout)
    if version and int(version[1]) <= _LAST_OWN_CLIENT:
        return ("docker", "build")
    raise ToolMissingError(
        "the docker program has no buildx plugin, which builds images",
        hint="install it: `apt-get install docker-buildx` (Debian), `docker-buildx-plugin` (Docker's own packages),"
        " or put the buildx binary in ~/.docker/cli-plugins/docker-buildx",
    )


def _options(order: BuildOrder) -> list[str]:
    options = ["--platform", str(order.plan.platform)]
    if order.quiet:
        options += ["--progress", "plain"]
    for name, path in sorted(order.secrets.items()):
        options += ["--secret", f"id={name},src={path}"]
    return options


def _environment(environment: Mapping[str, str]) -> dict[str, str]:
    # Attestations hold the time of the build, so that no digest would ever repeat (moby/moby 48391).
    return {**environment, "DOCKER_BUILDKIT": "1", "BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}
