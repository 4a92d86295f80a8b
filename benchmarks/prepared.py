"""What is made before anything is timed, so that no rival pays for it: the images that others start from, and the
counterpart of these that cargo-stow keeps in the engine, its stage `builder`.
"""

from __future__ import annotations

import hashlib
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks import dockerfiles
from benchmarks.engines import write_recipe
from benchmarks.failure import BenchmarkError
from benchmarks.inputs.input import BASE_IMAGE, Input
from benchmarks.measure import Command, run_timed

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.engines import Bench


@dataclass(frozen=True, slots=True, kw_only=True)
class Images:
    """What the Dockerfiles of an input start from, by name; `chef` is empty where nobody wants it."""

    builder: str
    chef: str
    runtime: str


def make_images(bench: Bench, source: Input, scratch: Path, *, with_chef: bool) -> Images:
    """Make those images of an input that the engine lacks; an image's tag says of which recipe it was made.

    `with_chef` is False where nobody wants cargo-chef, which takes minutes to compile.
    """
    for image in (BASE_IMAGE, dockerfiles.TOOLCHAIN):
        if not bench.has(image):
            raise BenchmarkError(f"the engine has no {image}", hint="python -m integration.bed")
    packages = (*dockerfiles.PACKAGES, *source.build_deps)
    builder = _make(bench, scratch, "bench-builder", dockerfiles.render_builder(packages))
    runtime = _make(bench, scratch, "bench-runtime", dockerfiles.render_runtime(source.runtime_deps))
    return Images(builder=builder, chef=_make_chef(bench, scratch, builder) if with_chef else "", runtime=runtime)


def _make_chef(bench: Bench, scratch: Path, builder: str) -> str:
    """Add cargo-chef to a builder; it is compiled in the builder without further packages, once for all inputs."""
    plain = _make(bench, scratch, "bench-builder", dockerfiles.render_builder(dockerfiles.PACKAGES))
    binary = _make(bench, scratch, "bench-chef-binary", dockerfiles.render_chef_binary(plain))
    return _make(bench, scratch, "bench-chef", dockerfiles.render_chef(builder, binary))


def _make(bench: Bench, scratch: Path, name: str, text: str) -> str:
    image = f"{name}:{hashlib.sha256(text.encode()).hexdigest()[:12]}"
    if not bench.has(image):
        recipe = write_recipe(scratch, image.replace(":", "-"), text, ignored="**\n")
        argv = (*bench.build_words(), "--tag", image, "--file", str(recipe), str(scratch))
        run_timed(Command(argv=argv, root=scratch, environment=bench.environment), scratch / f"{name}.log")
    return image


def chef_version(bench: Bench, images: Images) -> str:
    return bench.docker("run", "--rm", "--network", "none", images.chef, "cargo", "chef", "--version")


def tool_version(*argv: str) -> str:
    """Return the first line of what a program of this machine says of its version."""
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    return (done.stdout or done.stderr).strip().partition("\n")[0]
