"""What cargo in a build is told of registries and the network: a configuration and tokens, as texts of secrets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cargo_stow.access import (
    asked_registries,
    make_configuration,
    make_credentials,
    provided_registries,
    without_git_program,
)
from cargo_stow.errors import UsageError
from cargo_stow.manifest import load_credentials, load_outer_config, load_whole_config, registry_names, sent_config

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cargo_stow.project import Project
    from cargo_stow.session import Session


def make_secrets(
    session: Session, project: Project, sources: frozenset[str], *, git: bool
) -> Iterator[tuple[str, str]]:
    """Yield the secrets by name. `git` says whether a source may be a git repository.

    Raises UsageError for a project that does not let cargo be offline, and what cargo's files raise.
    """
    import tomli_w  # noqa: PLC0415 - a no-op builds nothing

    closure, environment = project.closure, session.environment
    if session.offline:
        _check_offline(project, environment)
    whole = load_whole_config(closure, environment)
    called = registry_names(closure, project.workspace.root)
    tables = {"cargo-stow-config": _configuration(session, project, whole, called, git=git)}
    asked = asked_registries(whole, environment, called, sources)
    if asked:
        credentials = load_credentials(environment)
        tables["cargo-stow-credentials"] = make_credentials(whole, credentials, environment, called, sources)
        _warn_of_providers(session, provided_registries(whole, credentials, environment, called, asked))
    yield from ((name, tomli_w.dumps(table)) for name, table in tables.items() if table)


def _configuration(
    session: Session, project: Project, whole: Mapping[str, object], called: Iterable[str], *, git: bool
) -> Mapping[str, object]:
    registries = whole.get("registries")
    names = (*called, *(registries if isinstance(registries, Mapping) else ()))
    outer = load_outer_config(project.closure, session.environment)
    found = make_configuration(outer, session.environment, names, offline=session.offline)
    if "git" in project.settings.build_deps:
        return found
    without = without_git_program(found)
    if git and without is not found:
        session.report.warn(
            "cargo's configuration says `net.git-fetch-with-cli = true`, but there is no git in the build, which"
            f' fetches without it; to have it there, add "git" to `build_deps` in {project.package.manifest}'
        )
    return without


def _check_offline(project: Project, environment: Mapping[str, str]) -> None:
    """A project's own configuration is stronger than the one that is made here."""
    for table in sent_config(project.closure, environment):
        net = table.table("net")
        offline = net.flag("offline") if net else None
        if offline:
            return
        if offline is False:
            raise UsageError(
                f"`net.offline` is false in {table.file}, which is stronger than --offline (or CARGO_NET_OFFLINE=true)",
                hint=f"remove `net.offline` from {table.file}, or build without --offline",
            )


def _warn_of_providers(session: Session, provided: Mapping[str, str]) -> None:
    for name, program in provided.items():
        variable = f"CARGO_REGISTRIES_{name.upper().replace('-', '_')}_TOKEN"
        session.report.warn(
            f"no token of the registry `{name}` was found; a build cannot ask `{program}`, which cargo's configuration"
            f" names for it. If the registry wants a token, set {variable}"
        )
