"""Reads packages by asking `cargo metadata --no-deps`, which needs no network.

Owns cargo's command line and the shape of its answer. The container sections come from the TOML files, since JSON
has no dates and no infinity. Source: The Cargo Book, "cargo metadata", format version 1.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cargo_stow.errors import ToolMissingError, UsageError
from cargo_stow.manifest.config import target_variables
from cargo_stow.manifest.locate import MANIFEST
from cargo_stow.manifest.paths import by_links, resolved
from cargo_stow.manifest.reader import Members
from cargo_stow.manifest.roots import container_of, package_table
from cargo_stow.manifest.targets import in_order, kind_of, make_target, named_targets
from cargo_stow.manifest.toml import load_toml
from cargo_stow.model import Package

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cargo_stow.process import Runner

_ARGUMENTS = ("metadata", "--no-deps", "--format-version", "1", "--color", "never", "--manifest-path")


def find_cargo(environment: Mapping[str, str]) -> str | None:
    """Return cargo's path: the `CARGO` that cargo sets for its subcommands, else the one on PATH."""
    path = environment.get("PATH", "")
    return shutil.which(environment.get("CARGO") or "cargo", path=path) or shutil.which("cargo", path=path)


class MetadataReader:
    """The reader that asks cargo. `start` is where cargo runs: it decides on toolchain and configuration."""

    def __init__(self, cargo: str, runner: Runner, start: Path, environment: Mapping[str, str]) -> None:
        self._cargo = cargo
        self._runner = runner
        self._start = start
        # cargo-stow never installs a toolchain on the side, which a `rust-toolchain.toml` makes rustup do.
        self._environment = {"RUSTUP_AUTO_INSTALL": "0", **environment, **target_variables(environment)}

    def works(self) -> bool:
        """Say whether this cargo starts at all. rustup's does not where the toolchain that was chosen is missing."""
        try:
            return self._runner.capture([self._cargo, "--version"], cwd=self._start, env=self._environment).code == 0
        except ToolMissingError:  # a script whose interpreter is gone
            return False

    def members(self, directory: Path) -> Members:
        """Read the workspace that the manifest of a directory belongs to."""
        answer = self._ask(directory / MANIFEST)
        try:
            return _members(answer)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise _strange(self._cargo, f"unexpected shape: {error!r}") from error

    def _ask(self, manifest: Path) -> Any:
        argv = [self._cargo, *_ARGUMENTS, str(manifest)]
        result = self._runner.capture(argv, cwd=self._start, env=self._environment)
        if result.code:
            raise UsageError(
                f"cargo cannot read {manifest}",
                hint="correct what cargo names; `cargo check` shows the same error",
                detail=result.stderr.strip(),
            )
        try:
            return json.loads(result.stdout)
        except ValueError as error:
            raise _strange(self._cargo, f"not JSON: {error}") from error


def _members(answer: Any) -> Members:
    members = set(answer["workspace_members"])
    packages = tuple(_package(entry) for entry in answer["packages"] if entry["id"] in members)
    root, target = Path(answer["workspace_root"]), Path(answer["target_directory"])
    return Members(root=root, packages=packages, target_directory=target)


def _package(entry: Any) -> Package:
    manifest = Path(entry["manifest_path"])
    table = load_toml(manifest)
    paths = [(dependency["kind"] == "dev", dependency.get("path")) for dependency in entry["dependencies"]]
    targets = [
        make_target(target["name"], kind, manifest.parent, Path(target["src_path"]))
        for target in entry["targets"]
        if (kind := kind_of(target["kind"]))
    ]
    return Package(
        name=entry["name"],
        version=entry["version"],
        directory=resolved(manifest.parent),
        targets=in_order([*targets, *named_targets(table, manifest.parent)]),
        needs=_all_resolved(path for is_dev, path in paths if path and not is_dev),
        knows=_all_resolved(path for is_dev, path in paths if path and is_dev),
        by_links=by_links(manifest.parent, [Path(path) for _, path in paths if path]),
        requires=tuple(sorted({dependency["name"] for dependency in entry["dependencies"]})),
        default_run=entry.get("default_run"),
        container=container_of(package_table(table)),
        description=entry.get("description"),
        license=entry.get("license"),
        repository=entry.get("repository"),
    )


def _all_resolved(directories: Iterable[str]) -> tuple[Path, ...]:
    return tuple(sorted({resolved(Path(path)) for path in directories}))


def _strange(cargo: str, complaint: str) -> UsageError:
    return UsageError(
        f"`{cargo} metadata` answered with something that is not cargo's format 1 ({complaint})",
        hint="check what `cargo` is on PATH, and what CARGO is set to",
    )
