"""The bed's ordinary user: a directory of his own, and cargo-stow where he can read it, wherever the checkout is."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import cargo_stow
from integration.bed.ordinary import NAME

_MAIN = "from cargo_stow.entry import main; main()"
_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
_LEFT_OUT = shutil.ignore_patterns("test", "site-packages", "config-*", "*.a")


@dataclass(frozen=True, kw_only=True)
class Ordinary:
    """`home` is a directory that is his; in `tools` is what he could not read where it is."""

    home: Path
    tools: Path

    @property
    def environment(self) -> dict[str, str]:
        """What his commands have in front of ours."""
        packages = [self._readable(Path(cargo_stow.__file__).parent, "own/cargo_stow").parent]
        packages.append(self._readable(Path(sysconfig.get_path("purelib")), "packages"))
        # A shared library of Python's is found by its old place.
        libraries = self._readable(Path(sys.base_prefix), "python") / "lib"
        found = {"HOME": str(self.home), "PATH": _PATH, "PYTHONPATH": ":".join(map(str, packages))}
        return found if libraries.parent.is_symlink() else {**found, "LD_LIBRARY_PATH": str(libraries)}

    def command(self, *words: str) -> list[str]:
        """The words with which root has him run `cargo-stow`."""
        python = Path(os.path.realpath(sys.executable))
        python = self._readable(Path(sys.base_prefix), "python") / python.relative_to(os.path.realpath(sys.base_prefix))
        return [*self._be(), str(python), "-c", _MAIN, *words]

    def own(self, path: Path) -> Path:
        """Give him a file, or a directory and all that is in it."""
        subprocess.run(["chown", "--recursive", f"{NAME}:", str(path)], check=True)
        return path

    def _be(self) -> list[str]:
        user = pwd.getpwnam(NAME)
        return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--init-groups", "--"]

    def _readable(self, directory: Path, name: str) -> Path:
        """A directory if he can read it where it is, else a copy of it."""
        copy = self.tools / name
        if not copy.exists():
            if subprocess.run(
                [*self._be(), "ls", "--recursive", directory], capture_output=True, check=False
            ).returncode:
                _copy(directory, copy)
            else:
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.symlink_to(directory)
        return copy


def _copy(directory: Path, target: Path) -> None:
    shutil.copytree(directory, target, symlinks=True, ignore=_LEFT_OUT)
    for path in (target, *target.rglob("*")):
        if not path.is_symlink():
            mode = stat.S_IMODE(path.stat().st_mode)
            path.chmod(mode | 0o444 | (0o111 if path.is_dir() or mode & 0o100 else 0))
