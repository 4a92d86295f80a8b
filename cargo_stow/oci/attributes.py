"""Extended attributes in layers: which are a part of an image, and which belong to the machine that made it.

In a layer they are pax records, `SCHILY.xattr.NAME`, as star, GNU tar and Go write them.
"""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

PREFIX = "SCHILY.xattr."
_OVERLAY = ("trusted.overlay.", "user.overlay.")
_KEPT = ("user.", "system.posix_acl_")
# What says that the file system, or the user, cannot have such an attribute.
_UNSUPPORTED = frozenset({errno.ENOTSUP, errno.EPERM, errno.EACCES})


def is_overlay(name: str) -> bool:
    """Whether an attribute is overlayfs's own: in an image, it would change what other files are."""
    return name.startswith(_OVERLAY)


def is_kept(name: str) -> bool:
    """Whether an attribute goes with the image. Labels (`security.selinux`, `security.ima`) are the machine's."""
    return name == "security.capability" or (name.startswith(_KEPT) and not is_overlay(name))


def read_attributes(path: Path) -> dict[str, bytes]:
    """Return all attributes of a file, not followed, by name; none where the file system has none. Raises OSError."""
    try:
        names = os.listxattr(path, follow_symlinks=False)
        return {name: os.getxattr(path, name, follow_symlinks=False) for name in sorted(names)}
    except OSError as error:
        if error.errno in _UNSUPPORTED:
            return {}
        raise


def write_attributes(target: int | str, attributes: Mapping[str, bytes]) -> None:
    """Set attributes of an open file or a path, which is not followed; unsupported ones are left. Raises OSError."""
    for name, value in attributes.items():
        _write(target, name, value)


def _write(target: int | str, name: str, value: bytes) -> None:
    try:
        if isinstance(target, int):
            os.setxattr(target, name, value)
        else:
            os.setxattr(target, name, value, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise


def named(records: Mapping[str, str]) -> Iterator[tuple[str, bytes]]:
    """Yield the attributes among the pax records of an entry, the overlay's too."""
    for key, value in records.items():
        if key.startswith(PREFIX):
            yield key[len(PREFIX) :], value.encode("utf-8", "surrogateescape")


def as_records(attributes: Mapping[str, bytes]) -> dict[str, str]:
    """The pax records of the attributes that are kept."""
    return {
        PREFIX + name: value.decode("utf-8", "surrogateescape")
        for name, value in sorted(attributes.items())
        if is_kept(name)
    }
