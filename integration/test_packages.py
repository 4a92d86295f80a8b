"""The packages that `init` proposes exist in the Debian releases they are proposed for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cargo_stow.propose.bases import system_of
from cargo_stow.propose.catalog import CRATES
from cargo_stow.propose.native import TOOLS
from cargo_stow.reference import parse_reference

if TYPE_CHECKING:
    from integration.driver.engine import Engine


@pytest.mark.parametrize("base", ["debian:bookworm-slim", "debian:trixie-slim"])
def test_debian_has_every_package(own_engine: Engine, base: str) -> None:
    system = system_of(parse_reference(base))
    entries = (*CRATES.values(), *TOOLS.values())
    names = sorted({name for each in entries for name in (*each.build(system), *each.runtime(system))})
    script = f"apt-get update --quiet=2 && apt-cache show {' '.join(names)} | sed -n 's/^Package: //p'"
    found = own_engine.docker("run", "--rm", base, "sh", "-c", script).split()
    assert set(names) - set(found) == set()
