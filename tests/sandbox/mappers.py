"""Stand-ins for newuidmap and newgidmap, with which root gives himself what a user has, whoever /etc/subuid knows."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cargo_stow.sandbox.rights import Rights, Span

if TYPE_CHECKING:
    from pathlib import Path

_SCRIPT = """\
#!/bin/sh
process=$1
shift
printf '%s %s %s\\n' "$@" >/proc/$process/{file}
"""
_COUNT = 65536


def install_mappers(directory: Path) -> Path:
    """Make both programs in a new directory."""
    directory.mkdir()
    for name, file in (("newuidmap", "uid_map"), ("newgidmap", "gid_map")):
        (directory / name).write_text(_SCRIPT.format(file=file))
        (directory / name).chmod(0o755)
    return directory


def make_rights(first: int = 200_000) -> Rights:
    """Ids of a user namespace; `first` is the one of this machine that is 1 in it."""
    return Rights(users=_spans(os.getuid(), first), groups=_spans(os.getgid(), first), is_confined=True)


def _spans(own: int, first: int) -> tuple[Span, ...]:
    return Span(inside=0, outside=own, count=1), Span(inside=1, outside=first, count=_COUNT)
