"""What an input is: files, and where in them the steps make their changes. Pure.

Every package has `NONCE` in its name, which a copy replaces by a text of its own: so nothing that was ever compiled of
another copy is in any cache. Every program answers the argument `marker` with the texts that the changes alter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Files = dict[str, str]

NONCE = "nonce0"
PACKAGE = f"bench-{NONCE}-app"
"""The package that goes into the image; its executable is `BIN`."""

BIN = "app"
EXECUTABLE = f'[[bin]]\nname = "{BIN}"\npath = "src/main.rs"\n'
BASE_IMAGE = "debian:bookworm-slim"
VERSION = "0.1."
"""A package's version without its last number, which is 0 at first."""

NO_EXTRA = "String::new()"
"""In the program's main.rs: what stands where the new dependency is called once there is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """`markers` are part → the file with its text, `"<part>-0"` at first, in the order in which the program prints."""

    name: str
    make_files: Callable[[], Files]
    manifest: str
    markers: Mapping[str, str]
    build_deps: tuple[str, ...] = ()
    runtime_deps: tuple[str, ...] = ()


def manifest(name: str, dependencies: Mapping[str, str], *, more: str = "") -> str:
    """Return a Cargo.toml; `dependencies` are name → what stands behind the `=`."""
    lines = "".join(f"{key} = {value}\n" for key, value in dependencies.items())
    return (
        f'[package]\nname = "bench-{NONCE}-{name}"\nversion = "{VERSION}0"\nedition = "2021"\npublish = false\n'
        f"{more}\n[dependencies]\n{lines}"
    )


def program_manifest(
    dependencies: Mapping[str, str], build_deps: tuple[str, ...] = (), runtime_deps: tuple[str, ...] = ()
) -> str:
    """Return the Cargo.toml of the package that goes into the image."""
    return manifest("app", dependencies, more=f"\n{EXECUTABLE}{container_section(build_deps, runtime_deps)}")


def container_section(build_deps: tuple[str, ...] = (), runtime_deps: tuple[str, ...] = ()) -> str:
    return (
        f'\n[package.metadata.container]\nbase_image = "{BASE_IMAGE}"\n'
        f'target_image = "bench.invalid/{NONCE}:latest"\n'
        f"build_deps = {list(build_deps)}\nruntime_deps = {list(runtime_deps)}\n"
    )


def path_dependencies(names: tuple[str, ...], beside: str = "..") -> dict[str, str]:
    """Return the dependencies on other packages of the input, as `manifest` takes them."""
    return {f"bench-{NONCE}-{name}": f'{{ path = "{beside}/{name}" }}' for name in names}
