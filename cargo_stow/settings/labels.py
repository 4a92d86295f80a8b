"""The labels that an image has without being told to. Pure.

Source: OCI image specification, annotations.md, "Pre-Defined Annotation Keys".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from cargo_stow.settings import image

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cargo_stow.model import Git, Package
    from cargo_stow.reference import ImageRef

_PREFIX = "org.opencontainers.image"
BASE_DIGEST = f"{_PREFIX}.base.digest"
REVISION = f"{_PREFIX}.revision"
SOURCE = f"{_PREFIX}.source"
FROM_GIT = "default, from git"
# As git and ssh have it: `git@host:team/repository.git`. A second `@` could stand behind a password.
_SCP = re.compile(r"(?:[^@/:]+@)?([A-Za-z0-9.-]+):(?!//|:)([^@]+)")


def default_labels(package: Package, base: ImageRef, git: Git | None) -> Iterator[tuple[str, str, str]]:
    """Yield name, value and origin (or `FROM_GIT`) of the labels that a package and its repository give an image.

    What a label cannot hold, a manifest may: white space is joined, and a text with control characters left out.
    """
    manifest, base = str(package.manifest), base.tagged
    own = _without_user(package.repository or "")
    remote = make_source(git.remote) if git and git.remote else None
    found = (
        ("title", package.name, f"{manifest} [package] name"),
        ("description", package.description, f"{manifest} [package] description"),
        ("version", package.version, f"{manifest} [package] version"),
        ("licenses", package.license, f"{manifest} [package] license"),
        ("source", own or remote, f"{manifest} [package] repository" if own else "git"),
        ("revision", git.revision if git else None, "git"),
        ("base.name", f"{base.registry}/{base.repository}{base.suffix}", "base_image"),
    )
    for name, value, origin in found:
        text = " ".join((value or "").split())
        if text and _is_text(text):
            yield f"{_PREFIX}.{name}", text, f"default, from {origin}"


def _is_text(value: str) -> bool:
    try:
        return image.text.parse(value) == value
    except ValueError:
        return False


def _without_user(address: str) -> str | None:
    """An address as the manifest says it, which people read; with a user or a password in it, as of any remote."""
    return make_source(address) if "@" in address else address


def make_source(remote: str) -> str | None:
    """Return an address of a git repository as browsers know it, without user and password; None for a local one."""
    scp = _SCP.fullmatch(remote)
    if scp and "://" not in remote:
        return f"https://{scp[1]}/{scp[2].removesuffix('.git').lstrip('/')}"
    try:
        parts = urlsplit(remote)
        host = parts.hostname
        port = f":{parts.port}" if parts.port and parts.scheme in {"http", "https"} else ""
    except ValueError:
        return None
    if not host or parts.scheme not in {"http", "https", "ssh", "git", "git+ssh"}:
        return None
    scheme = parts.scheme if parts.scheme == "http" else "https"
    host = f"[{host}]" if ":" in host else host
    return urlunsplit((scheme, f"{host}{port}", parts.path.removesuffix(".git"), "", ""))
