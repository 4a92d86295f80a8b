"""What an image without a distribution cannot have: a shell, variables of a base, files that are not root's. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from cargo_stow.errors import UsageError
from cargo_stow.image_values import Variable
from cargo_stow.settings.grammar import AUTO

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cargo_stow.image_values import Asset, Healthcheck

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Where programs are looked for in an image that has no base to say it: as Docker has it, and every base here."""

_SHELL = "/bin/sh"
_ROOT = frozenset({"0", "root"})


def check_minimal(values: Mapping[str, object], origins: Mapping[str, str]) -> None:
    """Raise UsageError for what only a whole distribution gives to an image, where it is not to have one."""
    for key, what, instead in _unfit(values) if values["minimal"] else ():
        raise UsageError(
            f"{origins[key]}: {what}, and with `minimal` ({origins['minimal']}) the image has none",
            hint=f"{instead}, or leave `minimal` out",
        )


def _unfit(values: Mapping[str, object]) -> Iterator[tuple[str, str, str]]:
    """Keys, what each wants, and what can be said instead."""
    check = cast("Healthcheck | None", values["healthcheck"])
    # A package may bring a shell; who names it, knows.
    if check and check.command[:1] == (_SHELL,) and set(cast("tuple[str, ...]", values["runtime_deps"])) <= {AUTO}:
        yield "healthcheck", "the health check is a line for a shell", "write it as an array of words"
    for name, parts in cast("tuple[tuple[str, tuple[str | Variable, ...]], ...]", values["env"]):
        for part in parts:
            if isinstance(part, Variable) and part.name != "PATH":
                yield f"env.{name}", f"it refers to ${part.name}, a variable of the base", "write its value"
    for asset in cast("tuple[Asset, ...]", values["assets"]):
        if not set(asset.owner.split(":")) <= _ROOT:
            owner = f"{asset.source} is to be {asset.owner}'s, a user of the base"
            yield "assets", owner, "let root own it, with a `mode` that lets others read it"
