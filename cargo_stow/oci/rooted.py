"""Paths of an image inside the directory that holds its files: links are followed as if that were `/`.

Every step is taken from an open directory and follows nothing by itself, so that no link in an image, and none that
a layer makes while it is unpacked, leads out. Owns no entry of a layer: `unpack` does.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
from typing import TYPE_CHECKING

from cargo_stow.errors import ImageFormatError

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

# Far above what images have, and far below how deep functions may call each other.
DEEPEST = 256
_LONGEST_NAME = 255
_LONGEST_PATH = 4095
# As the kernel's own.
_MOST_LINKS = 40
_DIRECTORY = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC

Parts = tuple[str, ...]


def split_name(name: str) -> Parts:
    """Split the name of an entry; an absolute one is relative to the root. Raises ImageFormatError.

    `..` is refused wherever it stands, as is what no file can be called.
    """
    parts = tuple(part for part in name.split("/") if part not in ("", "."))
    if ".." in parts:
        raise ImageFormatError(f"a layer has an entry that leaves its directory: {name!r}")
    size = len(_encoded(name))
    if "\0" in name or size > _LONGEST_PATH:
        raise ImageFormatError(f"a layer has an entry whose name no file can have: {name[:80]!r}")
    if size > _LONGEST_NAME and any(len(_encoded(part)) > _LONGEST_NAME for part in parts):
        raise ImageFormatError(f"a layer has an entry whose name is too long: {name[:80]!r}")
    return parts


def _encoded(name: str) -> bytes:
    try:
        return name.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise ImageFormatError(f"a layer has an entry whose name is no text: {name[:80]!r}") from error


class Root:
    """A directory with an image's files. The last directory that was asked for stays open: entries come in order."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._root = os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        self._asked: Parts | None = None
        self._last: tuple[int, Parts] = (-1, ())

    def __enter__(self) -> Root:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.forget()
        os.close(self._root)

    def forget(self) -> None:
        """Forget which directory was open: something that may be on its way was replaced."""
        if self._asked is not None:
            os.close(self._last[0])
            self._asked = None

    def directory(self, parts: Parts, *, make: bool = True) -> tuple[int, Parts]:
        """Open a directory, which stays open until the next is asked for; returns it and its path without links.

        What is missing is made (mode 0755) or, without `make`, is a FileNotFoundError. Raises ImageFormatError where
        something else is in the way, or links lead around.
        """
        if parts != self._asked:
            found = self._walk(parts, make=make)
            self.forget()
            self._asked, self._last = parts, found
        return self._last

    def real(self, parts: Parts) -> str:
        """The path on this machine of parts without links."""
        return os.path.join(self.path, *parts)  # noqa: PTH118

    def remove(self, parent: Parts, name: str, fd: int) -> None:
        """Remove whatever has a name in an open directory, whose path without links is `parent`.

        Ask for that directory again, by its real path: this may have been on the way that was asked for.
        """
        mode = os.stat(name, dir_fd=fd, follow_symlinks=False).st_mode
        if stat.S_ISDIR(mode):
            shutil.rmtree(self.real((*parent, name)))
        else:
            os.unlink(name, dir_fd=fd)

    def _walk(self, parts: Parts, *, make: bool) -> tuple[int, Parts]:
        stack = [os.dup(self._root)]
        real: list[str] = []
        try:
            self._descend(list(reversed(parts)), stack, real, make=make)
            return stack.pop(), tuple(real)
        finally:
            for fd in stack:
                os.close(fd)

    def _descend(self, todo: list[str], stack: list[int], real: list[str], *, make: bool) -> None:
        links = 0
        while todo:
            name = todo.pop()
            if name == "..":
                _up(stack, real)
                continue
            try:
                stack.append(_enter(stack[-1], name, make=make))
                real.append(name)
            except NotADirectoryError:
                links += 1
                self._follow(name, todo, stack, real, links)
            if len(real) > DEEPEST:
                raise ImageFormatError(f"an image has directories in more than {DEEPEST} levels")

    def _follow(self, name: str, todo: list[str], stack: list[int], real: list[str], links: int) -> None:
        try:
            target = os.readlink(name, dir_fd=stack[-1])
        except OSError as error:
            where = "/".join((*real, name))
            raise ImageFormatError(f"a layer has entries below {where}, which is no directory") from error
        if links > _MOST_LINKS:
            raise ImageFormatError(f"an image has symbolic links that lead around: {'/'.join((*real, name))}")
        if target.startswith("/"):
            while real:
                _up(stack, real)
        todo += reversed([part for part in target.split("/") if part not in ("", ".")])


def _up(stack: list[int], real: list[str]) -> None:
    """One directory up; `/..` is `/`."""
    if real:
        os.close(stack.pop())
        real.pop()


def _enter(fd: int, name: str, *, make: bool) -> int:
    try:
        return os.open(name, _DIRECTORY, dir_fd=fd)
    except FileNotFoundError:
        if not make:
            raise
    with contextlib.suppress(FileExistsError):
        os.mkdir(name, dir_fd=fd)
        os.chmod(name, 0o755, dir_fd=fd)  # noqa: S103
    return os.open(name, _DIRECTORY, dir_fd=fd)


# What the content of a layer can cause, and not the machine.
CAUSED = frozenset(
    {errno.EINVAL, errno.ENAMETOOLONG, errno.ERANGE, errno.E2BIG, errno.ELOOP, errno.ENOTDIR, errno.EISDIR}
    | {errno.EEXIST, errno.ENOENT, errno.ENOTEMPTY, errno.EMLINK, errno.EFBIG, errno.EOVERFLOW}
)
