from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cargo_stow.errors import UsageError
from cargo_stow.manifest import ToolchainFile
from cargo_stow.settings.toolchain import DEFAULT_CHANNEL, Toolchain, choose_toolchain
from cargo_stow.toolchain import possible_references, toolchain_reference

if TYPE_CHECKING:
    from cargo_stow.model import PackageManager

DIGEST = "sha256:" + "a" * 64
DEFAULT = f"rust:{DEFAULT_CHANNEL}-slim"


def file(channel: str | None = None, components: tuple[str, ...] = (), targets: tuple[str, ...] = ()) -> ToolchainFile:
    return ToolchainFile(file=Path("/f/rust-toolchain.toml"), channel=channel, components=components, targets=targets)


def image(toolchain: Toolchain, manager: PackageManager = "apt") -> str:
    return str(toolchain_reference(toolchain, manager, "x"))


@pytest.mark.parametrize(
    ("text", "slim", "alpine"),
    [
        ("1.90", "rust:1.90-slim", "rust:1.90-alpine"),
        ("1.90.1", "rust:1.90.1-slim", "rust:1.90.1-alpine"),
        ("stable", "rust:1-slim", "rust:1-alpine"),
        ("nightly", "rustlang/rust:nightly-slim", "rustlang/rust:nightly-alpine"),
        ("rust:1.90", "rust:1.90", "rust:1.90"),
        ("registry.example.org:5000/rust:1", "registry.example.org:5000/rust:1", "registry.example.org:5000/rust:1"),
        (f"rust@{DIGEST}", f"rust@{DIGEST}", f"rust@{DIGEST}"),
        ("localhost:5000/rust:1-bookworm", "localhost:5000/rust:1-bookworm", "localhost:5000/rust:1-bookworm"),
        # rustup itself is the newest we know.
        ("rustup", DEFAULT, f"rust:{DEFAULT_CHANNEL}-alpine"),
        ("beta", DEFAULT, f"rust:{DEFAULT_CHANNEL}-alpine"),
        ("nightly-2026-01-01", DEFAULT, f"rust:{DEFAULT_CHANNEL}-alpine"),
        ("base", "None", "None"),
    ],
)
def test_which_image_lends_a_toolchain_to_which_family(text: str, slim: str, alpine: str) -> None:
    toolchain = choose_toolchain(text, None)
    assert {image(toolchain, manager) for manager in ("apt", "dnf", "microdnf")} == {slim}
    assert image(toolchain, "apk") == alpine
    assert {str(each) for each in possible_references(toolchain)} == {slim, alpine} - {"None"}


@pytest.mark.parametrize(("text", "managers"), [("apt", {"apt"}), ("apk", {"apk"}), ("dnf", {"dnf", "microdnf"})])
def test_packages_of_another_distribution(text: str, managers: set[PackageManager]) -> None:
    every: tuple[PackageManager, ...] = ("apt", "apk", "dnf", "microdnf")
    toolchain = choose_toolchain(text, None)
    assert possible_references(toolchain) == frozenset()
    for manager in every:
        if manager in managers:
            assert toolchain_reference(toolchain, manager, "Cargo.toml toolchain") is None
            continue
        with pytest.raises(UsageError, match=rf"^Cargo.toml toolchain: .* `{text}` .* has {manager}$") as caught:
            toolchain_reference(toolchain, manager, "Cargo.toml toolchain")
        assert f'toolchain = "{"dnf" if manager == "microdnf" else manager}"' in caught.value.hint


@pytest.mark.parametrize("channel", ["1.90", "stable", "nightly", "1.90-x86_64-unknown-linux-gnu", None])
def test_a_file_for_which_there_is_an_image(channel: str | None) -> None:
    """What only developers use is left out, and so is the host, which the image's platform says."""
    wanted = file(channel, components=("rustfmt", "clippy", "rust-analyzer", "rust-std"))
    plain = (channel or DEFAULT_CHANNEL).removesuffix("-x86_64-unknown-linux-gnu")
    assert choose_toolchain(None, wanted).source == "channel"
    assert image(choose_toolchain(None, wanted)) == image(choose_toolchain(plain, None))


@pytest.mark.parametrize(
    ("wanted", "channel", "components", "targets"),
    [
        (file("beta"), "beta", (), ()),
        (file("beta-2026-01-01"), "beta-2026-01-01", (), ()),
        (file("nightly-2026-01-01"), "nightly-2026-01-01", (), ()),
        (file("stable-2026-01-01-aarch64-unknown-linux-gnu"), "stable-2026-01-01", (), ()),
        (file("1.90.0-beta"), "1.90.0-beta", (), ()),
        (file("1.90.0-beta.2-x86_64-unknown-linux-gnu"), "1.90.0-beta.2", (), ()),
        (file("1.90", targets=("wasm32-wasip1",)), "1.90", (), ("wasm32-wasip1",)),
        (file("1.90", components=("llvm-tools", "clippy", "rust-src")), "1.90", ("llvm-tools",), ()),
        (file("nightly", components=("rust-src", "rustfmt")), "nightly", ("rust-src",), ()),
        (file(None, targets=("b", "a", "b")), DEFAULT_CHANNEL, (), ("a", "b")),
    ],
)
def test_a_file_for_which_there_is_none(
    wanted: ToolchainFile, channel: str, components: tuple[str, ...], targets: tuple[str, ...]
) -> None:
    found = choose_toolchain(None, wanted)
    assert (found.source, found.channel, found.components, found.targets) == ("rustup", channel, components, targets)
    assert image(found) == DEFAULT


def test_rustup_installs_what_the_file_says_and_another_choice_does_not() -> None:
    wanted = file("1.80", components=("clippy", "llvm-tools"), targets=("a",))
    asked = choose_toolchain("rustup", wanted)
    assert (asked.channel, asked.components, asked.targets) == ("1.80", ("llvm-tools",), ("a",))
    assert choose_toolchain("rustup", None).channel == DEFAULT_CHANNEL
    assert choose_toolchain("1.90", wanted) == choose_toolchain("1.90", None)
