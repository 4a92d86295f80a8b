"""Registries without TLS: what the engine pushes to so is asked so by our own client, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cargo_stow.backends.engine_registries import configured_by
from cargo_stow.oci.registry.mirrors import find_endpoints
from cargo_stow.reference import parse_reference
from tests.backends.stub_engine import StubEngine

if TYPE_CHECKING:
    from pathlib import Path

INSECURE = StubEngine(insecure=frozenset({"registry.example.org:5000"}))


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "registries.conf").touch()
    return {"HOME": str(tmp_path), "CONTAINERS_REGISTRIES_CONF": str(tmp_path / "registries.conf")}


@pytest.mark.parametrize(
    ("name", "schemes"),
    [("registry.example.org:5000/web:1", ("https", "http")), ("registry.example.org/web:1", ("https",))],
)
def test_what_the_engine_is_told(environment: dict[str, str], name: str, schemes: tuple[str, ...]) -> None:
    reference = parse_reference(name)
    [own] = find_endpoints(reference, configured_by(INSECURE)(reference.registry, environment))
    assert own.host.schemes == schemes


def test_registries_conf_goes_before(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "registries.conf").write_text('[[registry]]\nlocation = "registry.example.org:5000"\n')
    reference = parse_reference("registry.example.org:5000/web:1")
    [own] = find_endpoints(reference, configured_by(INSECURE)(reference.registry, environment))
    assert own.host.schemes == ("https",)
