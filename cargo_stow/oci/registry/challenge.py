"""The `WWW-Authenticate` header: which schemes a registry offers, with what parameters. Pure.

Source: RFC 9110, sections 11.2 to 11.6; distribution's "Token Authentication Specification". Parameters may come in any
order, quoted or not, and several challenges may stand in one header, as requests joins repeated headers with commas.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105
_PARAMETER = re.compile(rf'\s*({_TOKEN})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))\s*')
_SCHEME = re.compile(rf"\s*({_TOKEN})(?:\s+|$|(?=,))")
_ESCAPED = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """One way to log in. `scheme` is in lower case; `realm` the address that gives tokens, for `bearer`."""

    scheme: str
    realm: str = ""
    service: str = ""
    scopes: tuple[str, ...] = ()


def parse_challenges(header: str) -> tuple[Challenge, ...]:
    """Read the header. What cannot be understood is passed over: the rest may be enough."""
    found: list[tuple[str, dict[str, str]]] = []
    position = 0
    while position < len(header):
        parameter = _PARAMETER.match(header, position)
        scheme = None if parameter else _SCHEME.match(header, position)
        if parameter and found:
            found[-1][1].setdefault(parameter[1].lower(), _value(parameter))
        elif scheme:
            found.append((scheme[1].lower(), {}))
        matched = parameter or scheme
        position = matched.end() if matched else position + 1
    return tuple(_make(scheme, parameters) for scheme, parameters in found)


def _value(parameter: re.Match[str]) -> str:
    return _ESCAPED.sub(r"\1", parameter[2]) if parameter[2] is not None else parameter[3]


def _make(scheme: str, parameters: dict[str, str]) -> Challenge:
    return Challenge(
        scheme=scheme,
        realm=parameters.get("realm", ""),
        service=parameters.get("service", ""),
        scopes=tuple(parameters.get("scope", "").split()),
    )
