"""A workspace of eight crates, two of them programs, with the dependencies that such workspaces have. Pure.

model ← text, store ← schedule, render ← report ← app;  tool uses model, text and store. All depend on `model`; only
`app` uses `report`. The programs are thin, as most are that have libraries: arguments, and calls. What `tool` needs of
others is a part of what `app` needs, with the same features, so that a tool which prepares the whole workspace compiles
no more than one that prepares `app`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.inputs.input import NO_EXTRA, NONCE, Input, manifest, path_dependencies, program_manifest
from benchmarks.inputs.records import make_records

if TYPE_CHECKING:
    from benchmarks.inputs.input import Files

_RECORDS = 40
_OWN = {
    "model": (),
    "text": ("model",),
    "store": ("model",),
    "schedule": ("model", "store"),
    "render": ("model", "text", "store"),
    "report": ("model", "render"),
    "tool": ("model", "text", "store"),
    "app": ("model", "schedule", "report"),
}
_OTHERS = {
    "anyhow": '"1"',
    "clap": '{ version = "4", features = ["derive"] }',
    "regex": '"1"',
    "serde": '{ version = "1", features = ["derive"] }',
    "serde_json": '"1"',
    "tokio": '{ version = "1", features = ["macros", "rt", "rt-multi-thread", "sync", "time"] }',
}
_USED = {
    "model": ("serde",),
    "text": ("regex", "serde"),
    "store": ("anyhow", "serde", "serde_json"),
    "schedule": ("anyhow", "serde", "tokio"),
    "render": ("serde",),
    "report": ("anyhow", "serde", "serde_json"),
    "tool": ("anyhow", "clap"),
    "app": ("anyhow", "clap", "tokio"),
}
_CODE = {
    "model": "pub fn weight(text: &str) -> u64 {\n    records::digest(text)\n}\n",
    "text": """\
pub fn words(text: &str) -> Vec<String> {
    let pattern = regex::Regex::new(r"[\\p{L}\\d]+").expect("it is constant");
    pattern.find_iter(text).map(|found| found.as_str().to_lowercase()).collect()
}

pub fn weight(text: &str) -> u64 {
    records::digest(text) ^ model::weight(&words(text).join(" "))
}
""",
    "store": """\
pub fn load(text: &str) -> anyhow::Result<Vec<records::Record1>> {
    Ok(serde_json::from_str(text)?)
}

pub fn weight(text: &str) -> u64 {
    let count = load(text).map(|found| found.len()).unwrap_or_default();
    records::digest(text) ^ model::weight(&count.to_string())
}
""",
    "schedule": """\
pub async fn weight(text: String) -> anyhow::Result<u64> {
    let (sender, mut receiver) = tokio::sync::mpsc::channel(4);
    tokio::spawn(async move { sender.send(records::digest(&text) ^ store::weight(&text)).await });
    receiver.recv().await.ok_or_else(|| anyhow::anyhow!("nothing came"))
}
""",
    "render": """\
pub fn weight(text: &str) -> u64 {
    records::digest(text) ^ text::weight(text) ^ store::weight(text) ^ model::weight(text)
}
""",
    "report": """\
pub fn write(text: &str) -> anyhow::Result<String> {
    let weight = records::digest(text) ^ render::weight(text) ^ model::weight(text);
    Ok(serde_json::to_string_pretty(&serde_json::json!({ "text": text, "weight": weight }))?)
}
""",
}
_LIBRARY = """\
{imports}
pub mod records;

pub fn marker() -> &'static str {{
    "{marker}"
}}

{code}"""
_TOOL = f"""\
use bench_{NONCE}_model as model;
use bench_{NONCE}_store as store;
use bench_{NONCE}_text as text;
use clap::Parser;

#[derive(Parser)]
struct Arguments {{
    words: Vec<String>,
}}

fn main() -> anyhow::Result<()> {{
    let words = Arguments::try_parse()?.words.join(" ");
    println!("{{}} {{}}", model::weight(&words), text::weight(&words) ^ store::weight(&words));
    Ok(())
}}
"""
_APP = f"""\
use bench_{NONCE}_model as model;
use bench_{NONCE}_report as report;
use bench_{NONCE}_schedule as schedule;
use clap::Parser;

const MARKER: &str = "bin-0";

#[derive(Parser)]
struct Arguments {{
    #[arg(long)]
    seed: Option<u64>,
    words: Vec<String>,
}}

fn extra() -> String {{
    {NO_EXTRA}
}}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {{
    let arguments = Arguments::parse();
    if arguments.words.iter().any(|word| word == "marker") {{
        let version = env!("CARGO_PKG_VERSION");
        println!("{{MARKER}} {{}} {{}} v{{version}} {{}}", report::marker(), model::marker(), extra());
        return Ok(());
    }}
    let words = arguments.words.join(" ");
    let weight = schedule::weight(words.clone()).await?;
    println!("{{}} {{}}", report::write(&words)?, weight ^ arguments.seed.unwrap_or_default());
    Ok(())
}}
"""
_MARKERS = {"report": "leaf-0", "model": "deepest-0"}


def _make_files() -> Files:
    files = {"Cargo.toml": '[workspace]\nmembers = ["crates/*"]\nresolver = "2"\n'}
    for name in _OWN:
        home = f"crates/{name}"
        files[f"{home}/Cargo.toml"] = _manifest(name)
        if name in _CODE:
            files[f"{home}/src/lib.rs"] = _library(name)
        if "serde" in _USED[name]:
            files[f"{home}/src/records.rs"] = make_records(_RECORDS, serde=True)
    return files | {"crates/tool/src/main.rs": _TOOL, "crates/app/src/main.rs": _APP}


def _manifest(name: str) -> str:
    dependencies = {other: _OTHERS[other] for other in _USED[name]} | path_dependencies(_OWN[name])
    return program_manifest(dependencies) if name == "app" else manifest(name, dependencies)


def _library(name: str) -> str:
    imports = "".join(f"use bench_{NONCE}_{other} as {other};\n" for other in _OWN[name])
    return _LIBRARY.format(imports=imports, marker=_MARKERS.get(name, name), code=_CODE[name])


EIGHT = Input(
    name="eight",
    make_files=_make_files,
    manifest="crates/app/Cargo.toml",
    markers={
        "bin": "crates/app/src/main.rs",
        "leaf": "crates/report/src/lib.rs",
        "deepest": "crates/model/src/lib.rs",
    },
)
