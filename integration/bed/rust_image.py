"""`rust:<version>` and its usual tags, made from this machine's own toolchain in the layout of the official image.

As the official slim image it stands on bookworm with gcc and libc6-dev, and has rustc, cargo and rust-std alone. Unlike
it, the tags without `-slim` name the same image: there are no extra libraries, no git and no curl in them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from integration.bed import docker, process, scratch, toolchain
from integration.bed.failure import BedError

if TYPE_CHECKING:
    from integration.bed.toolchain import Toolchain

_CONTEXT = Path(__file__).parent / "contexts" / "rust"


def names(version: str | None) -> list[str]:
    """Return the image's names for a release ("1.95.0"), the first for the check; without one, the moving names."""
    tags = ["1", "latest"]
    if version is not None:
        tags += [version, version.rpartition(".")[0]]
    slim = ["slim" if tag == "latest" else f"{tag}-slim" for tag in tags]
    return [f"rust:{tag}" for tag in [*slim, *tags]]


def make(found: Toolchain) -> None:
    """Make the image under all its names and try it once; BedError if the engine refuses or cargo does not run."""
    with scratch.directory() as context:
        toolchain.pack(found, context / "toolchain.tar")
        docker.build(
            context,
            dockerfile=_CONTEXT / "Dockerfile",
            tags=names(found.version),
            arguments={"RUST_VERSION": found.version},
        )
    _check(found)


def _check(found: Toolchain) -> None:
    run = ["docker", "run", "--rm", "--network=none", names(None)[0]]
    said = process.run([*run, "cargo", "--version"], doing="running cargo in the toolchain image")
    said += process.run([*run, "rustc", "-vV"], doing="running rustc in the toolchain image")
    if not said.startswith(f"cargo {found.version}") or f"release: {found.version}" not in said:
        raise BedError(f"the toolchain image is not {found.version}: {said}", hint="docker rmi rust:1-slim, and again")
