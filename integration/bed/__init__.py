"""The bed: what the integration suite stands on, made from the machine's own packages where nothing can be pulled.

Owns the engine's presence, buildx, base and toolchain images, the registry's image and the newer engine. It must not
import cargo_stow: the bed has to be there before the program it tests, and runs on a bare Python.
Run it as `python -m integration.bed [step...]`; every step is idempotent.
"""

from __future__ import annotations
