"""What an engine is told of registries, for those requests to them that it has no part in."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from cargo_stow.oci.registry.configuration import load_configuration

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from cargo_stow.oci.registry.mirrors import Configuration


class _Engine(Protocol):
    def insecure_registries(self) -> Collection[str]: ...


def configured_by(engine: _Engine) -> Callable[[str, Mapping[str, str]], Configuration]:
    """Return what reads the configuration of a registry: this machine's, and that an engine pushes there without TLS.

    A table of registries.conf for that registry goes before. Source: Docker's daemon.json, `insecure-registries`.
    """

    def load(registry: str, environment: Mapping[str, str]) -> Configuration:
        found = load_configuration(registry, environment)
        if registry not in engine.insecure_registries():
            return found
        return replace(found, registries=[{"location": registry, "insecure": True}, *found.registries])

    return load
