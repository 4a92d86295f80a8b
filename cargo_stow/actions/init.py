"""`init`: a container section for a crate that has none, in its Cargo.toml. Asks no engine and no registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cargo_stow.actions.programs import select
from cargo_stow.cargo_lock import load_locked
from cargo_stow.errors import UsageError
from cargo_stow.files import read_text, write_text
from cargo_stow.includes import find_repository
from cargo_stow.manifest import load_manifest, parse_toml
from cargo_stow.projects import load_workspace_of
from cargo_stow.propose import Reached, add_section, find_section, make_declared, make_proposal, reach
from cargo_stow.settings.keys import flag, variable
from cargo_stow.settings.sources import parse

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cargo_stow.model import Package, Workspace
    from cargo_stow.project import Request
    from cargo_stow.propose import Proposal
    from cargo_stow.session import Session

_KEYS = ("base_image", "target_image")


def init(session: Session, request: Request) -> Path:
    """Write the section that is proposed for the package that was asked for; returns the path of its manifest.

    Raises UsageError where there is one already, where the package has no executable, and where the manifest is written
    such that nothing can be added to its end; nothing is written then.
    """
    workspace, manifest = load_workspace_of(request, session.environment, session.runner)
    asked = request.selection.completed(session.environment).packages
    package = select(workspace, asked[0] if asked else None, manifest)
    text = read_text(package.manifest) or ""
    _check_absent(package, text)
    inherited = {key.replace("-", "_"): value for key, value in workspace.container.items()}
    proposal = make_proposal(
        package,
        _reached(session, workspace, package),
        given=_given(request.flags, session.environment),
        inherited=_checked(inherited, f"{workspace.root / 'Cargo.toml'} [workspace.metadata.container] base_image"),
    )
    new = add_section(text, proposal)
    _check_addition(package.manifest, text, new)
    write_text(package.manifest, new, within=find_repository(workspace.root))
    _tell(session, package, proposal)
    return package.manifest


def _check_absent(package: Package, text: str) -> None:
    if package.container is None:
        return
    line = find_section(text, lambda beginning: _container_in(beginning, package.manifest) is not None)
    at = f"{package.manifest}:{line}" if line else f"{package.manifest}"
    raise UsageError(
        f"{at}: there already is a [package.metadata.container] section",
        hint="`cargo stow build` builds the image; to have another section proposed, take this one out first",
    )


def _container_in(text: str, file: Path) -> object:
    """The section of a manifest, or of the beginning of one; None where that is broken off within a value."""
    try:
        found: object = parse_toml(text, file)
    except UsageError:
        return None
    for name in ("package", "metadata", "container"):
        found = found.get(name) if isinstance(found, dict) else None
    return found


def _reached(session: Session, workspace: Workspace, package: Package) -> Reached:
    locked = load_locked(workspace)
    if locked is None:
        session.report.warn(
            f"there is no {workspace.lockfile}, which tells what packages the crate needs;"
            " run `cargo generate-lockfile` before `cargo stow init` to have `build_deps` proposed"
        )
    local = {
        each.name: make_declared(load_manifest(each.directory), load_manifest(each.root or workspace.root))
        for each in workspace.packages()
    }
    return reach(package.name, locked or (), local)


def _given(flags: Mapping[str, object], environment: Mapping[str, str]) -> dict[str, str]:
    """What the user named: by flag, else by variable."""
    found: dict[str, str] = {}
    for key in _KEYS:
        if key in flags:
            found[key] = _valid(key, flags[key], f"flag {flag(key)}")
        elif environment.get(variable(key)):
            found[key] = _valid(key, environment[variable(key)], f"variable {variable(key)}")
    return found


def _checked(inherited: dict[str, object], origin: str) -> dict[str, object]:
    """What the workspace says, of which only the base decides on anything here."""
    if "base_image" in inherited:
        _valid("base_image", inherited["base_image"], origin)
    return inherited


def _valid(key: str, value: object, origin: str) -> str:
    return str(parse(key, value, origin))


def _check_addition(file: Path, old: str, new: str) -> None:
    """Raise UsageError where the section cannot follow what is there: TOML closes tables in braces for good."""
    section = new.removeprefix(old).replace("\r\n", "\n")
    if _container_in(new, file) is None:
        raise UsageError(
            f"{file}: `package` or `package.metadata` is written in braces, to which no section can be added",
            hint="write it as a section of its own, or write the proposed keys into it yourself",
            detail=section,
        )


def _tell(session: Session, package: Package, proposal: Proposal) -> None:
    report = session.report
    for name in proposal.unknown:
        report.warn(
            f"{name} may need packages of {proposal.base} that cargo-stow does not know; if the build does not find a"
            f" library, add its packages to `build_deps` and `runtime_deps` in {package.manifest}"
        )
    if proposal.is_guess:
        report.warn(
            f"the name {proposal.base} does not tell which distribution it is; the packages are named as in Debian 13:"
            f" check them in {package.manifest}"
        )
    report.status("Wrote", f"[package.metadata.container] in {package.manifest}")
