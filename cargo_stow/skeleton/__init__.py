"""The dependency layer's input: manifests and lock without what no dependency depends on, and stubs for sources. Pure.

A build of it compiles every dependency as the real build will want it, and changes only when dependencies do: not with
versions, metadata, sources, or members that are not reached. It seeds a cache, so what it leaves out costs time, never
the truth: the real build goes by the real manifests and `--locked`.
"""

from __future__ import annotations

from cargo_stow.skeleton.layout import make_skeleton

__all__ = ["make_skeleton"]
