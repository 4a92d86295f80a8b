"""The example `web`: a server with many dependencies and a system library, to which the answer to `marker` is added."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.failure import BenchmarkError
from benchmarks.inputs.input import EXECUTABLE, NO_EXTRA, PACKAGE, Input, container_section

if TYPE_CHECKING:
    from benchmarks.inputs.input import Files

_EXAMPLE = Path(__file__).parents[2] / "examples" / "web"
_BUILD_DEPS = ("libssl-dev", "pkg-config")
_RUNTIME_DEPS = ("libssl3",)
_STARTS = "    let stop = stop_signal()?;\n"
_ANSWERS = """\
    if env::args().any(|word| word == "marker") {
        println!("{MARKER} v{} {}", env!("CARGO_PKG_VERSION"), extra());
        return Ok(());
    }
"""
_ANSWER = f"""
const MARKER: &str = "bin-0";

fn extra() -> String {{
    {NO_EXTRA}
}}
"""


def _make_files() -> Files:
    names = {"Cargo.toml", "Cargo.lock", "src/main.rs"}
    files = {name: (_EXAMPLE / name).read_text() for name in names}
    files["Cargo.toml"] = _name(_put(files["Cargo.toml"], "[package.metadata.container]", "[package.metadata.example]"))
    files["Cargo.lock"] = _put(files["Cargo.lock"], 'name = "web"', f'name = "{PACKAGE}"')
    files["src/main.rs"] = _put(files["src/main.rs"], _STARTS, _ANSWERS + _STARTS) + _ANSWER
    return files


def _name(text: str) -> str:
    named = _put(text, 'name = "web"', f'name = "{PACKAGE}"')
    return f"{named}\n{EXECUTABLE}{container_section(_BUILD_DEPS, _RUNTIME_DEPS)}"


def _put(text: str, old: str, new: str) -> str:
    if text.count(old) != 1:
        raise BenchmarkError(f"{_EXAMPLE.name} has {old.strip()!r} not once", hint="adapt benchmarks/inputs/web.py")
    return text.replace(old, new)


WEB = Input(
    name="web",
    make_files=_make_files,
    manifest="Cargo.toml",
    markers={"bin": "src/main.rs"},
    build_deps=_BUILD_DEPS,
    runtime_deps=_RUNTIME_DEPS,
)
