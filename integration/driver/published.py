"""Published crates, unpacked as the registry has them: cargo fetches, and checks what it fetched."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_WORKSPACE = """\
[workspace]
members = ["program", "sibling"]
resolver = "2"

[patch.crates-io]
{sibling} = {{ path = "sibling" }}
"""


@dataclass(frozen=True, kw_only=True)
class Published:
    """A crate of crates.io, `name` at `version`, and the shape for which it is here.

    `script` runs in a shell of its image, and prints something that matches `says`. With a `sibling`, another crate at
    the same version, a workspace of the two is made: a published manifest has no [workspace].
    """

    name: str
    version: str
    shape: str
    script: str
    says: str
    sibling: str = ""
    is_quick: bool = False

    def unpack(self, root: Path, cargo_home: Path) -> Path:
        """Put the sources into a directory, with a lock; returns the directory of the program's manifest."""
        package = root / "program" if self.sibling else root
        shutil.copytree(_fetch(self.name, self.version, cargo_home), package)
        if self.sibling:
            shutil.copytree(_fetch(self.sibling, self.version, cargo_home), root / "sibling")
            (root / "Cargo.toml").write_text(_WORKSPACE.format(sibling=self.sibling))
            shutil.move(package / "Cargo.lock", root / "Cargo.lock")
            run_cargo("update", "--quiet", "--workspace", home=cargo_home, cwd=root)
        if not (root / "Cargo.lock").exists():  # crates from before 2019 carry none
            run_cargo("generate-lockfile", "--quiet", home=cargo_home, cwd=root)
        return package


def _fetch(name: str, version: str, home: Path) -> Path:
    """The sources of a crate, where cargo unpacked them: what `cargo info` tells of is in them."""
    home.mkdir(parents=True, exist_ok=True)
    run_cargo("info", "--quiet", f"{name}@{version}", home=home, cwd=home)
    (found,) = home.glob(f"registry/src/*/{name}-{version}")
    return found


def run_cargo(*words: str, home: Path, cwd: Path) -> None:
    """Run the machine's cargo in a home that is not the user's; it must succeed."""
    environment = {**os.environ, "CARGO_HOME": str(home)}
    done = subprocess.run(["cargo", *words], cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"cargo {' '.join(words)}: {done.stderr}"
