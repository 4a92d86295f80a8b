"""A network namespace with a way out and published ports, by pasta: no daemon, no bridge, no rules for packets.

Source: passt(1). It moves connections between sockets of this machine and an interface in the namespace.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from cargo_stow.errors import RuntimeFailedError
from cargo_stow.sandbox.holding import hold

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cargo_stow.process import Runner
    from cargo_stow.sandbox.ports import Port

RESOLVER = "/etc/resolv.conf"
_TUN = "/dev/net/tun"
# A link-local address that pasta passes on to this machine's resolver, where that listens on loopback only.
_FORWARDED = "169.254.1.1"
# As root it would become nobody, who may not enter the namespace. The gateway's address, which it would take for this
# machine's loopback, and ports of this machine's loopback stay out of reach.
_OPTIONS = ("--runas", "0:0", "--config-net", "--quiet", "--no-map-gw", "--tcp-ns", "none", "--udp-ns", "none")


@contextlib.contextmanager
def published(network: Network, namespace: str, directory: Path, runner: Runner) -> Iterator[None]:
    """Give a network namespace, by its path, addresses, a way out and ports of this machine, in this block.

    It ends with us, too. `directory` is one for files. Raises RuntimeFailedError, which names a port that is taken,
    and ToolMissingError.
    """
    ports = [_choose(port) for port in network.ports]
    options = [*_OPTIONS, *_options(ports, forwards=network.forwards)]
    # It has the file open, which is no mount any more when it has ended.
    with _bound(namespace, directory / "network", runner) as path, hold() as processes:
        # In a process namespace of its own it ends with that, and no program of the container sees it.
        command = ["nsenter", f"--pid={processes.processes}", "pasta", *options, "--netns", path]
        result = runner.capture(command)
        if result.code != 0:
            said = [line for line in result.stderr.splitlines() if "syslog" not in line]
            raise RuntimeFailedError(
                f"pasta gives the container no network for {', '.join(port.place for port in ports)}",
                hint=f"{_advice()}; without --publish the program has this machine's network",
                detail="\n".join(said),
            )
        yield


def _advice() -> str:
    if os.access(_TUN, os.R_OK | os.W_OK):
        return "try `pasta --config-net true`"
    return f"only root may open {_TUN} here; as root: `chmod 666 {_TUN}`, as udev has it elsewhere"


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """What a container with a network of its own is told: its ports, and the file that says where names are asked for.

    `forwards` is whether that is an address which stands for this machine's resolver.
    """

    ports: tuple[Port, ...]
    resolver: Path
    forwards: bool = False


def plan_network(ports: tuple[Port, ...], directory: Path) -> Network:
    """Choose the name servers of such a namespace, where loopback is another. Raises OSError."""
    lines = Path(RESOLVER).read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    kept = [line for line in lines if not _is_local(line)]
    if kept == lines:
        return Network(ports=ports, resolver=Path(RESOLVER))
    forwards = not any(map(_server, kept))
    made = directory / "resolv.conf"
    added = [f"nameserver {_FORWARDED}"] if forwards else []
    made.write_text("\n".join([*kept, *added, ""]), encoding="utf-8", errors="surrogateescape")
    made.chmod(0o644)
    return Network(ports=ports, resolver=made, forwards=forwards)


def _server(line: str) -> str:
    """The name server of a line of resolv.conf(5), if it has one."""
    words = line.split()
    return words[1] if len(words) > 1 and words[0] == "nameserver" else ""


def _is_local(line: str) -> bool:
    return _server(line).startswith(("127.", "::1"))


def _options(ports: Sequence[Port], *, forwards: bool) -> Iterator[str]:
    if forwards:  # Only then: with it, pasta of 2023 passes on nothing to any other name server.
        yield from ("--dns-forward", _FORWARDED)
    yield from ("--udp-ports", "none")
    for port in ports:
        yield from ("--tcp-ports", f"{f'{port.address}/' if port.address else ''}{port.host}:{port.inside}")


@contextlib.contextmanager
def _bound(namespace: str, file: Path, runner: Runner) -> Iterator[str]:
    """Bind a namespace to a file: its holder's own pasta may not read, since that has more privileges."""
    file.touch()
    result = runner.capture(["mount", "--bind", namespace, str(file)])
    if result.code != 0:
        raise RuntimeFailedError("cannot mount a network namespace", detail=result.stderr.strip())
    try:
        yield str(file)
    finally:
        runner.capture(["umount", str(file)])


def _choose(port: Port) -> Port:
    """Return a port that is free, the same one if it says which; pasta takes it an instant later."""
    with _socket(port) as found:
        try:
            found.bind((port.address, port.host))
        except OSError as error:
            raise RuntimeFailedError(
                f"cannot publish {port.place}/tcp: {error.strerror}",
                hint=f"see who has it: `ss -lp sport = :{port.host}`; or take another: --publish {port.inside}",
            ) from error
        chosen = replace(port, host=found.getsockname()[1])
    if not port.host:
        print(f"   Publishing {chosen.place} for port {port.inside}/tcp", file=sys.stderr, flush=True)
    return chosen


def _socket(port: Port) -> socket.socket:
    is_new = ":" in port.address or (not port.address and socket.has_dualstack_ipv6())
    found = socket.socket(socket.AF_INET6 if is_new else socket.AF_INET)
    if is_new and not port.address:
        found.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # One whose last connection is not long ago is free.
    return found
