"""A workspace of fifty crates with hardly a dependency on others: one at the bottom, six layers of eight, a program.

Crate `i` of a layer uses crates `i` and `i + 3` of the layer below, and every crate uses the one at the bottom. Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.inputs.input import NO_EXTRA, NONCE, Input, manifest, path_dependencies, program_manifest
from benchmarks.inputs.records import make_records

if TYPE_CHECKING:
    from benchmarks.inputs.input import Files

_RECORDS = 8
_LAYERS = 6
_WIDTH = 8
_BOTTOM = "bottom"
_LEAF = f"l{_LAYERS - 1}c0"
_TOP = tuple(f"l{_LAYERS - 1}c{column}" for column in range(_WIDTH))
_LIBRARY = """\
pub mod records;

pub fn marker() -> &'static str {{
    "{marker}"
}}

pub fn weight(text: &str) -> u64 {{
    records::digest(text){terms}
}}
"""
_MAIN = f"""\
const MARKER: &str = "bin-0";

fn extra() -> String {{
    {NO_EXTRA}
}}

fn main() {{
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words.iter().any(|word| word == "marker") {{
        let (leaf, deepest) = (bench_{NONCE}_{_LEAF}::marker(), bench_{NONCE}_{_BOTTOM}::marker());
        println!("{{MARKER}} {{leaf}} {{deepest}} v{{}} {{}}", env!("CARGO_PKG_VERSION"), extra());
        return;
    }}
    let words = words.join(" ");
    let weight = weight(&words);
    println!("{{}}", serde_json::json!({{ "words": words, "weight": weight }}));
}}
"""


def _make_files() -> Files:
    files = {"Cargo.toml": '[workspace]\nmembers = ["crates/*"]\nresolver = "2"\n'}
    for name, uses in _libraries().items():
        others = {"itoa": '"1"'} if name == _BOTTOM else {}
        files[f"crates/{name}/Cargo.toml"] = manifest(name, {**others, **path_dependencies(uses)})
        files[f"crates/{name}/src/lib.rs"] = _library(name, uses)
        files[f"crates/{name}/src/records.rs"] = make_records(_RECORDS)
    uses = (*_TOP, _BOTTOM)
    files["crates/app/Cargo.toml"] = program_manifest({"serde_json": '"1"', **path_dependencies(uses)})
    files["crates/app/src/main.rs"] = f"{_MAIN}\nfn weight(text: &str) -> u64 {{\n    0{_terms(uses)}\n}}\n"
    return files


def _libraries() -> dict[str, tuple[str, ...]]:
    """Name → the crates it uses, from the bottom up."""
    found: dict[str, tuple[str, ...]] = {_BOTTOM: ()}
    for layer in range(_LAYERS):
        for column in range(_WIDTH):
            below = (f"l{layer - 1}c{column}", f"l{layer - 1}c{(column + 3) % _WIDTH}") if layer else ()
            found[f"l{layer}c{column}"] = (*below, _BOTTOM)
    return found


def _library(name: str, uses: tuple[str, ...]) -> str:
    marker = {_BOTTOM: "deepest-0", _LEAF: "leaf-0"}.get(name, name)
    terms = " ^ itoa::Buffer::new().format(text.len()).len() as u64" if name == _BOTTOM else _terms(uses)
    return _LIBRARY.format(marker=marker, terms=terms)


def _terms(uses: tuple[str, ...]) -> str:
    return "".join(f"\n        ^ bench_{NONCE}_{name}::weight(text)" for name in uses)


FIFTY = Input(
    name="fifty",
    make_files=_make_files,
    manifest="crates/app/Cargo.toml",
    markers={
        "bin": "crates/app/src/main.rs",
        "leaf": f"crates/{_LEAF}/src/lib.rs",
        "deepest": f"crates/{_BOTTOM}/src/lib.rs",
    },
)
