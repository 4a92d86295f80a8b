"""Which packages a workspace has, and what they reach. Every row is compared with cargo's answer where there is one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from cargo_stow.errors import UsageError
from cargo_stow.model import Workspace

Tree = Callable[[Mapping[str, str]], Path]
Load = Callable[[Path], Workspace]


def crate(name: str, more: str = "") -> str:
    return f'[package]\nname = "{name}"\nversion = "1.0.0"\nedition = "2021"\n{more}\n'


# name: (manifests by directory, where to start, members, outside). Every package gets a src/lib.rs.
ROWS: dict[str, tuple[dict[str, str], str, list[str], list[str]]] = {
    "alone": ({".": crate("a")}, ".", ["a"], []),
    "no version": ({".": '[package]\nname = "a"'}, ".", ["a"], []),
    "project": ({".": '[project]\nname = "a"'}, ".", ["a"], []),
    "virtual": (
        {".": '[workspace]\nmembers = ["x", "y"]\ndefault-members = ["y"]', "x": crate("a"), "y": crate("b")},
        ".",
        ["a", "b"],
        [],
    ),
    "from a member": (
        {".": '[workspace]\nmembers = ["x/y"]', "x/y": crate("a")},
        "x/y",
        ["a"],
        [],
    ),
    "root package with members": (
        {".": '[workspace]\nmembers = ["x"]\n' + crate("r"), "x": crate("a")},
        ".",
        ["r", "a"],
        [],
    ),
    "globs": (
        {
            ".": '[workspace]\nmembers = ["crates/*", "./[p-q]?", "deep/**/pkg"]',
            "crates/a": crate("a"),
            "crates/.hidden": crate("h"),
            "p1": crate("p"),
            "r1": crate("r"),
            "deep/x/y/pkg": crate("y"),
            "deep/pkg": crate("z"),
        },
        ".",
        ["h", "a", "z", "y", "p"],
        [],
    ),
    "exclude": (
        {".": '[workspace]\nmembers = ["c/*"]\nexclude = ["c/b"]', "c/a": crate("a"), "c/b": crate("b")},
        ".",
        ["a"],
        [],
    ),
    "exclude, from the excluded": (
        {".": '[workspace]\nmembers = ["c/a"]\nexclude = ["c/b"]', "c/a": crate("a"), "c/b": crate("b")},
        "c/b",
        ["b"],
        [],
    ),
    "members win over exclude": (
        {".": '[workspace]\nmembers = ["c/a"]\nexclude = ["c"]', "c/a": crate("a")},
        "c/a",
        ["a"],
        [],
    ),
    "path dependencies inside are members": (
        {
            ".": "[workspace]\n" + crate("r", '[dependencies]\na = { path = "x" }'),
            "x": crate("a", '[dev-dependencies]\nb = { path = "../y" }'),
            "y": crate("b"),
        },
        ".",
        ["r", "a", "b"],
        [],
    ),
    "path dependencies without a workspace are not": (
        {".": crate("r", '[dependencies]\na = { path = "x" }'), "x": crate("a")},
        ".",
        ["r"],
        ["a"],
    ),
    "an excluded dependency is outside, and its dev-dependencies are not read": (
        {
            ".": '[workspace]\nexclude = ["x"]\n' + crate("r", '[dependencies]\na = { path = "x" }'),
            "x": crate("a", '[dependencies]\nc = { path = "../x/c" }\n[dev-dependencies]\nb = { path = "../gone" }'),
            "x/c": crate("c"),
        },
        ".",
        ["r"],
        ["a", "c"],
    ),
    "package.workspace": (
        {
            "w": '[workspace]\nmembers = ["../m"]',
            "m": crate("m", 'workspace = "../w"\n[dependencies]\nn = { path = "../n" }'),
            "n": crate("n", 'workspace = "../w"'),
        },
        "m",
        ["m", "n"],
        [],
    ),
    "a workspace in a workspace": (
        {".": '[workspace]\nmembers = ["m"]', "m": crate("m"), "inner": "[workspace]\n" + crate("i")},
        "inner",
        ["i"],
        [],
    ),
    "everything a dependency can stand in": (
        {
            ".": "[workspace]\n"
            + crate(
                "r",
                '[dependencies]\na = { path = "../a", optional = true }\nnew-name = { path = "../b", package = "b" }\n'
                '[target."cfg(windows)".dependencies]\nc = { path = "../c" }\n'
                "[target.x86_64-unknown-linux-gnu.build-dependencies]\n"
                'd = { path = "../d" }\n[target."cfg(unix)".dev-dependencies]\ne = { path = "../e" }\n'
                '[build-dependencies.f]\npath = "../f"\n[dev_dependencies]\ng.path = "../g"',
            ),
            **{f"../{name}": crate(name) for name in "abcdefg"},
        },
        ".",
        ["r"],
        list("abcdefg"),
    ),
    "inherited": (
        {
            ".": '[workspace]\nmembers = ["m"]\n[workspace.package]\nversion = "2.3.4-rc.1"\nedition = "2021"\n'
            '[workspace.dependencies]\na = { path = "../a" }\nreg = "1"\nb = { path = "m/b", version = "1" }',
            "m": '[package]\nname = "m"\nversion.workspace = true\nedition = { workspace = true }\n'
            "[dependencies]\na = { workspace = true, features = [] }\nb.workspace = true\nreg.workspace = true",
            "m/b": crate("b"),
            "../a": crate("a"),
        },
        "m",
        ["m", "b"],
        ["a"],
    ),
    "an outside package inherits from its own workspace": (
        {
            ".": crate("r", '[dependencies]\na = { path = "../o/a" }'),
            "../o": '[workspace]\nmembers = ["a"]\n[workspace.package]\nversion = "7.0.0"\n'
            '[workspace.dependencies]\nb = { path = "b" }',
            "../o/a": '[package]\nname = "a"\nversion.workspace = true\n[dependencies]\nb.workspace = true',
            "../o/b": crate("b"),
        },
        ".",
        ["r"],
        ["a", "b"],
    ),
    "patches": (
        {
            ".": '[workspace]\nmembers = ["m"]\n[patch.crates-io]\na = { path = "vendor/a" }\n'
            '[patch."https://example.org/x"]\nz = { path = "m/../../b", package = "b" }\nc = { git = "https://e.org" }',
            "m": crate("m"),
            "vendor/a": crate("a", '[dependencies]\nd = { path = "../d" }'),
            "vendor/d": crate("d"),
            "../b": crate("b"),
        },
        "m",
        ["m"],
        ["b", "a", "d"],
    ),
    "replace": (
        {".": crate("r", '[replace]\n"a:1.0.0" = { path = "../a" }'), "../a": crate("a")},
        ".",
        ["r"],
        ["a"],
    ),
    "default-run and container": (
        {
            ".": "[workspace.metadata.container]\nuser = 'root'\n"
            + crate(
                "r",
                'default-run = "x"\n[[bin]]\nname = "x"\npath = "src/x.rs"\n'
                "[package.metadata.container]\nlabels.day = 2025-01-01",
            ),
        },
        ".",
        ["r"],
        [],
    ),
    "circle of dev-dependencies": (
        {
            ".": '[workspace]\nmembers = ["a", "b"]',
            "a": crate("a", '[dependencies]\nb = { path = "../b" }'),
            "b": crate("b", '[dev-dependencies]\na = { path = "../a" }'),
        },
        ".",
        ["a", "b"],
        [],
    ),
}


def build(tree: Tree, manifests: dict[str, str]) -> Path:
    files = {f"in/{directory}/Cargo.toml": text for directory, text in manifests.items()}
    return tree({"in/": "", **files, **{f"in/{directory}/src/lib.rs": "" for directory in manifests}}) / "in"


@pytest.mark.parametrize("row", ROWS)
def test_packages(row: str, tree: Tree, load: Load) -> None:
    manifests, start, members, outside = ROWS[row]
    found = load(build(tree, manifests) / start)
    assert [each.name for each in found.members] == members
    assert [each.name for each in found.outside] == outside


@pytest.mark.parametrize("row", ROWS)
def test_packages_are_cargos(row: str, tree: Tree, load: Load, load_with_cargo: Load) -> None:
    manifests, start, *_ = ROWS[row]
    root = build(tree, manifests)
    assert load_with_cargo(root / start) == load(root / start)


def read(row: str, tree: Tree, load: Load) -> tuple[Path, Workspace]:
    root = build(tree, ROWS[row][0])
    return root, load(root / ROWS[row][1])


def test_needs_and_knows(tree: Tree, load: Load) -> None:
    root, found = read("everything a dependency can stand in", tree, load)
    assert found.members[0].needs == tuple(root.parent / name for name in "abcdf")
    assert found.members[0].knows == tuple(root.parent / name for name in "eg")


def test_inherited_values(tree: Tree, load: Load) -> None:
    root, found = read("inherited", tree, load)
    assert (found.root, found.selected, found.members[0].version) == (root, "m", "2.3.4-rc.1")
    assert found.members[0].needs == (root.parent / "a", root / "m/b")


def test_dev_dependencies_of_outside_packages_do_not_count(tree: Tree, load: Load) -> None:
    _, found = read("an excluded dependency is outside, and its dev-dependencies are not read", tree, load)
    assert (found.outside[0].knows, found.outside[0].requires) == ((), ("c",))


def test_requires_are_the_packages_own_names(tree: Tree, load: Load) -> None:
    _, found = read("everything a dependency can stand in", tree, load)
    assert found.members[0].requires == tuple("abcdefg")
    _, found = read("inherited", tree, load)
    assert found.members[0].requires == ("a", "b", "reg")


def test_patches(tree: Tree, load: Load) -> None:
    root, found = read("patches", tree, load)
    assert found.patches == (root / "vendor/a", root.parent / "b")


def test_metadata(tree: Tree, load: Load) -> None:
    _, found = read("default-run and container", tree, load)
    assert found.container == {"user": "root"}
    assert found.members[0].default_run == "x"
    container = found.members[0].container
    assert container is not None
    assert str(container["labels"]) == "{'day': datetime.date(2025, 1, 1)}"


def test_without_a_section_container_is_none_and_an_empty_one_is_empty(tree: Tree, load: Load) -> None:
    manifests = {".": '[workspace]\nmembers = ["a", "b"]', "a": crate("a"), "b": crate("b", "metadata.container = {}")}
    found = load(build(tree, manifests))
    assert [each.container for each in found.members] == [None, {}]
    assert (found.selected, found.container) == (None, {})


def test_directories_are_resolved(tree: Tree, load: Load, load_with_cargo: Load) -> None:
    root = build(tree, {"real": crate("r", '[dependencies]\na = { path = "../link" }'), "a": crate("a")})
    (root / "link").symlink_to(root / "a")
    (root / "way").symlink_to(root / "real")
    for read in (load, load_with_cargo):
        found = read(root / "way")
        assert (found.root, found.members[0].needs, found.selected) == (root / "real", (root / "a",), "r")


REFUSED: dict[str, tuple[dict[str, str], str]] = {
    "nothing": ({".": ""}, r"neither a \[package\] nor a \[workspace\]"),
    "broken": ({".": "[package"}, r"Cargo.toml is not valid TOML: .*line 1"),
    "name missing": ({".": "[package]"}, "`package.name` is missing, expected a package name"),
    "name": ({".": '[package]\nname = "a/b"'}, r"`package.name` is a string \('a/b'\)"),
    "name starts": ({".": '[package]\nname = "-a"'}, "`package.name` is a string"),
    "version": ({".": '[package]\nname = "a"\nversion = "1.0"'}, r"`package.version` .*expected a version"),
    "version type": ({".": '[package]\nname = "a"\nversion = 1.0'}, r"`package.version` is a number"),
    "version table": ({".": '[package]\nname = "a"\nversion = {}'}, r"workspace = true"),
    "nothing to inherit from": (
        {".": '[package]\nname = "a"\nversion.workspace = true'},
        "`package.version` is inherited .*no `workspace.package.version`",
    ),
    "no dependency to inherit": (
        {".": "[workspace]\n" + crate("a", "[dependencies]\nx.workspace = true")},
        "`dependencies.x` is inherited .*no `workspace.dependencies.x`",
    ),
    "dependencies": ({".": "dependencies = 1\n" + crate("a")}, "`dependencies` is a number"),
    "dependency type": ({".": crate("a", "[dependencies]\nx = 1")}, "`dependencies.x` is a number"),
    "path type": ({".": crate("a", "[dependencies]\nx.path = 1")}, "`dependencies.x.path` is a number"),
    "path NUL": ({".": crate("a", '[dependencies]\nx.path = "a\\u0000b"')}, "without NUL"),
    "path missing": ({".": crate("a", '[dependencies]\nx.path = "gone"')}, r"names .*gone, where there is no"),
    "path too long": ({".": crate("a", f'[dependencies]\nx.path = "{"y" * 300}"')}, "where there is no Cargo.toml"),
    "path to a virtual one": (
        {".": crate("a", '[dependencies]\nx.path = "../v"'), "../v": "[workspace]"},
        r"v/Cargo.toml has no \[package\]",
    ),
    "members": ({".": "[workspace]\nmembers = 1"}, "`workspace.members` is a number"),
    "member missing": ({".": '[workspace]\nmembers = ["x"]'}, "`workspace.members` in .* names .*x, where"),
    "member of two": (
        {".": '[workspace]\nmembers = ["x"]', "x": "[workspace]\n" + crate("a")},
        "but belongs to another",
    ),
    "same names": (
        {".": '[workspace]\nmembers = ["x", "y"]', "x": crate("a"), "y": crate("a")},
        "two packages are called 'a'",
    ),
    "pointer to no root": (
        {".": crate("a", 'workspace = "../b"'), "../b": crate("b")},
        "`package.workspace` in .*leads to",
    ),
    "metadata": ({".": crate("a", "metadata = 1")}, r"`package.metadata` is a number \(1\), expected a table"),
    "container": ({".": crate("a", "metadata.container = [1]")}, "`package.metadata.container` is a list"),
    "workspace container": (
        {".": "[workspace]\nmetadata.container = true\n" + crate("a")},
        r"`workspace.metadata.container` is a boolean \(True\)",
    ),
    "patch": ({".": "patch = 1\n" + crate("a")}, "`patch` is a number"),
    "patch path": ({".": crate("a", "[patch.crates-io]\nx.path = {}")}, "`patch.crates-io.x.path` is a table"),
}  # fmt: skip


@pytest.mark.parametrize("row", REFUSED)
def test_refuses(row: str, tree: Tree, load: Load) -> None:
    manifests, complaint = REFUSED[row]
    with pytest.raises(UsageError, match=complaint) as caught:
        load(build(tree, manifests))
    assert "Cargo.toml" in str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize("row", REFUSED)
def test_refuses_with_cargo_too(row: str, tree: Tree, load_with_cargo: Load) -> None:
    with pytest.raises(UsageError) as caught:
        load_with_cargo(build(tree, REFUSED[row][0]))
    assert caught.value.hint


def test_a_crate_that_its_workspace_does_not_list(tree: Tree, load: Load) -> None:
    root = build(tree, {".": "[workspace]\n" + crate("r"), "stray": crate("s")})
    with pytest.raises(UsageError, match=r"stray/Cargo.toml is inside the workspace of .*, which does not") as caught:
        load(root / "stray")
    assert "workspace.members" in caught.value.hint
