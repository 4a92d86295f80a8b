"""Ports of a container on this machine, as `docker run --publish` has them. Pure."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from cargo_stow.errors import UsageError

_FORM = re.compile(
    r"(?:(?:(?P<address>\[[^]]*\]|[^][:]*):)?(?P<host>[0-9-]*):)?(?P<inside>[0-9]+(?:-[0-9]+)?)(?:/(?P<protocol>\w+))?",
    re.ASCII,
)
_HINT = "as 9000:8080, 127.0.0.1:9000:8080, 8000-8009:8000-8009; of 8080 alone, a free port is taken"
_LAST = (1 << 16) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """A port inside, and where it is on this machine: `host` 0 is any that is free, an empty `address` every one."""

    inside: int
    host: int = 0
    address: str = ""

    @property
    def place(self) -> str:
        """Where it is reached, as it is written in addresses."""
        address = f"[{self.address}]" if ":" in self.address else self.address or "0.0.0.0"  # noqa: S104 - as Docker
        return f"{address}:{self.host}"


def parse_ports(text: str) -> tuple[Port, ...]:
    """Read what one `--publish` says, a port or a range. Raises UsageError."""
    found = _FORM.fullmatch(text)
    if not found:
        raise UsageError(f"--publish {text}: expected [[ADDRESS:][PORT]:]PORT[/tcp]", hint=_HINT)
    if (found["protocol"] or "tcp").lower() != "tcp":
        # pasta of Debian 12 passes datagrams in, and no answer out.
        raise UsageError(
            f"--publish {text}: without a daemon only ports of tcp are published",
            hint="without --publish the program has this machine's network; or take --backend docker",
        )
    inside = _range(found["inside"], text)
    host = _range(found["host"], text) if found["host"] else [0] * len(inside)
    if len(host) != len(inside):
        raise UsageError(f"--publish {text}: {len(host)} ports here for {len(inside)} inside", hint=_HINT)
    address = _address(found["address"] or "", text)
    return tuple(Port(inside=there, host=here, address=address) for here, there in zip(host, inside, strict=True))


def _range(text: str, whole: str) -> list[int]:
    first, dash, last = text.partition("-")
    ends = [int(each) if each.isdecimal() else 0 for each in ((first, last) if dash else (first, first))]
    if not 0 < ends[0] <= ends[1] <= _LAST:
        raise UsageError(f"--publish {whole}: {text} is no port, or range of ports", hint=f"from 1 to {_LAST}")
    return list(range(ends[0], ends[1] + 1))


def _address(text: str, whole: str) -> str:
    if not text:
        return ""
    try:
        return str(ipaddress.ip_address(text.strip("[]")))
    except ValueError as error:
        raise UsageError(f"--publish {whole}: {text} is no address of this machine", hint="as 127.0.0.1") from error
