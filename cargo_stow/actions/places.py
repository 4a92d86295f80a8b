"""Where the caches of a project are, in BuildKit's words."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from cargo_stow.cache_text import read_fields, shown
from cargo_stow.caches import describe, is_local
from cargo_stow.errors import UsageError
from cargo_stow.files import read_bytes
from cargo_stow.plan import make_plan_name

if TYPE_CHECKING:
    from pathlib import Path

    from cargo_stow.project import Project
    from cargo_stow.session import Session

_DIGEST = re.compile(r"[a-z0-9]+:[a-f0-9]+")


def cache_sources(session: Session, project: Project) -> tuple[str, ...]:
    """What a build may begin with, in BuildKit's words. A local cache that is not there yet is none."""
    caches, sources = session.caches, _reachable_sources(session)
    if caches.mode == "local":
        return (*sources, *_local_sources(session, local_directory(project)))
    if caches.mode is not None:
        return (*sources, describe_remote(project, caches.mode)[0])
    return sources


def _reachable_sources(session: Session) -> tuple[str, ...]:
    """Those that were asked for; when offline, those on this machine."""
    caches = session.caches
    if not session.offline:
        return caches.sources
    found = {source: is_local(read_fields(source, caches.source_origin)) for source in caches.sources}
    for source in (source for source, is_here in found.items() if not is_here):
        session.report.warn(f"offline, so the build does without the cache {shown(source)} of {caches.source_origin}")
    return tuple(source for source, is_here in found.items() if is_here)


def _local_sources(session: Session, directory: Path) -> tuple[str, ...]:
    """BuildKit does without a cache that has no list of contents, but fails over a layer that is missing."""
    if not directory.exists():
        return ()
    if is_complete(directory):
        return (describe_local("src", directory),)
    session.report.warn(f"the cache in {directory} is not complete; the build does without it")
    return ()


def is_complete(directory: Path) -> bool:
    """Whether a directory in the OCI image layout has all that it lists, by the sizes of its files."""
    try:
        return _has_listed(directory, directory / "index.json")
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):  # JSON of any shape
        return False


def _has_listed(directory: Path, file: Path) -> bool:
    content: dict[str, Any] = json.loads(read_bytes(file))
    for listed in [*content.get("manifests", ()), *content.get("layers", ())]:
        if not _DIGEST.fullmatch(listed["digest"]):  # or it would be a path
            return False
        blob = directory / "blobs" / listed["digest"].replace(":", "/")
        if blob.stat().st_size != listed["size"]:
            return False
        if listed["mediaType"].endswith(("index.v1+json", "manifest.v1+json")) and not _has_listed(directory, blob):
            return False
    return True


def describe_remote(project: Project, mode: str) -> tuple[str, str]:
    """Raise UsageError for a cache that is to be beside an image which has no place in any registry."""
    if mode == "registry" and project.settings.target_image is None:
        raise UsageError(
            f"{project.package.manifest}, [package.metadata.container]: `target_image` is missing, so there is no"
            " registry to keep a cache in",
            hint="set it, or choose another cache: --cache-mode local, or --cache-to",
        )
    return describe(mode, repository=project.target.name, scope=_image(project), variant=_variant(project))


def local_directory(project: Project) -> Path:
    return project.directory / "cache" / f"{_image(project)}.{_variant(project)}"


def _image(project: Project) -> str:
    return make_plan_name(project.package.name, project.settings.bins)


def _variant(project: Project) -> str:
    """What has other dependencies, and in CI is built in turn: each would drop the other's cache."""
    return f"{project.settings.profile}-{project.platform.name}"


def describe_local(key: str, directory: Path) -> str:
    """BuildKit reads its descriptions as a line of CSV."""
    text = f"{key}={directory}".replace('"', '""')
    return f'type=local,"{text}"'
