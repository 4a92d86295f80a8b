"""What decides what a step leaves: its own words, what it begins with, and the contents of what it is lent.

Equal keys mean equal layers. Secrets, agents, proxies and caches without a stage do not count, as with BuildKit.
"""

from __future__ import annotations

import hashlib
import os
import stat
from typing import TYPE_CHECKING

from cargo_stow.context import digest_file

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from cargo_stow.plan import Step

_VERSION = 1


def step_key(parent: str, step: Step, inputs: Iterable[str], epoch: int) -> str:
    """Return the key of a step on top of what has the key `parent`; `inputs` are those of what it is lent, in order."""
    return make_key(str(_VERSION), parent, str(epoch), repr(step), *inputs)


def make_key(*texts: str) -> str:
    """Return one key for several texts, no two lists of which give the same."""
    digest = hashlib.sha256()
    for text in texts:
        data = os.fsencode(text)
        digest.update(b"%d:%s" % (len(data), data))
    return digest.hexdigest()[:32]


def tree_key(path: Path) -> str:
    """Return the key of a file, or of a directory and all that is in it: names, modes, owners, links and contents.

    Directories wait in a list, for they may be nested more deeply than Python's functions.
    """
    digest = hashlib.sha256()
    waiting = [(path, "")]
    while waiting:
        path, name = waiting.pop()
        for data in (os.fsencode(name), _entry(path)):
            digest.update(b"%d:%s" % (len(data), data))
        if path.is_dir() and not path.is_symlink():
            waiting += [(each, f"{name}/{each.name}") for each in sorted(path.iterdir(), reverse=True)]
    return digest.hexdigest()


def _entry(path: Path) -> bytes:
    status = path.lstat()
    head = b"%o %d %d " % (status.st_mode, status.st_uid, status.st_gid)
    if stat.S_ISLNK(status.st_mode):
        return head + os.fsencode(os.readlink(path))  # noqa: PTH115 - Path.readlink would tidy up
    return head + digest_file(path) if stat.S_ISREG(status.st_mode) else head
