"""Reading Cargo's files: the only reader of Cargo's TOML. Writes nothing and changes nothing.

locate → workspace ─┬─ metadata (asks cargo) ─┐
└─ offline  (no cargo)  ──┴─→ Workspace → closure → Closure
config, toolchain: the other files that decide how a crate is built
"""

from cargo_stow.manifest.closure import closure
from cargo_stow.manifest.config import config_files, source_directories, target_triple
from cargo_stow.manifest.locate import check_manifest_path, find_manifest
from cargo_stow.manifest.toolchain import ToolchainFile, is_channel, load_toolchain
from cargo_stow.manifest.workspace import load_workspace

__all__ = [
    "ToolchainFile",
    "check_manifest_path",
    "closure",
    "config_files",
    "find_manifest",
    "is_channel",
    "load_toolchain",
    "load_workspace",
    "source_directories",
    "target_triple",
]
