"""Who builds: five ways to an image, and cargo on the machine itself. Each is a command line for a copy of a crate."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from benchmarks import dockerfiles
from benchmarks.engines import write_recipe
from benchmarks.failure import BenchmarkError
from benchmarks.inputs.input import BIN
from benchmarks.measure import Command

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.crate import Crate
    from benchmarks.engines import Bench
    from benchmarks.prepared import Images

HAND_WRITTEN = {"plain": dockerfiles.PLAIN, "chef": dockerfiles.CHEF, "mounts": dockerfiles.MOUNTS}
RIVALS = (*HAND_WRITTEN, "stow", "youki", "host")
BUILDX = "buildx"
"""The name in step `noop` of a bare build of the very Dockerfile that cargo-stow uses."""


class Rival(Protocol):
    def command(self, crate: Crate, caches: tuple[str, ...] = ()) -> Command:
        """Return how a crate is built; `caches` are options for caches that outlive the engine."""

    def answer(self, crate: Crate) -> str:
        """Return what the program that was built last answers to `marker`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _ImageBuilder:
    """What makes an image, in which the program is run."""

    bench: Bench

    def answer(self, crate: Crate) -> str:
        return self.bench.answer(crate.image)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dockerfile(_ImageBuilder):
    """A Dockerfile written by hand, built with buildx."""

    images: Images
    name: str

    def command(self, crate: Crate, caches: tuple[str, ...] = ()) -> Command:
        text = dockerfiles.render(
            HAND_WRITTEN[self.name], builder=self.images.builder, chef=self.images.chef, runtime=self.images.runtime,
            package=crate.package,
        )  # fmt: skip
        recipe = write_recipe(crate.root.with_name(f"{crate.root.name}.recipe"), self.name, text)
        return _buildx(self.bench, crate, recipe, (*self.bench.build_words(), *caches))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stow(_ImageBuilder):
    """`cargo-stow` of the environment that runs the benchmark."""

    def command(self, crate: Crate, caches: tuple[str, ...] = ()) -> Command:
        return _stow(crate, {**self.bench.environment, "CARGO_STOW_BACKEND": "docker"}, caches)


@dataclass(frozen=True, slots=True, kw_only=True)
class Youki:
    """`cargo-stow` without a daemon; it takes its base images from the engine, once."""

    bench: Bench
    store: Path

    @property
    def _environment(self) -> dict[str, str]:
        return {**self.bench.environment, "CARGO_STOW_BACKEND": "youki", "CARGO_STOW_STORE": str(self.store)}

    def command(self, crate: Crate, caches: tuple[str, ...] = ()) -> Command:
        return _stow(crate, self._environment, caches)

    def answer(self, crate: Crate) -> str:
        argv = [find_stow(), "run", "--quiet", "--package", crate.package, "--", "marker"]
        done = subprocess.run(
            argv, cwd=crate.root, env=self._environment, capture_output=True, text=True, check=False
        )  # fmt: skip
        if done.returncode != 0:
            raise BenchmarkError(
                f"{' '.join(argv)} failed: {done.stderr.strip()[-800:]}", hint="see the log of its build"
            )
        return done.stdout.strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Buildx(_ImageBuilder):
    """The Dockerfile that cargo-stow wrote for its last build, built without cargo-stow."""

    def command(self, crate: Crate, caches: tuple[str, ...] = ()) -> Command:
        # The platform's name is the last part of its own.
        (recipe,) = (crate.root / "target" / "stow").glob(f"{crate.package}.{BIN}.*.Dockerfile")
        return _buildx(self.bench, crate, recipe, (*self.bench.build_words("cargo-stow-ca"), *caches))


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """cargo on the machine itself: no image, and the target directory stays where it is."""

    bench: Bench

    def command(self, crate: Crate, caches: tuple[str, ...] = ()) -> Command:
        argv = ("cargo", "build", "--release", "--bin", BIN, "--target-dir", str(crate.root / "target"), *caches)
        return Command(argv=argv, root=crate.root, environment=dict(os.environ))

    def answer(self, crate: Crate) -> str:
        program = crate.root / "target" / "release" / BIN
        return subprocess.run([str(program), "marker"], capture_output=True, text=True, check=True).stdout.strip()


def make_rival(name: str, bench: Bench, images: Images, scratch: Path) -> Rival:
    """`scratch` is where a rival may keep what outlives its builds."""
    if name in HAND_WRITTEN:
        return Dockerfile(bench=bench, images=images, name=name)
    others: dict[str, Rival] = {
        "stow": Stow(bench=bench),
        "youki": Youki(bench=bench, store=scratch / "store"),
        "host": Host(bench=bench),
        BUILDX: Buildx(bench=bench),
    }
    return others[name]


def find_stow() -> str:
    """Return the path of `cargo-stow`. Raises BenchmarkError if it is not installed beside this Python."""
    found = shutil.which("cargo-stow", path=str(Path(sys.executable).parent))
    if found is None:
        raise BenchmarkError(f"there is no cargo-stow beside {sys.executable}", hint="pip install -e .")
    return found


def _stow(crate: Crate, environment: Mapping[str, str], caches: tuple[str, ...]) -> Command:
    locked = ("--locked",) if (crate.root / "Stow.lock").is_file() else ()
    argv = (find_stow(), "build", "--package", crate.package, *locked, *caches)
    return Command(argv=argv, root=crate.root, environment=environment)


def _buildx(bench: Bench, crate: Crate, recipe: Path, words: tuple[str, ...]) -> Command:
    argv = (*words, "--tag", crate.image, "--file", str(recipe), str(crate.root))
    return Command(argv=argv, root=crate.root, environment=bench.environment)
