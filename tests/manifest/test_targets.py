"""Which targets a package has. Every row is compared with cargo's answer, where there is a cargo."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from cargo_stow.errors import UsageError
from cargo_stow.model import Workspace

Tree = Callable[[Mapping[str, str]], Path]
Load = Callable[[Path], Workspace]

# name: (manifest below `[package] name = "my-app"`, files, targets as "kind name path")
ROWS: dict[str, tuple[str, str, list[str]]] = {
    "main": ("", "src/main.rs", ["bin my-app src/main.rs"]),
    "library": ("", "src/lib.rs", ["lib my_app src/lib.rs"]),
    "all": (
        'edition = "2021"',
        "src/lib.rs src/main.rs build.rs src/bin/b-c.rs src/bin/a/main.rs src/bin/a/mod.rs",
        [
            "lib my_app src/lib.rs",
            "bin a src/bin/a/main.rs",
            "bin b-c src/bin/b-c.rs",
            "bin my-app src/main.rs",
            "custom-build build-script-build build.rs",
        ],
    ),
    "not executables": (
        "",
        "src/main.rs src/bin/.x.rs src/bin/.d/main.rs src/bin/e/x.rs src/bin/x.txt src/bin/d.rs/x",
        ["bin my-app src/main.rs"],
    ),
    "examples, tests and benches that nobody names are left out": (
        "",
        "src/main.rs examples/e.rs tests/t.rs benches/b.rs",
        ["bin my-app src/main.rs"],
    ),
    "examples, tests and benches by name": (
        '[[bench]]\nname = "b"\nharness = false\n[[example]]\nname = "e"\npath = "demo/e.rs"\n[[test]]\nname = "t"',
        "src/main.rs demo/e.rs tests/t.rs benches/b.rs",
        ["bin my-app src/main.rs", "example e demo/e.rs", "test t tests/t.rs", "bench b benches/b.rs"],
    ),
    "bin without path": (
        'edition = "2021"\n[[bin]]\nname = "a"\n[[bin]]\nname="d"',
        "src/bin/a.rs src/bin/b.rs src/bin/d/main.rs",
        ["bin a src/bin/a.rs", "bin b src/bin/b.rs", "bin d src/bin/d/main.rs"],
    ),
    "bin with path replaces the one found": (
        'edition = "2021"\n[[bin]]\nname = "other"\npath = "./src/main.rs"',
        "src/main.rs src/bin/b.rs",
        ["bin b src/bin/b.rs", "bin other src/main.rs"],
    ),
    "bin of a found name with another path": (
        'edition = "2021"\n[[bin]]\nname = "my-app"\npath = "tool/x/../app.rs"',
        "src/main.rs tool/app.rs",
        ["bin my-app tool/app.rs"],
    ),
    "path outside": ('[[bin]]\nname = "x"\npath = "../x.rs"', "y", ["bin x ../x.rs"]),
    "autobins off": ('edition = "2021"\nautobins = false', "src/lib.rs src/main.rs", ["lib my_app src/lib.rs"]),
    "autobins off, one named": (
        'autobins = false\n[[bin]]\nname = "a"',
        "src/main.rs src/bin/a.rs src/bin/b.rs",
        ["bin a src/bin/a.rs"],
    ),
    "autolib off": ("autolib = false", "src/lib.rs src/main.rs", ["bin my-app src/main.rs"]),
    "lib with path": ('[lib]\npath = "source/l.rs"', "source/l.rs", ["lib my_app source/l.rs"]),
    "lib with name": ('[lib]\nname = "engine"', "src/lib.rs", ["lib engine src/lib.rs"]),
    "proc-macro": ("[lib]\nproc-macro = true", "src/lib.rs", ["lib my_app src/lib.rs"]),
    "cdylib": ('[lib]\ncrate-type = ["cdylib", "rlib"]', "src/lib.rs", ["lib my_app src/lib.rs"]),
    "build off": ("build = false", "src/lib.rs build.rs", ["lib my_app src/lib.rs"]),
    "build named": (
        'build = "tools/gen.rs"',
        "src/lib.rs build.rs",
        ["lib my_app src/lib.rs", "custom-build build-script-gen tools/gen.rs"],
    ),
    "2015 takes no others": ('[[bin]]\nname = "a"', "src/main.rs src/bin/a.rs", ["bin a src/bin/a.rs"]),
    "2015 autobins on": (
        'autobins = true\n[[bin]]\nname = "a"',
        "src/main.rs src/bin/a.rs",
        ["bin a src/bin/a.rs", "bin my-app src/main.rs"],
    ),
    "2015 bin beside": ('[[bin]]\nname = "a"', "src/main.rs src/a.rs", ["bin a src/a.rs"]),
    "2015 bin is main": (
        '[[bin]]\nname = "a"',
        "src/lib.rs src/main.rs src/a.rs",
        ["lib my_app src/lib.rs", "bin a src/main.rs"],
    ),
    "2015 bin in bin/main.rs": ('[[bin]]\nname = "a"', "src/bin/main.rs", ["bin a src/bin/main.rs"]),
    "2015 lib by its name": ('[lib]\nname = "engine"', "src/engine.rs", ["lib engine src/engine.rs"]),
    "unicode name": ('[[bin]]\nname = "größe"\npath = "x.rs"', "x.rs", ["bin größe x.rs"]),
}


def crate(tree: Tree, manifest: str, files: str) -> Path:
    text = f'[package]\nname = "my-app"\nversion = "1.2.3"\n{manifest}\n'
    return tree({"Cargo.toml": text, **dict.fromkeys(files.split(), "")})


@pytest.mark.parametrize("row", ROWS)
def test_targets(row: str, tree: Tree, load: Load) -> None:
    manifest, files, expected = ROWS[row]
    found = load(crate(tree, manifest, files)).members[0].targets
    assert [f"{each.kind} {each.name} {each.path}" for each in found] == expected


@pytest.mark.parametrize("row", ROWS)
def test_targets_are_cargos(row: str, tree: Tree, load: Load, load_with_cargo: Load) -> None:
    directory = crate(tree, *ROWS[row][:2])
    assert load_with_cargo(directory) == load(directory)


def test_a_linked_directory_is_no_executable_but_a_linked_file_is(
    tree: Tree, load: Load, load_with_cargo: Load
) -> None:
    directory = crate(tree, "", "src/lib.rs src/bin/a.rs other/main.rs")
    (directory / "src/bin/link").symlink_to(directory / "other")
    (directory / "src/bin/file.rs").symlink_to(directory / "other/main.rs")
    assert load(directory).members[0].bins == ("a", "file")
    assert load_with_cargo(directory) == load(directory)


@pytest.mark.parametrize(
    ("manifest", "files", "complaint"),
    [
        ('edition = "2021"\n[[bin]]\nname = "a"', "src/main.rs", r"no file for the executable 'a' \(`bin\[0\]` in"),
        ("[[bin]]", "src/main.rs", r"`bin\[0\].name` is missing, expected the name of an executable"),
        ('[[bin]]\nname = " "', "src/main.rs", r"`bin\[0\].name` is a string"),
        ("bin = 1", "src/main.rs", "`bin` is a number"),
        ("[lib]", "src/main.rs", r"a \[lib\] section in .*, but no file src/lib.rs"),
        ("lib = 1", "src/main.rs", "`package.lib` is|`lib` is a number"),
        ("build = 3", "src/main.rs", r"`package.build` is a number \(3\), expected true or false"),
        ("", "src/main.rs src/bin/my-app.rs", "two executables are called 'my-app'"),
        ('default-run = ["a"]', "src/main.rs", "`package.default-run` is a list"),
    ],
)
def test_refuses(tree: Tree, load: Load, manifest: str, files: str, complaint: str) -> None:
    if manifest in ("bin = 1", "lib = 1"):  # must stand above [package]
        directory = crate(tree, "", files)
        text = (directory / "Cargo.toml").read_text()
        (directory / "Cargo.toml").write_text(f"{manifest}\n{text}")
    else:
        directory = crate(tree, manifest, files)
    with pytest.raises(UsageError, match=complaint) as caught:
        load(directory)
    assert str(directory / "Cargo.toml") in str(caught.value)
    assert caught.value.hint


def test_names_that_are_not_utf8_are_passed_over(tree: Tree, load: Load) -> None:
    """As cargo does; in Cargo.toml, where `init` might put it, nothing could read such a name again."""
    root = tree({"Cargo.toml": '[package]\nname = "my-app"\n', "src/bin/a.rs": ""})
    for name in (b"\xfe.rs", b"\xff.rs"):
        Path(os.fsdecode(bytes(root / "src/bin") + b"/" + name)).touch()
    assert load(root).members[0].bins == ("a",)
