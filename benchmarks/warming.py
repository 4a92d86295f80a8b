"""cargo-stow's counterpart of the images that others start from: its stages for the builder and for packages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.crate import Crate
from benchmarks.inputs.input import NO_EXTRA, program_manifest
from benchmarks.inputs.input import Input as _Input
from benchmarks.measure import run_timed

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.inputs.input import Files, Input
    from benchmarks.rivals import Rival

_NONCE = "warmup"
_MAIN = f"""\
const MARKER: &str = "bin-0";

fn main() {{
    let extra: String = {NO_EXTRA};
    println!("{{MARKER}} v{{}} {{extra}}", env!("CARGO_PKG_VERSION"));
}}
"""


def warm(rival: Rival, source: Input, scratch: Path, lock: str = "") -> str:
    """Build a crate without dependencies on the base and with the packages of an input; return its Stow.lock.

    The lock goes with every copy, as it would be committed with a crate; `lock` is one that is there already.
    """
    files: Files = {
        "Cargo.toml": program_manifest({}, source.build_deps, source.runtime_deps),
        "src/main.rs": _MAIN,
        **({"Stow.lock": lock} if lock else {}),
    }
    crate = Crate.copy(
        _Input(name="warmup", make_files=dict, manifest="Cargo.toml", markers={"bin": "src/main.rs"}),
        files, _NONCE, scratch / _NONCE,
    )  # fmt: skip
    crate.lock()
    run_timed(rival.command(crate), scratch / "warmup.log")
    rival.answer(crate)
    return (crate.root / "Stow.lock").read_text()
