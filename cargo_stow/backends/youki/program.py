"""The program of an image in a container in the foreground; nothing of it is left."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cargo_stow.backends.youki.account import find_account
from cargo_stow.backends.youki.assembly import directories, prepare
from cargo_stow.backends.youki.bases import load_base
from cargo_stow.backends.youki.image_config import environment_of
from cargo_stow.backends.youki.images import Images
from cargo_stow.backends.youki.lending import network_binds
from cargo_stow.backends.youki.rootfs import DEFAULT_PATH
from cargo_stow.backends.youki.run_options import read_options
from cargo_stow.backends.youki.stubs import places, targets_of
from cargo_stow.errors import ImageNotFoundError
from cargo_stow.process import SystemRunner
from cargo_stow.sandbox import isolation
from cargo_stow.sandbox.bundle import Bind, Process
from cargo_stow.sandbox.console import terminal_size
from cargo_stow.sandbox.foreground import run_foreground
from cargo_stow.sandbox.network import plan_network
from cargo_stow.sandbox.runtime import Container, container_name

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cargo_stow.backends.protocol import RunOptions
    from cargo_stow.backends.youki.store import Store
    from cargo_stow.oci.descriptor import Descriptor
    from cargo_stow.process import Runner
    from cargo_stow.sandbox.ports import Port
    from cargo_stow.sandbox.runtime import Runtime


def run_attached(  # noqa: PLR0917 - what a run is made of
    identity: str,
    options: RunOptions,
    store: Store,
    runtime: Runtime,
    runner: Runner,
    environment: Mapping[str, str],
) -> int:
    """Run an image's program with the caller's terminal and signals; returns the program's exit code.

    Raises UsageError for options that cannot be had without a daemon.
    """
    given, binds, ports = read_options(options, environment)
    with store.scratch() as directory:
        call = directory / "call"
        arguments = (identity, options.arguments, given, binds, ports, store, runtime)
        return isolation.attach(runner, call, _run, *arguments, rights=runtime.rights).code


def _run(  # noqa: PLR0917 - as above
    identity: str,
    words: tuple[str, ...],
    given: Mapping[str, str | None],
    volumes: tuple[Bind, ...],
    ports: tuple[Port, ...],
    store: Store,
    runtime: Runtime,
) -> int:
    # The scratch directory, too: what the program makes there may be somebody's whom only this namespace knows.
    with store.in_use(), store.scratch() as directory, prepare(store, runtime).scope() as mounts:
        image = _find(store, identity)
        root = mounts.overlay(directories(store, image), directory / "root", directory / "upper")
        network = plan_network(ports, directory) if ports else None
        binds = (*network_binds(network.resolver if network else None), *volumes)
        process = _process(load_base(store.blobs, image).config, words, given, root)
        container = Container(
            directory=directory / container_name(directory.name), root=root, process=process, binds=binds
        )
        with places(root, [(process.directory, True), *targets_of(binds)]):
            return run_foreground(container, runtime, SystemRunner(), network)


def _find(store: Store, identity: str) -> Descriptor:
    image = Images(store.directory).find(identity)
    if image is None:
        raise ImageNotFoundError(f"the store {store.directory} has no image {identity}", hint="run the command again")
    return image


def _process(
    config: Mapping[str, object], words: tuple[str, ...], given: Mapping[str, str | None], root: Path
) -> Process:
    account = find_account(str(config.get("User") or "0"), root)
    variables = {"PATH": DEFAULT_PATH, "HOME": account.home, **environment_of(config)}
    terminal = terminal_size()
    if terminal:
        variables["TERM"] = os.environ.get("TERM", "xterm")
    return Process(
        arguments=(*_words(config, "Entrypoint"), *(words or _words(config, "Cmd"))),
        environment=tuple((name, value) for name, value in {**variables, **given}.items() if value is not None),
        directory=str(config.get("WorkingDir") or "/"),
        user=account.user,
        group=account.group,
        groups=account.groups,
        terminal=terminal,
    )


def _words(config: Mapping[str, object], name: str) -> tuple[str, ...]:
    found = config.get(name)
    return tuple(map(str, found)) if isinstance(found, list) else ()
