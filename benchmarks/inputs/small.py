"""One crate with two small dependencies. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.inputs.input import NO_EXTRA, Input, program_manifest

if TYPE_CHECKING:
    from benchmarks.inputs.input import Files

_MAIN = """\
const MARKER: &str = "bin-0";

fn extra() -> String {
    NO_EXTRA
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words.iter().any(|word| word == "marker") {
        println!("{MARKER} v{} {}", env!("CARGO_PKG_VERSION"), extra());
        return;
    }
    let mut buffer = itoa::Buffer::new();
    println!("{} {}", buffer.format(words.len()), serde_json::json!({ "words": words }));
}
"""


def _make_files() -> Files:
    return {
        "Cargo.toml": program_manifest({"itoa": '"1"', "serde_json": '"1"'}),
        "src/main.rs": _MAIN.replace("NO_EXTRA", NO_EXTRA),
    }


SMALL = Input(name="small", make_files=_make_files, manifest="Cargo.toml", markers={"bin": "src/main.rs"})
