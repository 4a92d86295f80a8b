"""Several images of a repository become an index, one image for each platform: `docker buildx imagetools create`.

The client asks the registry itself, with docker's credentials; no engine has a part in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cargo_stow.backends.plugin import has_buildx, make_missing_error
from cargo_stow.backends.registry_errors import make_push_error
from cargo_stow.oci.credentials import find_credentials

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cargo_stow.process import Runner
    from cargo_stow.reference import ImageRef


def push_index(
    names: Sequence[ImageRef], digests: Sequence[str], runner: Runner, environment: Mapping[str, str]
) -> None:
    """Make the index, and give it the names. Raises what a push does, and ToolMissingError without buildx."""
    tags = [word for name in names for word in ("--tag", str(name))]
    images = [f"{names[0].name}@{digest}" for digest in digests]
    result = runner.capture(["docker", "buildx", "imagetools", "create", *tags, *images], env=environment)
    if result.code != 0:
        if not has_buildx(runner, environment):
            raise make_missing_error("joins images of several platforms", "choose one with --platforms")
        raise make_push_error(result.stderr.strip(), names[0], find_credentials(names[0].registry, environment))
