"""The engine that is measured on: how it is called, and what was made in it. The only place that asks it anything."""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from benchmarks.dockerfiles import SECRET
from benchmarks.failure import BenchmarkError
from integration.bed import docker, newer_engine
from integration.driver.engine import Engine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ENGINES = ("own", "newer")
_CA_VARIABLES = ("CARGO_HTTP_CAINFO", "SSL_CERT_FILE")
_REMEDY = "python -m integration.bed"


@contextlib.contextmanager
def reach(name: str) -> Iterator[Bench]:
    """Yield an engine of the bed; the newer one is started if it does not run, and then stopped afterwards."""
    if not docker.answers():
        raise BenchmarkError("no Docker engine answers", hint=_REMEDY)
    own = Engine(name="own", host=os.environ.get("DOCKER_HOST"), address="127.0.0.1")
    if name == "own":
        yield Bench(engine=own)
        return
    ran = own.try_docker("ps", "--quiet", "--filter", f"name=^{newer_engine.NAME}$").stdout
    try:
        yield Bench(engine=Engine(name=name, host=newer_engine.ensure(), address=newer_engine.address()))
    finally:
        if not ran:
            newer_engine.stop()


@dataclass(slots=True, kw_only=True)
class Bench:
    """An engine, and the names and IDs of what was built in it."""

    engine: Engine
    made: set[str] = field(default_factory=set)

    @property
    def environment(self) -> dict[str, str]:
        """That of every build, whoever builds: cargo-stow has no attestations either."""
        return {**self.engine.environment, "DOCKER_BUILDKIT": "1", "BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}

    def docker(self, *words: str) -> str:
        done = self.engine.try_docker(*words)
        if done.returncode != 0:
            raise BenchmarkError(f"docker {' '.join(words)} failed: {done.stderr.strip()[-800:]}", hint=_REMEDY)
        return done.stdout.strip()

    def build_words(self, secret: str = SECRET) -> tuple[str, ...]:
        """Return the head of every build's command line; `secret` is the ID that the authorities' bundle goes by."""
        bundle = next(filter(None, map(self.environment.get, _CA_VARIABLES)), None)
        lent = ("--secret", f"id={secret},src={bundle}") if bundle else ()
        return ("docker", "buildx", "build", "--progress", "plain", "--load", *lent)

    def has(self, image: str) -> bool:
        return self.engine.image_id(image) is not None

    def answer(self, image: str) -> str:
        """Return what the program of an image answers to `marker`, and remember the image for `clean`."""
        self.made |= {image, self.engine.image_id(image) or image}
        return self.docker("run", "--rm", "--network", "none", image, "marker").strip()

    def clean(self) -> None:
        """Remove the images of copies; what builds keep to begin with stays, as nobody can tell whose it is."""
        for image in sorted(self.made):
            self.engine.try_docker("rmi", "--force", image)
        self.made.clear()

    def prune(self) -> None:
        """Empty the engine's build cache. Raises BenchmarkError for the machine's own engine, which others use."""
        if self.engine.name == "own":
            raise BenchmarkError("the build cache of the machine's own engine is not ours to prune", hint=_REMEDY)
        self.docker("builder", "prune", "--all", "--force")

    def describe(self) -> str:
        told = json.loads(self.docker("info", "--format", "{{json .}}"))
        return f"Docker {told['ServerVersion']}, {told['Driver']}, {told['NCPU']} cores"


def write_recipe(directory: Path, name: str, text: str, ignored: str = "**/target\n") -> Path:
    """Write a Dockerfile outside the crate it builds, so that it is in no one's context."""
    directory.mkdir(parents=True, exist_ok=True)
    file = directory / f"{name}.Dockerfile"
    file.write_text(text)
    file.with_name(f"{file.name}.dockerignore").write_text(ignored)
    return file
