"""A newer Docker engine, with the containerd image store, beside the machine's own: in a container on its bridge.

How things are reached, for both engines see different loopbacks:
* the newer engine from here: the DOCKER_HOST that `ensure` returns (a port on loopback that the own engine chose);
* a registry published by the own engine, from the newer one: `127.0.0.1:<port>/name`, the same reference as here, once
  `lend(port)` was called;
* a port that the newer engine publishes on all addresses (`-p 8080:80`), from here: `http://<address()>:8080`. What it
  publishes on 127.0.0.1 is on its own loopback: reach it by `docker exec stow-engine-newer`.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from integration.bed import docker, images, process
from integration.bed.failure import BedError
from integration.bed.progress import step

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "stow-engine-newer"
"""The name of its container, and of the volume that keeps its images from one run to the next."""

IMAGE = f"stow-engine:{docker.VERSION}"
"""The image that the container is made from."""

_CONTEXT = Path(__file__).parent / "contexts" / "engine"
_TRIES = 75
_PORT = "2375/tcp"
# Not --privileged: that is refused where the machine's root lacks a capability itself.
_RIGHTS = ("--cap-add=SYS_ADMIN", "--cap-add=NET_ADMIN", "--security-opt=seccomp=unconfined")
_VOLUMES = ("--volume=/sys/fs/cgroup:/sys/fs/cgroup", f"--volume={NAME}:/var/lib/docker")


def ensure() -> str:
    """Make the engine run with the images of the bed in it, and return its DOCKER_HOST; needs `images`.

    Raises BedError if it cannot be built, does not start or does not take the images.
    """
    with step("newer-engine"):
        if docker.missing([IMAGE]):
            docker.build(_CONTEXT, dockerfile=_CONTEXT / "Dockerfile", tags=[IMAGE])
        if not _runs():
            _start()
        host = _host()
        if not docker.wait_until_it_answers(host, tries=_TRIES):
            raise BedError(f"the engine in the container {NAME} does not answer", hint=f"docker logs {NAME}")
        _fill(host)
    return host


@contextmanager
def running() -> Iterator[str]:
    """Yield the DOCKER_HOST of the engine and stop it afterwards; its images stay in its volume."""
    try:
        yield ensure()
    finally:
        stop()


def stop() -> None:
    """Remove the engine's container, if there is one; the volume with its images stays."""
    process.attempt(["docker", "rm", "--force", NAME])


def address() -> str:
    """Return the IP address of the running engine, where the ports it publishes are reached from this machine."""
    return _bridge_address(_inspect(NAME))


def lend(port: int) -> None:
    """Let 127.0.0.1:`port` in the newer engine lead to the container that the own engine publishes there.

    So one reference, `127.0.0.1:<port>/name`, means the same registry to both. Again is fine, also for another
    container. BedError if nothing is published on `port`, or not from the default bridge.
    """
    found = process.run(["docker", "ps", "--quiet", "--filter", f"publish={port}/tcp"], doing="asking who has the port")
    if not found:
        raise BedError(f"no container publishes port {port}", hint="docker ps, or start integration/docker-compose.yml")
    published = _inspect(found.split()[0])
    target = f"{_bridge_address(published)}:{_inner_port(published, port)}"
    process.run(["docker", "exec", "--detach", NAME, "lend-port", str(port), target], doing=f"lending port {port}")
    knock = ["docker", "exec", NAME, "socat", "-u", "OPEN:/dev/null", f"TCP:127.0.0.1:{port},retry=50,interval=0.1"]
    process.run(knock, doing=f"reaching port {port} from the newer engine")


def _runs() -> bool:
    """Whether the container runs, and was made from today's image."""
    state = process.attempt(["docker", "container", "inspect", "--format", "{{.State.Running}} {{.Image}}", NAME])
    image = process.attempt(["docker", "image", "inspect", "--format", "{{.Id}}", IMAGE])
    return state.ok and state.out.split() == ["true", image.out.strip()]


def _start() -> None:
    stop()  # a stopped one too: its pid files would stop a second start
    publish = f"--publish=127.0.0.1::{_PORT}"
    argv = ["docker", "run", "--detach", "--name", NAME, *_RIGHTS, *_VOLUMES, publish, IMAGE]
    process.run(argv, doing="starting the newer engine")


def _fill(host: str) -> None:
    """Load those images of the bed that the engine lacks, or has with other layers."""
    names = images.names()
    if docker.layers(names, host) == docker.layers(names):
        return
    absent = [name for name in names if docker.layers([name], host) != docker.layers([name])]
    with step(f"newer-engine: load {', '.join(absent)}"):
        process.pipe(["docker", "save", *absent], [*docker.client(host), "load"], doing="loading images")


def _host() -> str:
    published = _ports(_inspect(NAME)).get(_PORT) or []
    if not published:
        raise BedError(f"the container {NAME} does not run: its engine ended", hint=f"docker logs {NAME}")
    return f"tcp://127.0.0.1:{published[0]['HostPort']}"


def _inspect(container: str) -> dict[str, Any]:
    text = process.run(["docker", "container", "inspect", container], doing=f"looking at the container {container}")
    described: dict[str, Any] = json.loads(text)[0]
    return described


def _ports(container: dict[str, Any]) -> dict[str, list[dict[str, str]]]:
    """Return container port ("5000/tcp") → where it is published, for those that are."""
    return {inside: outside for inside, outside in container["NetworkSettings"]["Ports"].items() if outside}


def _inner_port(container: dict[str, Any], port: int) -> str:
    """Return the container's own port ("5000") that is published as `port`."""
    found = [inside for inside, places in _ports(container).items() if str(port) in [p["HostPort"] for p in places]]
    return found[0].partition("/")[0]


def _bridge_address(container: dict[str, Any]) -> str:
    bridge = container["NetworkSettings"]["Networks"].get("bridge")
    if not bridge:
        raise BedError(f"{container['Name']} is not on the default bridge", hint="network_mode: bridge, as ours have")
    return str(bridge["IPAddress"])
