"""A copy of an input under a nonce, the changes made to it, and what its program must say afterwards.

Owns files below its root, and asks the machine's own cargo for lock files.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from benchmarks.failure import BenchmarkError
from benchmarks.inputs.input import NO_EXTRA, NONCE, PACKAGE, VERSION

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.inputs.input import Files, Input

_DEPENDENCY, _USE, _SAYS = 'hex = "0.4"', 'hex::encode("new")', "6e6577"


def lock_template(source: Input, directory: Path) -> Files:
    """Return the files of an input with a lock for them, which is made in `directory`."""
    files = source.make_files()
    write(directory, files)
    _lock(directory)
    return {**files, "Cargo.lock": (directory / "Cargo.lock").read_text()}


def write(root: Path, files: Files) -> None:
    for path, text in files.items():
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)


@dataclass(slots=True, kw_only=True)
class Crate:
    """`nonce` is in the name of each of its packages and of its image, and nowhere else."""

    source: Input
    nonce: str
    root: Path
    versions: dict[str, int] = field(default_factory=dict)
    bumps: int = 0
    has_extra: bool = False

    @classmethod
    def copy(cls, source: Input, files: Files, nonce: str, root: Path) -> Crate:
        write(root, {path: text.replace(NONCE, nonce) for path, text in files.items()})
        return cls(source=source, nonce=nonce, root=root, versions=dict.fromkeys(source.markers, 0))

    @property
    def package(self) -> str:
        return PACKAGE.replace(NONCE, self.nonce)

    @property
    def image(self) -> str:
        """The name its image has, whoever builds it."""
        return f"bench.invalid/{self.nonce}:latest"

    def edit(self, part: str) -> None:
        """Change one line of a part: the text that it has the program print."""
        before = self.versions[part]
        self._replace(self.source.markers[part], f'"{part}-{before}"', f'"{part}-{before + 1}"')
        self.versions[part] += 1

    def bump(self) -> None:
        """Give the program's package its next version."""
        self._replace(self.source.manifest, f'"{VERSION}{self.bumps}"', f'"{VERSION}{self.bumps + 1}"')
        self.bumps += 1
        self.lock()

    def add_dependency(self) -> None:
        """Let the program use a small crate that nothing used before."""
        self._replace(self.source.manifest, "\n[dependencies]\n", f"\n[dependencies]\n{_DEPENDENCY}\n")
        self._replace(self.source.markers["bin"], NO_EXTRA, _USE)
        self.has_extra = True
        self.lock()

    def lock(self) -> None:
        """Bring Cargo.lock up to what the manifests say, and no further."""
        _lock(self.root)

    def expected(self) -> str:
        """What the program has to answer to `marker`."""
        parts = [f"{part}-{number}" for part, number in self.versions.items()]
        return " ".join([*parts, f"v{VERSION}{self.bumps}", *([_SAYS] if self.has_extra else [])])

    def _replace(self, path: str, old: str, new: str) -> None:
        file = self.root / path
        text = file.read_text()
        if text.count(old) != 1:
            raise BenchmarkError(f"{path} of {self.source.name} has {old} not once", hint="see benchmarks/inputs")
        file.write_text(text.replace(old, new))


def _lock(root: Path) -> None:
    """Complete Cargo.lock, or make it, and leave alone what it already says of other packages."""
    argv = ["cargo", "update", "--workspace"]
    done = subprocess.run(argv, cwd=root, env=dict(os.environ), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BenchmarkError(f"cargo made no Cargo.lock in {root}", hint=done.stderr.strip()[-600:])
