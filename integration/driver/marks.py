"""Which engines a test needs: two by default; one where the engine's version cannot matter, the less busy of them."""

from __future__ import annotations

import pytest

own_engine_only = pytest.mark.parametrize("engine", ["own"], indirect=True, scope="session")
newer_engine_only = pytest.mark.parametrize("engine", ["newer"], indirect=True, scope="session")
