"""What of this machine's access a build is lent: secrets, the ssh agent, proxies. Reads cargo's configuration."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cargo_stow.access import PROXIES, needs_git
from cargo_stow.actions.registries import make_secrets
from cargo_stow.actions.secrets import load_secrets
from cargo_stow.cargo_lock import load_sources
from cargo_stow.errors import FileError
from cargo_stow.manifest import find_bundle
from cargo_stow.manifest.paths import is_file, is_refused, is_socket

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cargo_stow.project import Project
    from cargo_stow.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """As in BuildOrder, of which these are a part."""

    secrets: Mapping[str, Path | str]
    ssh: bool
    proxies: tuple[str, ...]


def find_access(session: Session, project: Project) -> Access:
    """Collect what a build of a project needs. Raises UsageError and FileError for what cargo's files hold."""
    environment = session.environment
    sources = load_sources(project.workspace)
    lends_git = not project.settings.has_lockfile or needs_git(sources)
    secrets: dict[str, Path | str] = dict(make_secrets(session, project, sources, git=lends_git))
    bundle = _find_bundle(session, project)
    if bundle:
        secrets["cargo-stow-ca"] = bundle
    if lends_git:
        secrets.update(_home_files(session))
    secrets.update(load_secrets(project.settings, environment))
    for name, secret in project.settings.secrets:  # Said aloud, for a manifest may be somebody else's.
        session.report.status("Lending", f"the secret `{name}` to what is compiled ({secret})")
    return Access(
        secrets=secrets,
        ssh=lends_git and _has_agent(session),
        proxies=tuple(name for name in PROXIES if environment.get(name)),
    )


def _home_files(session: Session) -> Iterator[tuple[str, Path]]:
    """What git and ssh read: who we are to a server, and which servers are who they say."""
    home = Path(session.environment.get("HOME") or "/nonexistent")
    files = {
        "cargo-stow-netrc": Path(session.environment.get("NETRC") or home / ".netrc"),
        "cargo-stow-known-hosts": home / ".ssh/known_hosts",
    }
    for name, path in files.items():
        if is_refused(path):
            session.report.warn(f"{path} may not be read by this user; the build does without it")
        elif is_file(path):
            yield name, path


def _has_agent(session: Session) -> bool:
    socket = session.environment.get("SSH_AUTH_SOCK")
    if not socket:
        return False
    found = is_socket(Path(socket)) and os.access(socket, os.R_OK | os.W_OK)
    if not found:
        reason = "which this user may not use" if is_refused(Path(socket)) else "where no agent is"
        session.report.warn(f"the variable SSH_AUTH_SOCK names {socket}, {reason}; the build does without it")
    return found


def _find_bundle(session: Session, project: Project) -> Path | None:
    """Where cargo, or OpenSSL, is told of certificate authorities; cargo's own variable and files go first."""
    environment = session.environment
    places = (
        ("the variable CARGO_HTTP_CAINFO", environment.get("CARGO_HTTP_CAINFO")),
        ("`http.cainfo` of cargo's configuration", find_bundle(project.closure, environment)),
        ("the variable SSL_CERT_FILE", environment.get("SSL_CERT_FILE")),
    )
    for place, bundle in places:
        if bundle and is_refused(Path(bundle)):
            raise FileError(f"{place} names {bundle}, which this user may not read", hint=f"ls -ld {bundle}")
        if bundle and is_file(Path(bundle)):
            return Path(bundle).absolute()
        if bundle:
            session.report.warn(f"{place} names {bundle}, which is no file; the build does without it")
    return None
