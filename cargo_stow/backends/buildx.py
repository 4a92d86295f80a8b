"""How a Dockerfile is built with BuildKit: the command line, and which client can do it. Starts it through a Runner."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from cargo_stow.backends.bake import ENVIRONMENT, target_names, write_bake_file
from cargo_stow.backends.emulation import emulation_hint, find_foreign
from cargo_stow.backends.options import annotation_texts, csv_field, options, secret_variables
from cargo_stow.backends.plugin import build_environment, has_buildx, is_installed, make_missing_error
from cargo_stow.errors import BuildError
from cargo_stow.files import read_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from cargo_stow.backends.protocol import BuildOrder
    from cargo_stow.platforms import Platform
    from cargo_stow.process import Result, Runner

# The last client that carries BuildKit's side of `docker build` itself; later ones ask the buildx plugin for it.
_LAST_OWN_CLIENT = 22
_BUILDX = ("docker", "buildx", "build")
_CLIENT_VERSION = re.compile(r"Docker version (\d+)\.")


def build(
    orders: Sequence[BuildOrder], dockerfiles: Sequence[Path], runner: Runner, environment: Mapping[str, str]
) -> list[tuple[str, ...]]:
    """Build Dockerfiles; returns for each the digests by which the engine may know its image, which has no name yet.

    Which one is its ID depends on the image store: that of the manifest with containerd's, else the configuration's.
    Several are built together, if the client can.

    Raises BuildError when a step fails, its output having been shown, and ToolMissingError without docker or BuildKit.
    """
    env = build_environment(environment)
    if len(orders) > 1 and has_buildx(runner, env):
        return _bake(orders, dockerfiles, runner, env)
    return [_build(order, file, runner, env) for order, file in zip(orders, dockerfiles, strict=True)]


def _bake(
    orders: Sequence[BuildOrder], dockerfiles: Sequence[Path], runner: Runner, environment: Mapping[str, str]
) -> list[tuple[str, ...]]:
    file = write_bake_file(orders, dockerfiles)
    answer = file.with_suffix(".built")
    answer.unlink(missing_ok=True)
    env = {**environment, **ENVIRONMENT}
    for order in orders:
        env.update(secret_variables(order))
    progress = ["--progress", "plain"] if orders[0].quiet else []
    run = runner.capture if orders[0].quiet else runner.show
    result = run(["docker", "buildx", "bake", *progress, "--file", str(file), "--metadata-file", str(answer)], env=env)
    if result.code != 0:
        raise _failed(orders, result, runner, env)
    metadata = json.loads(read_text(answer) or "{}")
    return [_digests(json.dumps(metadata.get(name, {}))) for name in target_names(orders)]


def _build(order: BuildOrder, dockerfile: Path, runner: Runner, environment: Mapping[str, str]) -> tuple[str, ...]:
    answer = dockerfile.with_suffix(".built")
    answer.unlink(missing_ok=True)
    arguments = [*options(order), "--file", str(dockerfile)]
    own = [word for each in annotation_texts(order) for word in ("--annotation", each)]
    result = _start(
        [*_BUILDX, "--load", *own, *arguments, "--metadata-file", str(answer), str(order.root)],
        ["docker", "build", *own, *arguments, "--iidfile", str(answer), str(order.root)],
        runner,
        {**environment, **secret_variables(order)},
        quiet=order.quiet,
    )
    if result.code != 0:
        raise _failed([order], result, runner, environment)
    return _digests(read_text(answer) or "")


def _failed(orders: Sequence[BuildOrder], result: Result, runner: Runner, environment: Mapping[str, str]) -> BuildError:
    what = ", ".join(
        f"{', '.join(f'`{each}`' for each in order.plan.bins)} of package `{order.plan.package}`" for order in orders
    )
    foreign = find_foreign((order.plan.platform for order in orders), runner, environment)
    output = "see its output above" if orders[0].quiet else "the failing step's own output is above"
    return BuildError(
        f"building {what} failed",
        hint=emulation_hint(foreign) if foreign else output,
        detail=result.stderr,
    )


def export(
    dockerfile: Path, target: Path, platform: Platform, runner: Runner, environment: Mapping[str, str]
) -> Result:
    """Build a Dockerfile and write the files of its last stage below `target`, showing nothing; returns how it ended.

    Its context is the directory it lies in.

    Raises ToolMissingError without docker or BuildKit.
    """
    output = csv_field(f"dest={target}")
    arguments = [
        "--platform",
        str(platform),
        "--output",
        f"type=local,{output}",
        "--file",
        str(dockerfile),
        str(dockerfile.parent),
    ]
    env = build_environment(environment)
    return _start([*_BUILDX, *arguments], ["docker", "build", *arguments], runner, env, quiet=True)


def _start(
    with_plugin: list[str], without: list[str], runner: Runner, env: Mapping[str, str], *, quiet: bool
) -> Result:
    """Run the first command line where docker has the buildx plugin, the second one where it has not."""
    run = runner.capture if quiet else runner.show
    result = None
    if is_installed(env) or has_buildx(runner, env):
        result = run(with_plugin, env=env)
    # Asked again only of one that failed: this way none is started twice.
    if result is None or (result.code != 0 and not has_buildx(runner, env)):
        _check_own_client(runner, env)
        result = run(without, env=env)
    return result


def _check_own_client(runner: Runner, env: Mapping[str, str]) -> None:
    """Raise ToolMissingError where the docker program, without buildx, can only reach the builder of old."""
    version = _CLIENT_VERSION.search(runner.capture(["docker", "--version"], env=env).stdout)
    if version is None or int(version[1]) > _LAST_OWN_CLIENT:
        raise make_missing_error("builds images", "put the buildx binary in ~/.docker/cli-plugins/docker-buildx")


def _digests(answer: str) -> tuple[str, ...]:
    """Read buildx's metadata file, or the bare ID that an older client writes."""
    if not answer.startswith("{"):
        return tuple(answer.split())
    metadata = json.loads(answer)
    return tuple(metadata[key] for key in ("containerimage.digest", "containerimage.config.digest") if key in metadata)
