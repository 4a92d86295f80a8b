"""The sources of the crate `content`: changed as people and their tools change files, and read as the program must."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

CRATE = Path(__file__).parents[1] / "crates/content"
DATA = "listing/data"
LINK = "text/link.txt"
TARGETS = ("one.txt", "two.txt")
MAIN, INNER, PLAIN, MACRO = "src/main.rs", "src/inner.rs", "plain/src/lib.rs", "spell/src/lib.rs"
TEXT, HIDDEN, SPELLED = "text/text.txt", "hidden/hidden.txt", "spelled/spelled.txt"
FIRST = f"{DATA}/first"
YEAR_1970, YEAR_2001, YEAR_2100 = 1, 1_000_000_000, 4_102_444_800
"""Seconds since the epoch."""

_WORD = re.compile(r"\b[a-z]{8}\b(?=[\"\n])")
_OTHER = "other"
_GIT = ("git", "-c", "user.name=stow", "-c", "user.email=stow@example.org", "-c", "core.hooksPath=/dev/null")


class Tree:
    """A clone; each file of `files` holds one word of eight letters, so that all of its versions are equally long."""

    def __init__(self, root: Path, rng: Random) -> None:
        self.root = root
        self.rng = rng
        self._versions: dict[str, list[tuple[str, int]]] = {}
        self._salts = 0

    def expected(self) -> str:
        """What the program has to print, by these sources."""
        said = {
            "main": self.word(MAIN),
            "inner": self.word(INNER),
            "plain": self.word(PLAIN),
            "text": self.word(TEXT),
            "link": self.word(LINK),
            **{f"data/{path.name}": self.word(f"{DATA}/{path.name}") for path in sorted((self.root / DATA).iterdir())},
            "hidden": self.word(HIDDEN) if (self.root / HIDDEN).exists() else "absent",
            "macro": self.word(MACRO),
            "spelled": self.word(SPELLED),
        }
        return "\n".join(f"{name} {word}" for name, word in said.items())

    def files(self) -> list[str]:
        """The files with a word that are there now."""
        data = [f"{DATA}/{path.name}" for path in (self.root / DATA).iterdir()]
        targets = [f"text/{name}" for name in TARGETS]
        always = (MAIN, INNER, PLAIN, MACRO, TEXT, HIDDEN, SPELLED)
        return sorted(path for path in (*always, *targets, *data) if (self.root / path).exists())

    def any_file(self) -> str:
        return self.rng.choice(self.files())

    def changed(self) -> list[str]:
        """The files that have had other versions."""
        return sorted(self._versions)

    def word(self, path: str) -> str:
        found = _WORD.search((self.root / path).read_text())
        assert found, path
        return found[0]

    def new_word(self) -> str:
        return "".join(self.rng.choices("bcdefghijklmnopqrstuvwxyz", k=8))

    def time(self, path: str) -> int:
        """When a file was changed last, in nanoseconds."""
        return (self.root / path).stat().st_mtime_ns

    def write(self, path: str, text: str, time: int | None = None) -> None:
        """Give a file another content, and the time of now or one in nanoseconds; the version it had is remembered."""
        file = self.root / path
        self.remove(path)
        file.write_text(text)
        if time is not None:
            self.set_time(path, time)

    def edit(self, path: str, time: int | None = None) -> None:
        """Put another word into a file."""
        self.write(path, _WORD.sub(self.new_word(), (self.root / path).read_text(), count=1), time)

    def revert(self, path: str) -> None:
        """Give a file the content it had before, and the time it had with it."""
        self.write(path, *self._versions[path][-1])

    def withdraw(self, path: str) -> None:
        """Undo the last change of a file, as if it never was: nothing reverts to what was there in between."""
        text, time = self._versions[path].pop()
        (self.root / path).write_text(text)
        self.set_time(path, time)

    def set_time(self, path: str, time: int) -> None:
        os.utime(self.root / path, ns=(time, time))

    def remove(self, path: str) -> None:
        file = self.root / path
        if file.exists():
            self._versions.setdefault(path, []).append((file.read_text(), self.time(path)))
            file.unlink()

    def copy_over(self, path: str) -> None:
        """Do as `cp -p` does, with a file that is older than whatever was built."""
        file, backup = self.root / path, self.root.parent / "backup"
        backup.write_text(_WORD.sub(self.new_word(), file.read_text(), count=1))
        os.utime(backup, (YEAR_2001, YEAR_2001))
        shutil.copy2(backup, file)

    def exchange(self, one: str, other: str) -> None:
        """Let two files change places, each with its time."""
        for source, target in ((one, "spare"), (other, one), ("spare", other)):
            (self.root / source).rename(self.root / target)

    def touch(self, seconds: int) -> None:
        """Let every file have been changed at the same time."""
        for path in self.root.rglob("*"):
            if path.is_file() and not {".git", "target"} & set(path.relative_to(self.root).parts):
                os.utime(path, (seconds, seconds))

    def salt(self) -> None:
        """Change what is no source, else the engine remembers what came of a tree that it has seen before."""
        self._salts += 1
        (self.root / "salt.rs").write_text(f"// {self.new_word()} {self._salts}\n")

    def retarget(self) -> None:
        """Let the link lead to the other file."""
        link = self.root / LINK
        target = next(name for name in TARGETS if name != os.fspath(link.readlink()))
        link.unlink()
        link.symlink_to(target)

    def toggle_directory(self) -> None:
        """Let a directory of sources become a link to where it is now; and the other way round."""
        link, directory = self.root / "plain/src", self.root / "plain/sources"
        if link.is_symlink():
            link.unlink()
            directory.rename(link)
        else:
            link.rename(directory)
            link.symlink_to("sources")

    def start_history(self) -> None:
        """Begin a repository whose branch `other` has other words everywhere, and more files."""
        (self.root / LINK).symlink_to(TARGETS[0])  # the driver copies what links lead to
        self.git("init", "--quiet", "--initial-branch", "main")
        (self.root / ".gitignore").write_text("target\nStow.lock\n")
        self.commit()
        self.git("switch", "--quiet", "--create", _OTHER)
        for path in self.files():
            self.edit(path)
        self.write(f"{DATA}/others", f"{self.new_word()}\n")
        self.retarget()
        self.commit()
        self.git("switch", "--quiet", "main")

    def switch(self) -> None:
        """Commit, and check the other branch out."""
        self.commit()
        branch = self.git("branch", "--show-current")
        self.git("switch", "--quiet", "main" if branch == _OTHER else _OTHER)

    def commit(self) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "as it is")

    def git(self, *words: str) -> str:
        done = subprocess.run([*_GIT, *words], cwd=self.root, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()
