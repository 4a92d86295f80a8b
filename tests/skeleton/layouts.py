"""Crates in the layouts that people have, each with an executable `app` that prints `ok`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

Files = Mapping[str, str]


@dataclass(frozen=True)
class Layout:
    """`start` is the directory of the package; `older` are crates that Cargo.lock holds at an older version.

    `again` are crates of a registry that are compiled twice.
    """

    files: Files
    start: str = "."
    older: Mapping[str, str] = field(default_factory=dict)
    again: tuple[str, ...] = ()


def manifest(name: str = "app", more: str = "", *, edition: str = "2021", version: str = "0.3.0") -> str:
    return f'[package]\nname = "{name}"\nversion = "{version}"\nedition = "{edition}"\n{more}\n'


def main(*uses: str) -> str:
    return f'fn main() {{ {" ".join(f"{use}::hello();" for use in uses)} println!("ok"); }}\n'


def vendor(name: str, version: str, more: str = "", text: str = "pub fn hello() {}\n") -> Files:
    """A crate of a registry, as `cargo vendor` leaves it."""
    directory = f"vendor/{name}-{version}"
    return {
        f"{directory}/Cargo.toml": manifest(name, more, version=version),
        f"{directory}/src/lib.rs": text,
        f"{directory}/.cargo-checksum.json": json.dumps({"files": {}, "package": f"{len(text):064x}"}),
    }


LIB = "pub fn hello() {}\n"
VENDORED = {
    ".cargo/config.toml": '[source.crates-io]\nreplace-with = "here"\n[source.here]\ndirectory = "vendor"\n',
    **vendor("tiny", "1.0.0"),
    **vendor("tiny", "1.1.0"),
    **vendor("small", "2.0.0", "[features]\nextra = []\n"),
    **vendor("other", "0.1.0", '[dependencies]\ntiny = "1.0"\n', "pub fn hello() { tiny::hello() }\n"),
    **vendor("unused", "0.1.0"),
}
LAYOUTS = {
    "a package": Layout({"Cargo.toml": manifest(), "src/main.rs": main()}),
    "without an edition": Layout({"Cargo.toml": '[package]\nname = "app"\nversion = "1.0.0"', "src/main.rs": main()}),
    "edition 2015": Layout({"Cargo.toml": manifest(edition="2015"), "src/main.rs": main()}),
    "edition 2018": Layout({"Cargo.toml": manifest(edition="2018"), "src/main.rs": main()}),
    "edition 2024": Layout({"Cargo.toml": manifest(edition="2024"), "src/main.rs": main()}),
    "its old name": Layout({"Cargo.toml": '[project]\nname = "app"\nversion = "1.0.0"', "src/main.rs": main()}),
    "library and executables": Layout(
        {
            "Cargo.toml": manifest(
                more="[features]\nonly = []\ndefault = ['only']\n"
                '[[bin]]\nname = "app"\npath = "tools/it.rs"\nrequired-features = ["only"]\n[[bin]]\nname = "z"\n'
                '[lib]\nname = "inner"\ncrate-type = ["rlib", "cdylib"]\n[lints.rust]\nunused = "deny"\n'
                "[[example]]\nname = 'e'\n[[test]]\nname = 't'\n[[bench]]\nname = 'b'\nharness = false\n"
            ),
            "tools/it.rs": main("inner"), "src/lib.rs": LIB, "src/bin/z.rs": main(),
            "examples/e.rs": main(), "tests/t.rs": "", "benches/b.rs": main(),
        },
    ),
    "a virtual workspace": Layout(
        {
            "Cargo.toml": '[workspace]\nmembers = ["app", "lib*", "idle", "tool"]\nresolver = "2"\n',
            "app/Cargo.toml": manifest(more='[dependencies]\nlib-a = { path = "../lib-a", version = "0.3" }'),
            "app/src/main.rs": main("lib_a"),
            "lib-a/Cargo.toml": manifest("lib-a", "[dependencies.lib-b]\npath = '../lib-b'\nversion = '=0.3.0'"),
            "lib-a/src/lib.rs": LIB,
            "lib-b/Cargo.toml": manifest("lib-b", "[dev-dependencies]\nlib-a = { path = '../lib-a' }"),
            "lib-b/src/lib.rs": LIB,
            "idle/Cargo.toml": manifest("idle"), "idle/src/lib.rs": LIB,
            "tool/Cargo.toml": manifest("tool"), "tool/src/main.rs": main(),
        },
        "app",
    ),
    "the first resolver": Layout(
        {
            "Cargo.toml": '[workspace]\nmembers = ["app", "lib", "tool", "native", "tests-only"]\n',
            "app/Cargo.toml": manifest(
                more="[dependencies]\nlib = { path = '../lib' }\n[dev-dependencies]\nhelp = { path = '../../help' }"
                "\nlib = { path = '../lib', features = ['extra'], version = '0.3' }",
                edition="2018",
            ),
            "app/src/main.rs": main("lib"),
            "lib/Cargo.toml": manifest("lib", "[features]\nextra = []"),
            "lib/src/lib.rs": "#[cfg(not(feature = \"extra\"))] compile_error!(\"\");\n" + LIB,
            "tool/Cargo.toml": manifest("tool"), "tool/src/main.rs": main(),
            "native/Cargo.toml": manifest("native", 'links = "z"'.join(["\n", "\n"])),
            "native/src/lib.rs": LIB, "native/build.rs": main(),
            "tests-only/Cargo.toml": manifest("tests-only", "[[test]]\nname = 't'\npath = 't.rs'"), "tests-only/t.rs": "",
            "../help/Cargo.toml": manifest("help"), "../help/src/lib.rs": LIB,
        },
        "app",
    ),
    "a root package with members": Layout(
        {
            "Cargo.toml": manifest(
                more='resolver = "2"\n[workspace]\nmembers = ["sub"]\ndefault-members = ["sub"]\nexclude = ["apart"]'
                "\n[dependencies]\nsub = { path = 'sub' }\napart = { path = 'apart' }"
            ),
            "src/main.rs": main("sub", "apart"),
            "sub/Cargo.toml": manifest("sub", "[dependencies]\nimplied = { path = 'implied' }"), "sub/src/lib.rs": LIB,
            "sub/implied/Cargo.toml": manifest("implied"), "sub/implied/src/lib.rs": LIB,
            "apart/Cargo.toml": manifest("apart", "[workspace]"), "apart/src/lib.rs": LIB,
        },
    ),
    "a root package that is not compiled": Layout(
        {
            "Cargo.toml": manifest("top", "[workspace]\nmembers = ['app']\n[dependencies]\nnothing = '1'\n[features]\nx = []"),
            "src/main.rs": main(),
            "app/Cargo.toml": manifest(edition="2018"), "app/src/main.rs": main(),
            ".cargo/config.toml": VENDORED[".cargo/config.toml"], **vendor("nothing", "1.0.0"),
        },
        "app",
    ),
    "a member beside its workspace": Layout(
        {
            "Cargo.toml": '[workspace]\nmembers = ["../app", "../lib"]\nresolver = "2"\n[workspace.package]\nedition = "2021"',
            "../app/Cargo.toml": '[package]\nname = "app"\nversion = "1.0.0"\nworkspace = "../work"\nedition.workspace = true'
            '\n[dependencies]\nlib = { path = "../lib" }',
            "../app/src/main.rs": main("lib"),
            "../lib/Cargo.toml": manifest("lib", "workspace = '../work'"), "../lib/src/lib.rs": LIB,
        },
        "../app",
    ),
    "path crates outside, one a workspace": Layout(
        {
            "Cargo.toml": manifest(more="[dependencies]\nout = { path = '../out', version = '0.3.0' }"),
            "src/main.rs": main("out"),
            "../out/Cargo.toml": manifest(
                "out",
                "[workspace]\nmembers = ['below', 'idle']\n[workspace.package]\nedition = '2021'\nversion = '9.9.9'\n"
                "[workspace.dependencies]\nalso = { path = 'also', version = '0.3' }\n[dependencies]\nbelow = { path = 'below' }",
            ),
            "../out/src/lib.rs": LIB,
            "../out/below/Cargo.toml": "[package]\nname = 'below'\nversion.workspace = true\nedition.workspace = true\n"
            "[dependencies]\nalso.workspace = true",
            "../out/below/src/lib.rs": LIB,
            "../out/also/Cargo.toml": manifest("also"), "../out/also/src/lib.rs": LIB,
            "../out/idle/Cargo.toml": manifest("idle"), "../out/idle/src/lib.rs": LIB,
        },
    ),
    "a path crate of another workspace, which is virtual": Layout(
        {
            "Cargo.toml": manifest(more="[dependencies]\na = { path = '../out/crates/a' }\nb = { path = '../bare/b' }"),
            "src/main.rs": main("a", "b"),
            "../out/Cargo.toml": "[workspace]\nmembers = ['crates/a', 'idle']\nresolver = '2'\n[workspace.package]\n"
            "edition = '2021'\nversion = '1.0.0'\n[workspace.dependencies]\nc = { path = 'c', version = '1' }\n",
            "../out/crates/a/Cargo.toml": "[package]\nname = 'a'\nedition.workspace = true\nversion.workspace = true\n"
            "[dependencies]\nc.workspace = true",
            "../out/crates/a/src/lib.rs": "pub use c::hello;\n",
            "../out/c/Cargo.toml": "[package]\nname = 'c'\nversion.workspace = true", "../out/c/src/lib.rs": LIB,
            "../out/idle/Cargo.toml": manifest("idle"), "../out/idle/src/lib.rs": LIB,
            "../bare/Cargo.toml": "[workspace]\nmembers = ['b']\nresolver = '2'\n",
            "../bare/b/Cargo.toml": manifest("b"), "../bare/b/src/lib.rs": LIB,
        },
    ),
    "configuration above the package": Layout(
        {
            "../.git/HEAD": "", "Cargo.toml": manifest(more="[dependencies]\ntiny = '1'"),
            "src/main.rs": '#[cfg(not(special))] compile_error!("");\n' + main("tiny"),
            **{f"../{name}": text for name, text in VENDORED.items()},
            "../.cargo/config.toml": VENDORED[".cargo/config.toml"] + "[build]\nrustflags = ['--cfg', 'special']\n",
        },
    ),
    "programs and files that the configuration names": Layout(
        {
            "Cargo.toml": "[workspace]\nmembers = ['app']\nresolver = '2'",
            "app/Cargo.toml": manifest(more="[dependencies]\ns = '1'"),
            "app/src/main.rs": 'const _: &str = include_str!(concat!(env!("DATA"), "/x"));\n' + main("s"), "app/data/x": "",
            **VENDORED, **vendor("s", "1.0.0"),
            "vendor/s-1.0.0/build.rs": 'fn main() { std::fs::read_to_string(std::env::var("THIRD").unwrap() + "/s.h").unwrap(); }',
            "third/s.h": "",
            ".cargo/config.toml": VENDORED[".cargo/config.toml"] + "[build]\nrustc-wrapper = 'scripts/wrap'\n"
            "[target.'cfg(unix)']\nlinker = 'app/tool.sh'\n[env]\nTHIRD = { value = 'third', relative = true }\n"
            "DATA = { value = 'app/data', relative = true }\nROOT = { value = '', relative = true }\n",
            "scripts/wrap": '#!/bin/sh\nexec "$@"\n', "app/tool.sh": '#!/bin/sh\nexec cc "$@"\n',
        },
        "app",
    ),
    "links that lead out of the package": Layout(
        {
            "../.git/HEAD": "", "Cargo.toml": "[workspace]\nmembers = ['app']\nresolver = '2'",
            "app/Cargo.toml": manifest(more="[dependencies]\na = { path = '../libs/a' }\nb = { path = '../more/b' }"),
            "app/src/main.rs": 'mod c;\nconst _: &str = include_str!("../data/deep/x.txt");\n#[cfg(not(special))] compile_error!("");\n'
            + main("a", "b", "c"),
            "libs/a": "-> ../../shared/a", "../shared/a/Cargo.toml": manifest("a"), "../shared/a/src/lib.rs": LIB,
            "more": "-> ../way", "../way": "-> shared", "../shared/b/Cargo.toml": manifest("b"), "../shared/b/src/lib.rs": LIB,
            "app/src/c.rs": "-> ../../common/c.rs", "common/c.rs": "-> real.rs", "common/real.rs": LIB,
            "app/data": "-> ../common/data", "common/data/deep/x.txt": "x", "common/data/y.txt": "-> ../y.txt", "common/y.txt": "",
            ".cargo/config.toml": "-> ../ci/c.toml", "ci/c.toml": "[build]\nrustflags = ['--cfg', 'special']\n",
            "app/up": "-> ..", "app/nowhere": "-> nothing", "app/away": "-> /etc", "app/round": "-> round",
            "app/target-of-others": "-> ../../..",
        },
        "app",
    ),
    "lints that are denied to all": Layout(
        {
            "Cargo.toml": manifest(more="[dependencies]\nlib = { path = 'lib' }\n[build-dependencies]\nlib = { path = 'lib' }"),
            "src/main.rs": "//! Documented.\n" + main("lib"), "build.rs": "//! Documented.\n" + main("lib"),
            "lib/Cargo.toml": manifest("lib"), "lib/src/lib.rs": "//! Documented.\n/// Says hello.\n" + LIB,
            ".cargo/config.toml": "[build]\nrustflags = ['-Dmissing_docs', '-Dunused_crate_dependencies', '-Dwarnings']",
        },
    ),
    "what is included and is not of the package": Layout(
        {
            "Cargo.toml": manifest(more="[workspace]\nmembers = ['other']"),
            "src/main.rs": 'const _: &str = include_str!("../other/x.txt");\nconst _: &str = include_str!("../Dockerfile");\n'
            'const _: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/other/y.txt"));\n' + main(),
            "other/Cargo.toml": manifest("other"), "other/src/lib.rs": LIB, "other/x.txt": "x", "other/y.txt": "y",
            "Dockerfile": "FROM x",
        },
    ),
    "a nested crate and no workspace": Layout(
        {
            "Cargo.toml": manifest(more="[dependencies]\nsub = { path = 'sub', version = '0.3.0' }"),
            "src/main.rs": main("sub"), "sub/Cargo.toml": manifest("sub"), "sub/src/lib.rs": LIB,
        },
    ),
    "inherited dependencies": Layout(
        {
            **VENDORED,
            "Cargo.toml": '[workspace]\nmembers = ["app", "lib"]\nresolver = "2"\n'
            '[workspace.package]\nedition = "2021"\nversion = "1.2.3"\nlicense = "MIT"\n[workspace.lints.rust]\nunused = "warn"\n'
            '[workspace.dependencies]\nlib = { path = "lib", version = "1.2" }\ntiny = "1.0"\nunused = "0.1"\n'
            'little = { package = "small", version = "2", default-features = false }\n',
            "app/Cargo.toml": "[package]\nname = 'app'\nversion.workspace = true\nedition.workspace = true\n"
            "license = { workspace = true }\n[lints]\nworkspace = true\n[dependencies]\nlib.workspace = true\n"
            "little = { workspace = true, features = ['extra'] }\n[dev-dependencies]\nunused.workspace = true",
            "app/src/main.rs": main("lib", "little"),
            "lib/Cargo.toml": "[package]\nname = 'lib'\nedition = { workspace = true }\nversion.workspace = true\n"
            "[dependencies]\ntiny.workspace = true",
            "lib/src/lib.rs": "pub fn hello() { tiny::hello() }",
        },
        "app",
        {"tiny": "1.0.0"},
    ),
    "vendored crates": Layout(
        {
            **VENDORED,
            "Cargo.toml": manifest(
                more="[dependencies]\ntiny = '1'\nother = '0.1'\nbrief = { package = 'small', version = '2' }\n"
                "[target.'cfg(windows)'.dependencies]\nunused = '0.1'\n[profile.dev.package.tiny]\nopt-level = 1"
            ),
            "src/main.rs": main("tiny", "other", "brief"),
        },
        older={"tiny": "1.0.0"},
    ),
    "a patch": Layout(
        {
            **VENDORED,
            "Cargo.toml": manifest(
                more="[dependencies]\nother = '0.1'\nsmall = '2'\n[patch.crates-io]\ntiny = { path = 'ours' }\n"
            ),
            "src/main.rs": main("other", "small"),
            "ours/Cargo.toml": manifest(
                "tiny",
                "[dependencies]\nbase = { path = '../base', version = '0.3' }\n[dev-dependencies]\nx = { path = '../x' }"
                "\n[[bin]]\nname = 'extra'\npath = 'extra.rs'",
                version="1.5.0",
            ),
            "ours/src/lib.rs": "pub fn hello() { base::hello(); include_str!(\"note.txt\"); }", "ours/src/note.txt": "note",
            "ours/extra.rs": main(),
            "base/Cargo.toml": manifest("base"), "base/src/lib.rs": LIB,
            "x/Cargo.toml": manifest("x"), "x/src/lib.rs": LIB,
        },
    ),
    "a patch that has the configuration in it": Layout(
        {
            **VENDORED,
            "Cargo.toml": manifest("tiny", "[workspace]\nmembers = ['app']\n[patch.crates-io]\ntiny = { path = '.' }", version="1.5.0"),
            "src/lib.rs": LIB,
            "app/Cargo.toml": manifest(more="[dependencies]\nother = '0.1'\n"), "app/src/main.rs": main("other"),
        },
        "app",
    ),
    "a patch in a workspace": Layout(
        {
            **VENDORED,
            "Cargo.toml": "[workspace]\nmembers = ['app', 'ours', 'x']\nresolver = '2'\n[workspace.package]\nversion = '1.5.0'\n"
            "[workspace.lints.rust]\nunused = 'warn'\n[patch.crates-io]\ntiny = { path = 'ours' }\nunused = { path = 'x' }\n"
            "[workspace.dependencies]\nx = { path = 'x', version = '0.1', package = 'unused' }\n",
            "app/Cargo.toml": manifest(more="[dependencies]\nother = '0.1'\nsmall = '2'\n"),
            "app/src/main.rs": main("other", "small"),
            "ours/Cargo.toml": "[package]\nname = 'tiny'\nversion.workspace = true\n[lints]\nworkspace = true\n"
            "[dev-dependencies]\nx.workspace = true\nhelp = { path = '../help' }",
            "ours/src/lib.rs": LIB,
            "x/Cargo.toml": manifest("unused", version="0.1.7"), "x/src/lib.rs": LIB,
            "help/Cargo.toml": manifest("help"), "help/src/lib.rs": LIB,
        },
        "app",
    ),
    "build scripts, links and macros": Layout(
        {
            **VENDORED,
            "Cargo.toml": '[workspace]\nmembers = ["app", "native", "macros"]\nresolver = "2"\n',
            "app/Cargo.toml": manifest(
                more="build = 'script/gen.rs'\n[dependencies]\nnative = { path = '../native' }\nmacros = { path = '../macros' }\n"
                "[build-dependencies]\nsmall = '2'"
            ),
            "app/script/gen.rs": main("small"), "app/src/main.rs": "macros::nothing!();\n" + main("native"),
            "native/Cargo.toml": manifest("native", "links = 'native'\n[build-dependencies]\ntiny = '1'"),
            "native/build.rs": main("tiny"), "native/src/lib.rs": LIB,
            "macros/Cargo.toml": manifest("macros", "[lib]\nproc-macro = true"),
            "macros/src/lib.rs": "use proc_macro::TokenStream;\n#[proc_macro] pub fn nothing(item: TokenStream) -> TokenStream { item }",
        },
        "app",
        {"tiny": "1.0.0"},
    ),
    "features and optional crates": Layout(
        {
            **VENDORED,
            "Cargo.toml": '[workspace]\nmembers = ["app", "lib", "maybe", "test-kit"]\nresolver = "2"\n',
            "app/Cargo.toml": manifest(
                more="[features]\ndefault = ['full', 'test-kit/x']\nfull = ['dep:maybe', 'lib/more', 'small?/extra']\n"
                "[dependencies]\nlib = { path = '../lib', default-features = false }\nsmall = { version = '2', optional = true }\n"
                "[target.'cfg(unix)'.dependencies]\nmaybe = { path = '../maybe', version = '0.3', optional = true }\n"
                "[target.'cfg(windows)'.dependencies]\nunused = '0.1'\nfar = { path = '../../far' }\n"
                "[dev-dependencies]\ntest-kit = { path = '../test-kit' }\n"
            ),
            "app/src/main.rs": main("lib", "maybe"),
            "lib/Cargo.toml": manifest("lib", "[features]\nmore = ['tiny']\n[dependencies]\ntiny = { version = '1', optional = true }"),
            "lib/src/lib.rs": "pub fn hello() { tiny::hello() }",
            "maybe/Cargo.toml": manifest("maybe"), "maybe/src/lib.rs": LIB,
            "test-kit/Cargo.toml": manifest("test-kit", "[features]\nx = []"), "test-kit/src/lib.rs": LIB,
            "../far/Cargo.toml": manifest("far"), "../far/src/lib.rs": LIB,
        },
        "app",
        {"tiny": "1.0.0"},
    ),
    "two crates of one name": Layout(
        {
            **VENDORED,
            "Cargo.toml": manifest(
                more="[dependencies]\nmine = { package = 'tiny', path = 'mine' }\ntiny = '1'\n"
                "yours = { package = 'tiny', path = 'yours' }"
            ),
            "src/main.rs": main("mine", "tiny", "yours"),
            "mine/Cargo.toml": manifest("tiny", version="7.0.0"), "mine/src/lib.rs": LIB,
            "yours/Cargo.toml": manifest("tiny", version="8.0.0"), "yours/src/lib.rs": LIB,
        },
        older={"tiny@1.1.0": "1.0.0"},
        again=("tiny",),  # what the stub of `mine` left goes by its name, and so does this

    ),
    "a package with the name of a crate that it depends on": Layout(
        {
            **VENDORED,
            "it's [a] #1/100%/Cargo.toml": manifest(
                "tiny", "[[bin]]\nname = 'app'\npath = 'app.rs'\n[dependencies]\nold = { package = 'tiny', version = '1' }"
            ),
            "it's [a] #1/100%/app.rs": main("old"),
            "Cargo.toml": "[workspace]\nmembers = ['*/100%']\nresolver = '2'",
        },
        "it's [a] #1/100%",
        again=("tiny",),  # as above
    ),
    "a dependency that is no library": Layout(
        {
            "Cargo.toml": manifest(more="[dependencies]\ntool = { path = 'tool' }"), "src/main.rs": main(),
            "tool/Cargo.toml": manifest("tool"), "tool/src/main.rs": main(),
        },
    ),
    "names that mean something": Layout(
        {
            "Cargo.toml": "[workspace]\nmembers = ['it''s [a] #1/app', 'a$b \\* c/lib']\nresolver = '2'\n".replace("'it''s", '"it\'s').replace("app'", 'app"'),
            "it's [a] #1/app/Cargo.toml": manifest(more="[dependencies]\nlib = { path = '../../a$b \\* c/lib' }"),
            "it's [a] #1/app/src/main.rs": main("lib"),
            "a$b \\* c/lib/Cargo.toml": manifest("lib"), "a$b \\* c/lib/src/lib.rs": LIB,
        },
        "it's [a] #1/app",
    ),
}  # fmt: skip
