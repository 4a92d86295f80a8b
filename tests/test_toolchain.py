from __future__ import annotations

import pytest

from cargo_stow.errors import UsageError
from cargo_stow.settings.keys import DEFAULT_CHANNEL
from cargo_stow.toolchain import toolchain_reference

DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("toolchain", "image"),
    [
        ("1.90", "rust:1.90-slim"),
        ("1.90.1", "rust:1.90.1-slim"),
        ("1.90-x86_64-unknown-linux-gnu", "rust:1.90-slim"),
        ("stable", "rust:1-slim"),
        ("stable-aarch64-unknown-linux-gnu", "rust:1-slim"),
        ("nightly", "rustlang/rust:nightly-slim"),
        ("nightly-x86_64-unknown-linux-gnu", "rustlang/rust:nightly-slim"),
        (DEFAULT_CHANNEL, f"rust:{DEFAULT_CHANNEL}-slim"),
        ("rust:1.90", "rust:1.90"),
        ("registry.example.org:5000/rust", "registry.example.org:5000/rust:latest"),
        (f"rust@{DIGEST}", f"rust@{DIGEST}"),
        ("localhost:5000/rust:1-bookworm", "localhost:5000/rust:1-bookworm"),
    ],
)
def test_which_image_lends_a_toolchain(toolchain: str, image: str) -> None:
    assert str(toolchain_reference(toolchain, "x")) == image


@pytest.mark.parametrize(
    "toolchain",
    ["beta", "beta-2026-01-01", "nightly-2026-01-01", "stable-2026-01-01", "1.90.0-beta", "1.90.0-beta.2",
     "beta-x86_64-unknown-linux-gnu"],
)  # fmt: skip
def test_a_channel_that_no_image_holds(toolchain: str) -> None:
    with pytest.raises(
        UsageError, match=rf"^/f/rust-toolchain: no published image holds the toolchain `{toolchain}`"
    ) as caught:
        toolchain_reference(toolchain, "/f/rust-toolchain")
    assert "toolchain =" in caught.value.hint
