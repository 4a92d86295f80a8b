"""What the tests drive: engines, registries, and `cargo-stow` itself as a user's shell starts it.

Owns processes and what they leave behind. Must not import cargo_stow: the suite meets it only from outside.
"""

from __future__ import annotations
