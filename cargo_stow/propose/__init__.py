"""What `cargo stow init` proposes for a crate: its container section, as text. Pure: reads no file and asks nobody.

declared  what the manifests of local packages ask for, by their features
reach     which packages of Cargo.lock one package is compiled with
catalog   crates that need something of the system, and what, by package manager
bases     which package manager a base image has, as far as its name tells
proposal  all of it together → Proposal
section   Proposal → TOML, and where it goes in the manifest
"""

from cargo_stow.propose.bases import DEFAULT_BASE, system_of
from cargo_stow.propose.declared import Declared, make_declared
from cargo_stow.propose.proposal import Proposal, make_proposal
from cargo_stow.propose.reach import Reached, reach
from cargo_stow.propose.section import add_section, find_section

__all__ = [
    "DEFAULT_BASE",
    "Declared",
    "Proposal",
    "Reached",
    "add_section",
    "find_section",
    "make_declared",
    "make_proposal",
    "reach",
    "system_of",
]
