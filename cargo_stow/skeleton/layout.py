"""Which files the skeleton has: a manifest a package, a stub a target, the root's manifest, the lock."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

import tomli_w

from cargo_stow.model import Target
from cargo_stow.skeleton.dependencies import declared_names, has_build_dependencies
from cargo_stow.skeleton.lockfile import mask_lock
from cargo_stow.skeleton.manifest import VERSION, keep_package, mask_package, resolver_of, sorted_deeply
from cargo_stow.skeleton.root import mask_root

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cargo_stow.model import Closure, Package, Workspace

    Toml = Mapping[str, object]

# rustflags may deny what an empty source does not have: documentation, and a use for each of its dependencies.
_LIB = "//! A stub.\n#![allow(unknown_lints, unused_crate_dependencies)]\n"
_MAIN = f"{_LIB}fn main() {{}}\n"
_STUBS = {"lib": _LIB, "bin": _MAIN, "custom-build": _MAIN}
# For a package that has targets of other kinds only: cargo wants to see one.
_ANY = Target(name="any", kind="lib", path=PurePosixPath("src/lib.rs"))


class _Kept(NamedTuple):
    """A package that the skeleton holds, and its version there.

    One that is `whole` is copied with its sources, so it has no stubs.
    """

    package: Package
    targets: tuple[Target, ...]
    version: str
    whole: bool


def make_skeleton(
    *,
    workspace: Workspace,
    closure: Closure,
    executables: Mapping[Path, tuple[str, ...]],
    profile: str,
    manifests: Mapping[Path, Toml],
    lock: str | None,
) -> tuple[tuple[PurePosixPath, str], ...]:
    """Return the files of the skeleton, by their paths relative to the closure's root, sorted.

    `manifests` holds the parsed manifests of the closure's packages and of the workspace's root, by directory; `lock`
    is the text of Cargo.lock, None where there is none. `executables` names what is built by `profile`, for the
    directory of each package that it is built of.
    """
    old = resolver_of(manifests[workspace.root]) == "1"
    kept = list(_kept(workspace, closure, executables, manifests, old=old))
    masked = {each.package.directory: _masked(each, manifests, old=old) for each in kept}
    files = {
        Path(os.path.normpath(each.package.directory / target.path)): _STUBS[target.kind]
        for each in kept
        for target in (() if each.whole else each.targets)
    }
    tables = _with_workspaces(workspace, kept, masked, manifests, profile)
    for directory, table in tables.items():
        files[directory / "Cargo.toml"] = tomli_w.dumps(sorted_deeply(table))
    if lock is not None:
        names: dict[str, set[str]] = {}
        for each in kept:
            found = declared_names(masked[each.package.directory], tables.values())
            names.setdefault(each.package.name, set()).update(found)
        hidden = {each.package.name for each in kept if each.version == VERSION}
        files[workspace.lockfile] = mask_lock(lock, names, hidden)
    return tuple(sorted((PurePosixPath(path.relative_to(closure.root)), text) for path, text in files.items()))


def _kept(
    workspace: Workspace,
    closure: Closure,
    executables: Mapping[Path, tuple[str, ...]],
    manifests: Mapping[Path, Toml],
    *,
    old: bool,
) -> Iterator[_Kept]:
    """The packages that are compiled; where dev-dependencies count, those that cargo only knows of too.

    A script that is compiled with nothing compiles nothing for the layer.
    """
    compiled = {package.directory for package in closure.sources}
    for package in (*closure.sources, *(closure.manifests if old else ())):
        is_scripted = package.directory in compiled and has_build_dependencies(manifests[package.directory])
        kinds = {"lib", "custom-build"} if is_scripted else {"lib"}
        wanted = [target for target in package.targets if target.kind in kinds]
        named = executables.get(package.directory, ())
        wanted += [target for target in package.targets if target.kind == "bin" and target.name in named]
        whole = package.directory in closure.patched
        version = package.version if whole or package.name in workspace.homonyms else VERSION
        yield _Kept(package, tuple(wanted) or (_ANY,), version, whole)


def _with_workspaces(
    workspace: Workspace, kept: list[_Kept], masked: Mapping[Path, Toml], manifests: Mapping[Path, Toml], profile: str
) -> dict[Path, Toml]:
    """Add the `[workspace]` of the root, and of the others that crates outside of it inherit from."""
    whole = any(each.whole for each in kept)
    members = {package.directory for package in workspace.members}
    groups: dict[Path, dict[Path, Toml]] = {workspace.root: {}}
    for package in (each.package for each in kept):
        root = workspace.root if package.directory in members else package.root or package.directory
        groups.setdefault(root, {})[package.directory] = masked[package.directory]
    beside = {
        directory: _pointing(table, directory, root)
        for root, group in groups.items()
        for directory, table in group.items()
        if not directory.is_relative_to(root)
    }
    roots = {root: mask_root(manifests[root], root, group, profile, whole=whole) for root, group in groups.items()}
    return {**masked, **beside, **roots}


def _pointing(table: Toml, directory: Path, root: Path) -> Toml:
    """Say in a member's manifest where its root is: a link may have led from below it."""
    name = "package" if "package" in table else "project"
    package = {"workspace": os.path.relpath(root, directory), **_section(table, name)}
    return {**table, name: package}


def _section(table: Toml, name: str) -> Toml:
    found = table.get(name)
    return found if isinstance(found, Mapping) else {}


def _masked(kept: _Kept, manifests: Mapping[Path, Toml], *, old: bool) -> dict[str, object]:
    table = manifests[kept.package.directory]
    if kept.whole:
        return keep_package(table, with_dev=old)
    return mask_package(table, kept.package, kept.targets, version=kept.version, with_dev=old)
