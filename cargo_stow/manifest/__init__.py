"""Reading Cargo's files: the only reader of Cargo's TOML. Writes nothing and changes nothing.

locate → workspace ─┬─ metadata (asks cargo) ─┐
└─ offline  (no cargo)  ──┴─→ Workspace → closure → Closure
config, toolchain: the other files that decide how a crate is built
"""

from cargo_stow.manifest.closure import closure
from cargo_stow.manifest.home import (
    find_bundle,
    load_credentials,
    load_outer_config,
    load_whole_config,
    registry_names,
    sent_config,
)
from cargo_stow.manifest.locate import check_manifest_path, find_manifest
from cargo_stow.manifest.project_config import config_files, config_root, source_directories, target_triple
from cargo_stow.manifest.toml import load_manifest, parse_toml
from cargo_stow.manifest.toolchain import ToolchainFile, is_channel, load_toolchain
from cargo_stow.manifest.workspace import load_workspace

__all__ = [
    "ToolchainFile",
    "check_manifest_path",
    "closure",
    "config_files",
    "config_root",
    "find_bundle",
    "find_manifest",
    "is_channel",
    "load_credentials",
    "load_manifest",
    "load_outer_config",
    "load_toolchain",
    "load_whole_config",
    "load_workspace",
    "parse_toml",
    "registry_names",
    "sent_config",
    "source_directories",
    "target_triple",
]
