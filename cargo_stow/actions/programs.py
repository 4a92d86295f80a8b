"""Which package of a workspace gets a section."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cargo_stow.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from cargo_stow.model import Package, Workspace


def select(workspace: Workspace, wanted: str | None, manifest: Path) -> Package:
    """Return the package asked for; else the one the manifest describes; else the only one with an executable.

    Raises UsageError where there is none, or none with an executable, or several to choose from.
    """
    names = {package.name: package for package in workspace.members}
    programs = [package.name for package in workspace.members if package.bins]
    if wanted is not None and wanted not in names:
        raise UsageError(
            f"the workspace of {manifest} has no package `{wanted}`", hint=f"it has: {', '.join(sorted(names))}"
        )
    chosen = wanted or workspace.selected
    if chosen is None and len(programs) > 1:
        raise UsageError(
            f"several packages of {manifest} have an executable: {', '.join(programs)}",
            hint=f"choose one: --package {programs[0]}",
        )
    chosen = chosen or "".join(programs)
    if chosen not in programs:
        raise _no_program(names.get(chosen), programs, manifest)
    return names[chosen]


def _no_program(package: Package | None, programs: list[str], manifest: Path) -> UsageError:
    which = f"package `{package.name}` ({package.manifest})" if package else f"no package of {manifest}"
    hint = "add src/main.rs or a [[bin]] section"
    if programs:
        hint = f"choose a package that has one, as --package {programs[0]}, or {hint}"
    return UsageError(f"{which} has {'no' if package else 'an'} executable to put into an image", hint=hint)
