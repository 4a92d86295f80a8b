"""How a Dockerfile is built with BuildKit: the command line, and which client can do it. Starts it through a Runner."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from cargo_stow.errors import BuildError, ToolMissingError
from cargo_stow.files import read_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cargo_stow.backends.protocol import BuildOrder
    from cargo_stow.process import Runner

# The last client that carries BuildKit's side of `docker build` itself; later ones ask the buildx plugin for it.
_LAST_OWN_CLIENT = 22
_CLIENT_VERSION = re.compile(r"Docker version (\d+)\.")


def build(order: BuildOrder, dockerfile: Path, runner: Runner, environment: Mapping[str, str]) -> tuple[str, ...]:
    """Build a Dockerfile; returns the digests by which the engine may know the image, which has no name yet.

    Which one is its ID depends on the image store: that of the manifest with containerd's, else the configuration's.

    Raises BuildError when a step fails, its output having been shown, and ToolMissingError without docker or BuildKit.
    """
    words = client(runner, environment)
    answer = dockerfile.with_suffix(".built")
    answer.unlink(missing_ok=True)
    into = "--metadata-file" if "buildx" in words else "--iidfile"
    run = runner.capture if order.quiet else runner.show
    argv = [*words, *_options(order), "--file", str(dockerfile), into, str(answer), str(order.root)]
    result = run(argv, env=_environment(environment))
    if result.code != 0:
        raise BuildError(
            f"building `{order.plan.bin}` of package `{order.plan.package}` failed",
            hint="the failing step's own output is above" if not order.quiet else "see its output above",
            detail=result.stderr,
        )
    return _digests(read_text(answer) or "")


def _digests(answer: str) -> tuple[str, ...]:
    """Read buildx's metadata file, or the bare ID that an older client writes."""
    if not answer.startswith("{"):
        return tuple(answer.split())
    metadata = json.loads(answer)
    return tuple(metadata[key] for key in ("containerimage.digest", "containerimage.config.digest") if key in metadata)


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
        options += ["--secret", f"id={name},{_csv_field(f'src={path}')}"]
    return options


def _csv_field(text: str) -> str:
    """Docker reads the option as one line of CSV, in which a path may hold a comma only in quotes."""
    doubled = text.replace('"', '""')
    return f'"{doubled}"' if set(text) & set(',"\n') else text


def _environment(environment: Mapping[str, str]) -> dict[str, str]:
    # Attestations hold the time of the build, so that no digest would ever repeat (moby/moby 48391).
    return {**environment, "DOCKER_BUILDKIT": "1", "BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}
