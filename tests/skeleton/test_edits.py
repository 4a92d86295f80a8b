"""Builds after builds in one cache, by the machine's cargo: what the program prints is what a cold build's would."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.skeleton.layouts import LIB, VENDORED, main, manifest, vendor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.machine import Machine
    from tests.skeleton.conftest import LayOut, Write

SECTION = '\n[package.metadata.container]\nbase_image = "debian:bookworm-slim"\n'
PRINTS = 'fn main() { println!("{}", env!("TEXT")); }\n'
WORKSPACE = '[workspace]\nmembers = {}\nresolver = "2"\n'
# The names in a directory, and a variable for rustc.
LIST = """\
fn names(of: &str) -> String {
    let mut names: Vec<_> = std::fs::read_dir(of).unwrap().map(|each| each.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names.join(",")
}
fn text(text: &str) { println!("cargo:rustc-env=TEXT={}", text); }
"""


@dataclass(frozen=True)
class Case:
    """Edits of a project one after the other, and what its program prints before and after each.

    `empty` is a directory in which there is nothing at first.
    """

    files: Mapping[str, str]
    edits: tuple[Mapping[str, str | None], ...]
    prints: tuple[str, ...]
    start: str = "."
    empty: str = "."


def script(text: str, *names: str) -> str:
    """A build script that runs again only when what it names changes, as it believes."""
    told = "".join(f'println!("cargo:rerun-if-changed={name}");' for name in names or ("build.rs",))
    return f"{LIST}fn main() {{ {text} {told} }}\n"


def macro(path: str) -> dict[str, str]:
    """A macro that reads a file of the package that uses it, and tells nobody."""
    return {
        "mac/Cargo.toml": manifest("mac", "[lib]\nproc-macro = true"),
        "mac/src/lib.rs": "use proc_macro::*;\n#[proc_macro] pub fn text(_: TokenStream) -> TokenStream {\n"
        f'let path = std::env::var("CARGO_MANIFEST_DIR").unwrap() + "/{path}";\n'
        'format!("{:?}", std::fs::read_to_string(path).unwrap()).parse().unwrap()\n}',
    }


COPY = 'for each in std::fs::read_to_string("names.txt").unwrap().split_whitespace() { std::fs::write(format!("{}/{}", out, each), each).unwrap(); }'
CASES = {
    "a directory that is listed becomes empty": Case(
        {"Cargo.toml": manifest(), "src/main.rs": PRINTS, "build.rs": script('text(&names("plugins"));', "plugins"),
         "plugins/one/x": "1", "plugins/two/x": "2"},
        ({"plugins/two": None},), ("one,two", "one"),
    ),
    "a member goes for which there is a pattern": Case(
        {"Cargo.toml": WORKSPACE.format("['app', 'crates/*']"), "app/Cargo.toml": manifest(), "app/src/main.rs": main(),
         "crates/one/Cargo.toml": manifest("one"), "crates/one/src/lib.rs": LIB,
         "crates/two/Cargo.toml": manifest("two"), "crates/two/src/lib.rs": LIB},
        ({"crates/two": None},), ("ok", "ok"), "app",
    ),
    "OUT_DIR of an earlier run": Case(
        {"Cargo.toml": manifest(), "src/main.rs": PRINTS, "names.txt": "a b",
         "build.rs": script(f'let out = std::env::var("OUT_DIR").unwrap(); {COPY} text(&names(&out));', "names.txt")},
        ({"names.txt": "a"},), ("a,b", "a"),
    ),
    "sources of an earlier run": Case(
        {"Cargo.toml": manifest(), "src/main.rs": PRINTS, "names.txt": "a b",
         "build.rs": script(f'let out = "src/made"; std::fs::create_dir_all(out).unwrap(); {COPY} text(&names(out));', "names.txt")},
        ({"names.txt": "a"},), ("a,b", "a"),
    ),
    "a script writes over a source that is committed": Case(
        {"Cargo.toml": manifest(), "src/main.rs": 'mod made; fn main() { println!("{}", made::TEXT); }',
         "src/made.rs": 'pub const TEXT: &str = "committed";', "text.txt": "written",
         "build.rs": script('let text = std::fs::read_to_string("text.txt").unwrap();'
                            'std::fs::write("src/made.rs", format!("pub const TEXT: &str = {:?};", text)).unwrap();', "text.txt")},
        ({}, {"src/main.rs": 'mod made; fn main() { println!("{}.", made::TEXT); }'}), ("written", "written", "written."),
    ),
    "a script reads its manifest": Case(
        {"Cargo.toml": manifest(more="[package.metadata.x]\nv = 'one'"), "src/main.rs": PRINTS,
         "build.rs": script('let all = std::fs::read_to_string("Cargo.toml").unwrap();'
                            "text(all.lines().find(|line| line.starts_with(\"v = \")).unwrap());")},
        ({"Cargo.toml": manifest(more="[package.metadata.x]\nv = 'two'") + SECTION},), ("v = 'one'", "v = 'two'"),
    ),
    "a script reads the root's manifest": Case(
        {"Cargo.toml": WORKSPACE.format("['app']") + "# one", "app/Cargo.toml": manifest(), "app/src/main.rs": PRINTS,
         "app/build.rs": script('text(std::fs::read_to_string("../Cargo.toml").unwrap().lines().last().unwrap());')},
        ({"Cargo.toml": WORKSPACE.format("['app']") + "# two"},), ("# one", "# two"), "app",
    ),
    "a script of a patched crate reads its manifest": Case(
        {**VENDORED, **vendor("other", "0.1.0", '[dependencies]\ntiny = "1.0"\n', "pub fn hello() { println!(\"{}\", tiny::TEXT) }\n"),
         "Cargo.toml": manifest(more="[dependencies]\nother = '0.1'\n[patch.crates-io]\ntiny = { path = 'ours' }"),
         "src/main.rs": "fn main() { other::hello() }",
         "ours/Cargo.toml": manifest("tiny", "# a comment", version="1.5.0"),
         "ours/src/lib.rs": 'pub const TEXT: &str = env!("TEXT");',
         "ours/build.rs": script('text(std::fs::read_to_string("Cargo.toml").unwrap().lines().last().unwrap());')},
        (), ("# a comment",),
    ),
    "a macro of a package within reads what is the root's": Case(
        {"Cargo.toml": manifest(more="[workspace]\nmembers = ['db', 'mac']\n[dependencies]\ndb = { path = 'db' }"),
         "src/main.rs": 'fn main() { println!("{}", db::text()); }', "q.json": "one",
         "db/Cargo.toml": manifest("db", "[dependencies]\nmac = { path = '../mac' }"),
         "db/src/lib.rs": "pub fn text() -> &'static str { mac::text!() }", **macro("../q.json")},
        ({"q.json": "two"},), ("one", "two"),
    ),
    "a macro reads a source": Case(
        {"Cargo.toml": WORKSPACE.format("['app', 'mac']"), "app/Cargo.toml": manifest(more="[dependencies]\nmac = { path = '../mac' }"),
         "app/src/main.rs": 'fn main() { println!("{}", mac::text!()); }', "app/src/page.rs": "one", **macro("src/page.rs")},
        ({"app/src/page.rs": "two"},), ("one", "two"), "app",
    ),
    "a script lists an empty directory": Case(
        {"Cargo.toml": manifest(), "src/main.rs": PRINTS, "build.rs": script('text(&format!("{:?}", names("empty")));')},
        ({"empty/x": ""}, {"empty/x": None}), ('""', '"x"', '""'), empty="empty",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_is_printed_after_each_edit(
    name: str, tree: Write, lay_out: LayOut, machine: Callable[[Path], Machine], lock: Callable[..., str]
) -> None:
    case = CASES[name]
    root = tree(case.files)
    (root / case.empty).mkdir(exist_ok=True)
    start = Path(os.path.normpath(root / case.start))
    (start / "Cargo.toml").write_text((start / "Cargo.toml").read_text() + SECTION)
    lock(root)
    here = machine(root)
    here.run(lay_out(start), "lock", "deps")
    printed = []
    for edit in ({}, *case.edits):
        tree(edit)
        lock(root)
        here.run(lay_out(start), "build")
        printed.append(subprocess.run([here.directory / "out/app"], capture_output=True, text=True, check=True).stdout)
    assert printed == [f"{text}\n" for text in case.prints]


def test_an_edit_of_a_source_runs_no_script(
    tree: Write, lay_out: LayOut, machine: Callable[[Path], Machine], lock: Callable[..., str]
) -> None:
    """cargo says what rustc read: were it not understood, each edit would be taken for one that a script may see."""
    root = tree({
        "Cargo.toml": manifest(more="[dependencies]\nlib = { path = 'lib' }") + SECTION, "src/main.rs": "mod one;" + main("lib"),
        "src/one.rs": "", "build.rs": main(), "lib/Cargo.toml": manifest("lib"), "lib/src/lib.rs": LIB, "lib/build.rs": main(),
    })  # fmt: skip
    lock(root)
    here = machine(root)
    here.run(lay_out(root), "lock", "deps", "build")
    scripts = [here.directory / "build/src" / name for name in ("build.rs", "lib/build.rs")]
    before = [path.stat().st_mtime_ns for path in scripts]
    for name in ("src/one.rs", "src/main.rs", "lib/src/lib.rs"):
        tree({name: (root / name).read_text() + "// edited\n"})
        output = here.run(lay_out(root), "build")
        assert [path.stat().st_mtime_ns for path in scripts] == before
        assert ("Compiling lib" in output) == name.startswith("lib")
