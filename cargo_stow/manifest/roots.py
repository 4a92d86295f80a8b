"""Which workspace a manifest belongs to, by cargo's own search. Owns the cache of manifests that were read.

All paths here are normalized as text (cargo's idea of a directory), not resolved. Source: cargo's
`src/cargo/core/workspace.rs`, `find_workspace_root_with_loader` and `WorkspaceRootConfig::is_excluded`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cargo_stow.errors import UsageError
from cargo_stow.manifest.locate import MANIFEST
from cargo_stow.manifest.paths import exists, normalized
from cargo_stow.manifest.toml import Table, load_toml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


class Manifests:
    """The manifests on disk, each read once. A manifest is named by its directory."""

    def __init__(self, cargo_home: Path | None = None) -> None:
        self._cargo_home = cargo_home
        self._tables: dict[Path, Table] = {}

    def load(self, directory: Path) -> Table:
        """Read the manifest of a directory. Raises UsageError for one that describes neither package nor workspace."""
        if directory not in self._tables:
            table = load_toml(directory / MANIFEST)
            if package_table(table) is None and table.table("workspace") is None:
                raise UsageError(
                    f"{table.file} has neither a [package] nor a [workspace] section", hint=f"correct {table.file}"
                )
            self._tables[directory] = table
        return self._tables[directory]

    def root_of(self, directory: Path) -> Path | None:
        """Return the directory of the workspace root that a manifest belongs to, None where it stands alone."""
        found = self._root_seen_from(directory, directory)
        if found is not None:
            return found
        candidates = (self._root_seen_from(parent, directory) for parent in self._parents(directory))
        return next((root for root in candidates if root is not None), None)

    def workspace_of(self, directory: Path) -> Table | None:
        """Return the `[workspace]` table that a manifest inherits from."""
        root = self.root_of(directory)
        return self.load(root).table("workspace") if root is not None else None

    def _root_seen_from(self, here: Path, member: Path) -> Path | None:
        table = self.load(here)
        workspace = table.table("workspace")
        if workspace is not None:
            return None if is_excluded(workspace, here, member) else here
        package = package_table(table)
        pointer = package.text("workspace") if package else None
        return normalized(here / pointer) if pointer is not None else None

    def _parents(self, directory: Path) -> Iterator[Path]:
        """Yield the directories above that hold a manifest. The search ends at CARGO_HOME and at `target/package`."""
        for parent in directory.parents:
            if parent.parts[-2:] == ("target", "package"):
                return
            if exists(parent / MANIFEST):
                yield parent
            if parent == self._cargo_home:
                return


def is_excluded(workspace: Table, root: Path, member: Path) -> bool:
    """Say whether `exclude` covers a directory that no member's path covers."""
    listed = [member.is_relative_to(root / path) for path in workspace.texts("members") or ()]
    return not any(listed) and any(member.is_relative_to(root / path) for path in workspace.texts("exclude") or ())


def package_table(table: Table) -> Table | None:
    """Return `[package]`, by its old name `[project]` where only that is there."""
    return table.table("package") or table.table("project")


def inherited(package: Table, workspace: Table | None, name: str) -> str | None:
    """Return a text that may be `name.workspace = true`."""
    if not isinstance(package.values.get(name), dict):
        return package.text(name)
    entry = package.table(name)
    if entry is None or entry.flag("workspace") is not True:
        raise package.wrong(name, "a string or { workspace = true }")
    shared = workspace.table("package") if workspace else None
    text = shared.text(name) if shared else None
    if text is None:
        raise missing_in_workspace(entry, f"workspace.package.{name}")
    return text


def missing_in_workspace(entry: Table, key: str) -> UsageError:
    return UsageError(
        f"`{entry.key}` is inherited from the workspace, whose root has no `{key}`, in {entry.file}",
        hint=f"add `{key}` to the workspace's root manifest, or give `{entry.key}` a value",
    )


def container_of(table: Table | None) -> Mapping[str, object] | None:
    """Return the section `metadata.container` of a package or workspace as parsed. UsageError if it is no table."""
    section = table.table("metadata", "container") if table else None
    return section.values if section else None
