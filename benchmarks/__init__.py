"""How long builds take: the same crates built by cargo-stow, by other ways to make an image, and by cargo alone.

Owns what is measured, in which order, and how the figures are shown. It starts `cargo-stow` as a user's shell does and
must not import cargo_stow. It is no test: nothing here has a limit of time, and no figure makes it fail.
"""

from __future__ import annotations
