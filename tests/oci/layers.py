"""Layers for tests, made by hand."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import tarfile
from typing import TYPE_CHECKING, Any

from cargo_stow.oci.descriptor import LAYER, Descriptor
from cargo_stow.oci.unpack import unpack_layer

if TYPE_CHECKING:
    from pathlib import Path


def entry(name: str, kind: bytes = tarfile.REGTYPE, target: str = "", **facts: Any) -> tarfile.TarInfo:
    """A header of this user's; a directory may be entered."""
    found = tarfile.TarInfo(name)
    found.type, found.linkname = kind, target
    found.mode = 0o755 if kind == tarfile.DIRTYPE else 0o644
    found.uid, found.gid = os.geteuid(), os.getegid()
    for key, value in facts.items():
        setattr(found, key, value)
    return found


def directory(name: str, **facts: Any) -> tarfile.TarInfo:
    return entry(name, tarfile.DIRTYPE, **facts)


def symlink(name: str, target: str) -> tarfile.TarInfo:
    return entry(name, tarfile.SYMTYPE, target)


def hard_link(name: str, target: str) -> tarfile.TarInfo:
    return entry(name, tarfile.LNKTYPE, target)


def archive(*entries: tarfile.TarInfo | tuple[tarfile.TarInfo, bytes]) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for each in entries:
            header, data = each if isinstance(each, tuple) else (each, b"")
            header.size = len(data) or header.size
            tar.addfile(header, io.BytesIO(data))
    return file.getvalue()


def digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def describe(data: bytes, media_type: str = LAYER) -> Descriptor:
    return Descriptor(media_type=media_type, digest=digest(data), size=len(data))


def apply(root: Path, data: bytes) -> None:
    """Unpack an archive, as one layer."""
    unpack_layer(io.BytesIO(data), describe(data), digest(data), root)


def compress(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


def tree(root: Path) -> dict[str, object]:
    """What is in a directory, by path: kind, mode, owner, target or contents."""
    found: dict[str, object] = {}
    for path in sorted(root.rglob("*")):
        status = path.lstat()
        # Path.readlink would tidy up.
        is_link = path.is_symlink()
        what = os.readlink(path) if is_link else path.read_bytes() if path.is_file() else b""  # noqa: PTH115
        found[str(path.relative_to(root))] = (status.st_mode, status.st_uid, status.st_gid, what)
    return found
