"""Contexts and build directories on disk, and the program of stage `tools` that is run on them."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

# A file, an executable file, or a link: contents of a tree, by path. Names are bytes, as they are on a disk.
Content = tuple[str, bytes]
Tree = Mapping[bytes, Content]
OLD = 1_000_000_000
PACKAGES = ("--package", "app", "", "src/main.rs", "--package", "lib", "lib", "lib/src/lib.rs")
SCRIPTED = (
    "--shared", "Cargo.toml", "--shared", "Cargo.lock", *PACKAGES[:4], "--script", "build.rs",
    *PACKAGES[4:], "--script", "lib/build.rs",
)  # fmt: skip
FILES = {"Cargo.toml": "", "Cargo.lock": "", "src/main.rs": "fn main() {}", "src/one.rs": "", "src/two.rs": "",
         "src/text.rs": "", "notes.txt": "a", "build.rs": "", "lib/Cargo.toml": "", "lib/src/lib.rs": "",
         "lib/build.rs": "", "lib/data.bin": "1", "other/Cargo.toml": ""}  # fmt: skip


def lay(root: Path, tree: Tree) -> None:
    for name, (kind, content) in tree.items():
        path = Path(os.fsdecode(os.path.join(os.fsencode(root), name)))  # noqa: PTH118
        path.parent.mkdir(parents=True, exist_ok=True)
        if kind == "link":
            os.symlink(content, os.fsencode(path))  # noqa: PTH211
        else:
            path.write_bytes(content)
            path.chmod(0o755 if kind == "program" else 0o644)


def read(root: Path) -> dict[bytes, Content]:
    found: dict[bytes, Content] = {}
    for parent, directories, files in os.walk(os.fsencode(root)):
        for name in [*files, *directories]:
            path = os.path.join(parent, name)  # noqa: PTH118
            inside = os.path.relpath(path, os.fsencode(root))
            if os.path.islink(path):  # noqa: PTH114
                found[inside] = ("link", os.readlink(path))  # noqa: PTH115
            elif name in files:
                kind = "program" if os.stat(path).st_mode & 0o111 else "file"  # noqa: PTH116
                found[inside] = (kind, Path(os.fsdecode(path)).read_bytes())
    return found


@dataclass
class Build:
    """A context, and a build directory that begins empty."""

    program: Path
    root: Path

    def __post_init__(self) -> None:
        self.context.mkdir(parents=True)
        self.tree.mkdir(parents=True)

    @property
    def context(self) -> Path:
        return self.root / "context"

    @property
    def tree(self) -> Path:
        return self.root / "build/src"

    @property
    def record(self) -> Path:
        return self.root / "build/record"

    def stow(self, verb: str, *words: str | Path) -> None:
        subprocess.run([self.program, verb, *words], check=True, timeout=30)

    def sync(self, *options: str) -> set[str]:
        """Sync, after all in the tree was made old; returns the files that are new since."""
        for path in self.tree.rglob("*"):
            os.utime(path, (OLD, OLD), follow_symlinks=False)
        self.stow("sync", self.context, self.root / "build", *options)
        files = [path for path in self.tree.rglob("*") if path.is_symlink() or path.is_file()]
        return {str(path.relative_to(self.tree)) for path in files if path.lstat().st_mtime > OLD}

    def replace_context(self, tree: Tree) -> None:
        shutil.rmtree(self.context)
        self.context.mkdir()
        lay(self.context, tree)

    def recorded(self) -> set[bytes]:
        return {path for path in self.record.read_bytes().split(b"\0") if path}

    def compiled(self, package: str, unit: str, *sources: str | Path) -> None:
        """Write down what rustc read for a unit of a package, as cargo does: each path behind its length."""
        (directory,) = self.fingerprint(f"{package}-{secrets.token_hex(8)}")
        texts = [os.fsencode(source) for source in sources]
        parts = [len(texts), *(part for text in texts for part in (b"\0", len(text), text))]
        data = b"".join(part if isinstance(part, bytes) else part.to_bytes(4, "little") for part in parts)
        (directory / f"dep-{unit}").write_bytes(data)
        os.utime(directory / f"dep-{unit}", (OLD, OLD))

    def fingerprint(self, *names: str, at: str = "target/debug") -> list[Path]:
        found = []
        for name in names:
            directory = self.root / "build" / at / ".fingerprint" / name
            directory.mkdir(parents=True)
            (directory / "dep").touch()
            os.utime(directory / "dep", (OLD, OLD))
            found.append(directory)
        return found


def synced(program: Path, root: Path) -> Build:
    """With a crate `app`, a crate `lib` below it, and the manifest of another; synced once."""
    made = Build(program, root)
    lay(made.context, {name.encode(): ("file", text.encode()) for name, text in FILES.items()})
    made.sync(*PACKAGES)
    return made
