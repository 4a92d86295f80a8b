"""(Closure, Settings, Lock) → Plan: which steps make this crate an image. Pure, as plan.py is.

base       the one base image                       toolchain   only a source of files
builder    base + C linker + build_deps
rustup     builder + a toolchain that no image has, where one is asked for; without either, the base's own is used
tools      builder + the program that keeps sources fresh by content, and asks what executables are linked with
lock       builder + Cargo.lock without what no dependency depends on, where the plan has to make it itself
deps       builder + every dependency compiled: a layer that caches can export
packages   base + the packages that runtime_deps names, if it names any
assets     builder: the files that go into the image as they are, where there are some
furnished  packages or base + assets, where some may be libraries, for the loader to find them in
build      builder: sources and caches mounted, begun as the layer ended; compiles, leaves the executable in /out if
           the image can load it; or, with "auto", a list of the packages with which it can in /linkage
runtime    packages or base + what is listed + assets + the executable
"""

from __future__ import annotations

from cargo_stow.planner.group import Group, Member, kinship, make_group
from cargo_stow.planner.sources import OBJECTS, OWN_FILES, make_context
from cargo_stow.planner.stages import make_plan

__all__ = ["OBJECTS", "OWN_FILES", "Group", "Member", "kinship", "make_context", "make_group", "make_plan"]
