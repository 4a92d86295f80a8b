"""Mounts in a mount namespace of our own: overlays of directories, and memory. Gone with the block, or the process.

Source: the kernel's documentation, "Overlay Filesystem". A layer must be readable without the others' inodes and on
another machine, so that none of the features that refer to them is on.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, TypeVar

from cargo_stow.errors import RuntimeFailedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from cargo_stow.process import Runner

_T = TypeVar("_T")
_PLAIN = "redirect_dir=off,metacopy=off,index=off"
# Nobody but the machine's root may write `trusted` attributes. It turns `redirect_dir` off, and will not be told to.
_CONFINED = "userxattr,metacopy=off,index=off"
_HINTS = {
    False: "a build without a daemon mounts overlays, which needs root and a kernel that has them",
    True: "overlays of a user who is not root need Linux 5.11 or later, and a store (CARGO_STOW_STORE) on a file system"
    " as ext4, xfs or btrfs; or build as root, or with an engine: --backend docker",
}


class Mounts:
    """Mounts by paths below one directory, short and without a sign that means something to mount(8).

    `is_confined` says that we are in a user namespace.
    """

    def __init__(self, runner: Runner, directory: Path, *, is_confined: bool = False) -> None:
        self._runner = runner
        self._directory = directory
        self._is_confined = is_confined
        self._stack = contextlib.ExitStack()

    @contextlib.contextmanager
    def scope(self) -> Iterator[Mounts]:
        """Mounts that end with a block, in front of these."""
        inner = Mounts(self._runner, self._directory, is_confined=self._is_confined)
        try:
            yield inner
        finally:
            inner.close()

    def enter(self, held: contextlib.AbstractContextManager[_T]) -> _T:
        """Hold something until what was mounted after it has ended."""
        return self._stack.enter_context(held)

    def close(self) -> None:
        """End all of them."""
        self._stack.close()

    def overlay(self, lower: Sequence[Path], target: Path, upper: Path | None = None) -> Path:
        """Mount directories over each other, the last one on top; what is written goes to `upper`, if there is one.

        Beside `upper` a directory `work` is used. Raises RuntimeFailedError. Returns `target`.
        """
        options = f"lowerdir={':'.join(self._names(reversed(lower)))}"
        if upper:
            work = upper.with_name("work")
            for each in (upper, work):
                each.mkdir(parents=True, exist_ok=True)
            options += ",upperdir={},workdir={}".format(*self._names((upper, work)))
        self._mount(target, "-t", "overlay", "overlay", "-o", f"{options},{_CONFINED if self._is_confined else _PLAIN}")
        return target

    def merged(self, layers: Sequence[Path], target: Path) -> Path:
        """Return a directory with what is in all of these, to be read."""
        return layers[0] if len(layers) == 1 else self.overlay(layers, target)

    def memory(self, target: Path) -> Path:
        """Mount a directory that no disk sees, and nobody but root."""
        self._mount(target, "-t", "tmpfs", "tmpfs", "-o", "mode=0700,nodev,nosuid,noexec")
        return target

    def _mount(self, target: Path, *words: str) -> None:
        target.mkdir(parents=True, exist_ok=True)
        result = self._runner.capture(["mount", *words, str(target)], cwd=self._directory)
        if result.code != 0:
            raise RuntimeFailedError(
                f"cannot mount {target}",
                hint=_HINTS[self._is_confined],
                detail=result.stderr.strip(),
            )
        self._stack.callback(self._runner.capture, ["umount", str(target)])

    def _names(self, paths: Iterator[Path] | Sequence[Path]) -> list[str]:
        names = [str(path.relative_to(self._directory)) for path in paths]
        odd = next((name for name in names if set(name) & set(":,\\")), None)
        if odd is not None:
            raise RuntimeFailedError(f"cannot mount {self._directory / odd}: no overlay can have such a name")
        return names
