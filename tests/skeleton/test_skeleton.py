"""What the skeleton keeps of a project, and which edits change it: all of it as text, nothing is compiled."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath

import pytest
import tomli
from hypothesis import given, settings
from hypothesis import strategies as st

from cargo_stow.manifest import closure, load_manifest, load_workspace
from cargo_stow.process import SystemRunner
from cargo_stow.skeleton import make_skeleton

Edit = Mapping[str, Callable[[str], str] | str]
Skeleton = dict[str, str]
APP = """\
[package]
name = "app"
version = "1.2.3"
edition = "2021"

[dependencies]
lib = { path = "../lib", version = "1.2" }
serde = "1"

[features]
default = ["std"]
std = []
"""
FILES = {
    "Cargo.toml": '[workspace]\nmembers = ["app", "lib", "idle"]\nresolver = "2"\n',
    "app/Cargo.toml": APP,
    "app/src/main.rs": "mod one; fn main() {}",
    "lib/Cargo.toml": '[package]\nname = "lib"\nversion = "1.2.3"\n[dependencies]\nlog = "0.4"\n',
    "lib/src/lib.rs": "pub fn text() {}",
    "idle/Cargo.toml": '[package]\nname = "idle"\nversion = "0.1.0"\n[dependencies]\nrand = "0.8"\n',
    "idle/src/lib.rs": "",
}


def package(name: str, version: str, *needs: str, source: bool = True) -> str:
    origin = 'source = "registry+https://github.com/rust-lang/crates.io-index"\n' if source else ""
    listed = "".join(f' "{need}",\n' for need in needs)
    return f'\n[[package]]\nname = "{name}"\nversion = "{version}"\n{origin}dependencies = [\n{listed}]\n'


LOCK = "version = 4\n" + "".join((
    package("app", "1.2.3", "lib", "serde", source=False),
    package("idle", "0.1.0", "rand", source=False),
    package("lib", "1.2.3", "log 0.4.1", source=False),
    package("log", "0.3.9", "log 0.4.1"),
    package("log", "0.4.1"),
    package("rand", "0.8.5", "log 0.3.9"),
    package("serde", "1.0.1"),
))  # fmt: skip


def write(root: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def skeleton(
    files: Mapping[str, str], lock: str | None = LOCK, *, start: str = "app", profile: str = "release"
) -> Skeleton:
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory).resolve()
        write(root, files)
        workspace = load_workspace(root / start / "Cargo.toml", SystemRunner(), cargo=False, environment={})
        chosen = next(package for package in workspace.members if package.directory == (root / start).resolve())
        found = closure(workspace, chosen)
        directories = {workspace.root, *(each.directory for each in (*found.sources, *found.manifests))}
        made = make_skeleton(
            workspace=workspace,
            closure=found,
            executables={chosen.directory: ("app",)},
            profile=profile,
            manifests={each: load_manifest(each) for each in directories},
            lock=lock,
        )
        prefix = workspace.root.relative_to(found.root)
        return {os.path.relpath(path, prefix): text for path, text in made}


def edited(edit: Edit) -> dict[str, str]:
    files = dict(FILES)
    for name, change in edit.items():
        files[name] = change if isinstance(change, str) else change(files[name])
    return files


def more(text: str) -> Callable[[str], str]:
    return lambda before: f"{before}\n{text}\n"


def instead(old: str, new: str) -> Callable[[str], str]:
    def change(before: str) -> str:
        assert old in before
        return before.replace(old, new)

    return change


def reordered(before: str) -> str:
    head, *sections = before.split("\n[")
    return "\n".join([*(f"[{section}" for section in reversed(sections)), head]) + "\n"


SAME: dict[str, Edit] = {
    "a version": {"app/Cargo.toml": instead('version = "1.2.3"', 'version = "2.0.0"')},
    "a version and its requirement": {
        "lib/Cargo.toml": instead("1.2.3", "3.0.0"), "app/Cargo.toml": instead('version = "1.2"', 'version = "3"'),
    },
    "no version requirement": {"app/Cargo.toml": instead(', version = "1.2"', "")},
    "metadata": {"app/Cargo.toml": more("[package.metadata.container]\nbase_image = 'debian'")},
    "description": {"lib/Cargo.toml": instead("[dep", 'description = "d"\nlicense = "MIT"\nrust-version = "1.60"\n[dep')},
    "lints": {"app/Cargo.toml": more("[lints.rust]\nunused = 'deny'")},
    "badges": {"app/Cargo.toml": more("[badges]\nmaintenance = { status = 'none' }")},
    "a dev-dependency": {"app/Cargo.toml": more("[dev-dependencies]\nquickcheck = '1'")},
    "a dev-dependency of a platform": {"app/Cargo.toml": more("[target.'cfg(unix)'.dev-dependencies]\nquickcheck = '1'")},
    "a dev-dependency that is a member": {"app/Cargo.toml": more("[dev-dependencies]\nidle = { path = '../idle' }")},
    "a feature of a dev-dependency": {
        "app/Cargo.toml": lambda text: text.replace('["std"]', '["std", "idle/x"]')
        + "[dev-dependencies]\nidle = { path = '../idle' }\n"
    },
    "another executable": {"app/Cargo.toml": more('[[bin]]\nname = "more"'), "app/src/bin/more.rs": "fn main() {}"},
    "an executable found": {"app/src/bin/more.rs": "fn main() {}"},
    "tests, benches and examples": {
        "app/tests/t.rs": "", "app/benches/b.rs": "",
        "app/Cargo.toml": more("[[example]]\nname = 'e'\npath = 'e.rs'\n[[test]]\nname = 't'"), "app/e.rs": "",
    },
    "a source": {"app/src/main.rs": "fn main() { panic!() }", "app/src/new.rs": "", "lib/src/lib.rs": "// none"},
    "a member": {
        "Cargo.toml": instead('"idle"', '"idle", "new"'), "new/src/lib.rs": "",
        "new/Cargo.toml": "[package]\nname = 'new'\n",
    },
    "a member's dependencies": {"idle/Cargo.toml": more("regex = '1'")},
    "a member gone": {"Cargo.toml": instead(', "idle"', "")},
    "default members": {"Cargo.toml": more('default-members = ["lib"]')},
    "workspace metadata": {"Cargo.toml": more("[workspace.metadata.container]\nbase_image = 'debian'")},
    "a shared dependency that nobody uses": {"Cargo.toml": more("[workspace.dependencies]\nregex = '1'")},
    "a shared version": {
        "Cargo.toml": more("[workspace.package]\nversion = '9.0.0'\nauthors = ['me']\n[workspace.lints.rust]\nunused = 'deny'"),
        "app/Cargo.toml": instead('version = "1.2.3"', "version.workspace = true\nauthors.workspace = true"),
    },
    "the order of tables": {"app/Cargo.toml": reordered, "lib/Cargo.toml": reordered},
    "a comment": {"app/Cargo.toml": more("# nothing"), "Cargo.toml": more("# nothing")},
    "the members' order": {"Cargo.toml": instead('"app", "lib"', '"lib", "app"')},
    "its old name": {"app/Cargo.toml": instead("[package]", "[project]")},
    "a build script that is compiled with nothing": {
        "lib/build.rs": "fn main() {}", "lib/Cargo.toml": instead("[dep", 'links = "z"\n[dep'),
    },
    "a profile that is not chosen": {"Cargo.toml": more("[profile.bench]\ndebug = true\n[profile.dev]\nopt-level = 1")},
}  # fmt: skip
OTHER: dict[str, Edit] = {
    "a dependency": {"app/Cargo.toml": instead("serde", "regex = '1'\nserde")},
    "a dependency's version": {"app/Cargo.toml": instead('serde = "1"', 'serde = "1.0.1"')},
    "a dependency of a library": {"lib/Cargo.toml": instead("[dependencies]", "[dependencies]\nregex = '1'")},
    "a dependency of a platform": {"app/Cargo.toml": more("[target.'cfg(unix)'.dependencies]\nregex = '1'")},
    "a build dependency": {"app/Cargo.toml": more("[build-dependencies]\ncc = '1'"), "app/build.rs": "fn main() {}"},
    "a dependency's feature": {"app/Cargo.toml": instead('"1"', '{ version = "1", features = ["derive"] }')},
    "a feature": {"app/Cargo.toml": instead("[features]", "[features]\nnew = ['serde/derive']")},
    "a profile": {"Cargo.toml": more("[profile.release]\nlto = true")},
    "a patch": {"Cargo.toml": more("[patch.crates-io]\nserde = { git = 'https://example.org' }")},
    "a replacement": {"Cargo.toml": more("[replace]\n'serde:1.0.1' = { git = 'https://example.org' }")},
    "an edition": {"app/Cargo.toml": instead("2021", "2018")},
    "the resolver": {"Cargo.toml": instead('"2"', '"3"')},
    "what is linked": {
        "lib/build.rs": "fn main() {}",
        "lib/Cargo.toml": lambda text: text.replace("[package]", '[package]\nlinks = "z"')
        + "[build-dependencies]\ncc = '1'\n",
    },
    "a macro": {"lib/Cargo.toml": more("[lib]\nproc-macro = true")},
    "the kind of library": {"lib/Cargo.toml": more("[lib]\ncrate-type = ['cdylib', 'rlib']")},
    "another place": {"app/Cargo.toml": more('[[bin]]\nname = "app"\npath = "src/it.rs"'), "app/src/it.rs": ""},
    "what an executable requires": {"app/Cargo.toml": more('[[bin]]\nname = "app"\nrequired-features = ["std"]')},
    "a shared dependency": {
        "Cargo.toml": more("[workspace.dependencies]\nserde = '1'"), "app/Cargo.toml": instead('"1"', "{ workspace = true }"),
    },
    "a member that is reached": {
        "lib/Cargo.toml": instead("[dependencies]", "[dependencies]\nidle = { path = '../idle' }"),
    },
}  # fmt: skip


@pytest.mark.parametrize("edit", SAME)
def test_edits_that_no_dependency_depends_on(edit: str) -> None:
    assert skeleton(edited(SAME[edit])) == skeleton(FILES)


@pytest.mark.parametrize("edit", OTHER)
def test_edits_that_count(edit: str) -> None:
    assert skeleton(edited(OTHER[edit])) != skeleton(FILES)


@settings(deadline=None, max_examples=60)
@given(
    st.sets(st.sampled_from(sorted(SAME.keys() - {"its old name"})), max_size=5),
    st.none() | st.sampled_from(sorted(OTHER)),
)
def test_edits_together(same: set[str], other: str | None) -> None:
    """What does not count never hides what does; but what a member needs counts once it is reached."""
    if other == "a member that is reached":
        same = same - {"a member's dependencies"}
    before, after = dict(FILES), dict(FILES)
    try:
        for edit in sorted(same):
            for name, change in SAME[edit].items():
                after[name] = change if isinstance(change, str) else change(after[name])
        for name, change in (OTHER[other] if other else {}).items():
            after[name] = change if isinstance(change, str) else change(after[name])
            before[name] = change if isinstance(change, str) else change(before[name])
        for file in {name for name in after if name.endswith("Cargo.toml")}:
            tomli.loads(after[file])
    except (AssertionError, tomli.TOMLDecodeError):
        return  # these two cannot be made together
    assert (skeleton(after) == skeleton(FILES)) == (other is None)
    assert skeleton(after) == skeleton(before)


def test_the_files() -> None:
    made = skeleton(FILES)
    assert {name for name in made if not name.endswith((".toml", ".lock"))} == {"app/src/main.rs", "lib/src/lib.rs"}
    assert made["app/src/main.rs"] == made["lib/src/lib.rs"] + "fn main() {}\n"
    assert made["lib/src/lib.rs"].startswith("//! A stub.\n#![allow(")
    assert list(made) == sorted(made, key=PurePosixPath)
    assert tomli.loads(made["Cargo.toml"]) == {"workspace": {"members": ["app", "lib"], "resolver": "2"}}
    assert tomli.loads(made["app/Cargo.toml"]) == {
        "package": {
            "name": "app", "version": "0.0.0", "edition": "2021", "build": False, "autobins": False,
            "autoexamples": False, "autotests": False, "autobenches": False,
        },
        "bin": [{"name": "app", "path": "src/main.rs"}],
        "dependencies": {"lib": {"path": "../lib"}, "serde": "1"},
        "features": {"default": ["std"], "std": []},
    }  # fmt: skip
    assert "Cargo.lock" not in skeleton(FILES, lock=None)


def masked(text: str, *, files: Mapping[str, str] = {}, start: str = ".") -> dict[str, object]:
    """The masked manifest of a package that is not in a workspace."""
    made = skeleton({"Cargo.toml": text, "src/main.rs": "", **files}, None, start=start)
    return tomli.loads(made[f"{start}/Cargo.toml".removeprefix("./")])


HEAD = '[package]\nname = "app"\nversion = "1.0.0"\n'


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("[features]\na = ['dep:x', 'x?/y', 'x/z', 'gone/f', 'gone?/f']\n[dependencies]\nx = '1'\n[dev-dependencies]\n"
         "gone = '1'", "features", {"a": ["dep:x", "x?/y", "x/z"]}),
        ("[features]\na = ['old/f']\n[dependencies]\nnew = { package = 'old', version = '1' }", "features", {"a": ["old/f"]}),
        ("[features]\na = ['x/f']\n[target.'cfg(windows)'.dependencies]\nx = '1'", "features", {"a": ["x/f"]}),
        ("[target.x86_64-unknown-linux-gnu.dependencies]\na = { path = '.', version = '1' }\n[target.'cfg(unix)'."
         "dev-dependencies]\nb = '1'", "target", {"x86_64-unknown-linux-gnu": {"dependencies": {"a": {"path": "."}}}}),
        ("[build_dependencies]\na = '1'\n[dev_dependencies]\nb = '1'", "build_dependencies", {"a": "1"}),
        ("[dev_dependencies]\nb = '1'", "dev_dependencies", None),
        ("[dependencies]\na = { git = 'https://x', version = '1' }", "dependencies",
         {"a": {"git": "https://x", "version": "1"}}),
        ("[lib]\nname = 'inner'\npath = 'l.rs'\ncrate-type = ['rlib']\ndoctest = false\ntest = false", "lib",
         {"name": "inner", "path": "l.rs", "crate-type": ["rlib"]}),
        ("[[bin]]\nname = 'app'\npath = 'b.rs'\nrequired-features = ['x']\ntest = false\n[[bin]]\nname = 'b'\n"
         "[features]\nx = []", "bin", [{"name": "app", "path": "b.rs", "required-features": ["x"]}]),
        ("[profile.dev]\nopt-level = 1", "profile", None),
        ("[profile.release]\nopt-level = 1", "profile", {"release": {"opt-level": 1}}),
        ("[patch.crates-io]\na = { git = 'https://x' }", "patch", {"crates-io": {"a": {"git": "https://x"}}}),
        ("[badges]\na = {}", "badges", None),
        ("[lints]\nworkspace = true", "lints", None),
    ],
)  # fmt: skip
def test_what_is_kept_of_a_manifest(text: str, key: str, value: object) -> None:
    files = dict.fromkeys(("src/lib.rs", "l.rs", "b.rs", "src/bin/b.rs"), "")
    assert masked(f"cargo-features = ['x']\n{HEAD}edition = '2021'\n{text}", files=files).get(key) == value


def test_a_profile_is_kept_with_those_that_it_inherits_from() -> None:
    text = "[profile.small]\ninherits = 'mine'\n[profile.mine]\ninherits = 'release'\n[profile.release]\nlto = true\n"
    text += "[profile.dev]\ndebug = 0\n[profile.turn]\ninherits = 'turn'\n"
    root = f"{FILES['Cargo.toml']}{text}"
    kept = {
        profile: set(
            tomli.loads(skeleton({**FILES, "Cargo.toml": root}, profile=profile)["Cargo.toml"]).get("profile", {})
        )
        for profile in ("small", "release", "dev", "bench", "turn")
    }
    assert kept == {
        "small": {"small", "mine", "release"}, "release": {"release"}, "dev": {"dev"}, "bench": set(), "turn": {"turn"},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("keys", "kept"),
    [
        (
            "edition = '2024'\nauthors = ['me']\nrust-version = '1.90'\npublish = false",
            {"edition": "2024", "build": False},
        ),
        ("links = 'z'\nbuild = 'gen/b.rs'", {"build": False}),
        ("links = 'z'\nbuild = 'gen/b.rs'\n[build-dependencies]\ncc = '1'", {"links": "z", "build": "gen/b.rs"}),
        (
            "build = 'gen/b.rs'\n[target.'cfg(unix)'.build_dependencies]\ncc = '1'\n[build-dependencies]",
            {"build": "gen/b.rs"},
        ),
        ("build = false\ndefault-run = 'app'\nexclude = ['x']", {"build": False}),
        ("resolver = '2'\nautobins = true", {"resolver": "2", "build": False}),
    ],
)
def test_what_is_kept_of_a_package(keys: str, kept: dict[str, object]) -> None:
    found = masked(f"{HEAD}{keys}\n", files={"gen/b.rs": ""})["package"]
    assert isinstance(found, dict)
    never = dict.fromkeys(("autobins", "autoexamples", "autotests", "autobenches"), False)
    assert found == {"name": "app", "version": "0.0.0", **never, **kept}


ROOTS = [
    ("[workspace]", None),
    ("[workspace]\nresolver = '1'", None),
    ("[workspace]\nresolver = '2'", "2"),
    ("[workspace]\nresolver = '3'", "3"),
    (f"{HEAD}edition = '2018'\n[workspace]", None),
    (f"{HEAD}edition = '2021'\n[workspace]", "2"),
    (f"{HEAD}edition = '2024'\n[workspace]", "3"),
    (f"{HEAD}edition = '2024'\nresolver = '1'\n[workspace]", "1"),
    (f"{HEAD}resolver = '2'\n[workspace]", "2"),
    (f"{HEAD}edition.workspace = true\n[workspace]\npackage = {{ edition = '2021' }}", "2"),
]


@pytest.mark.parametrize(("text", "resolver"), ROOTS)
def test_the_resolver_of_a_root_that_is_not_compiled(text: str, resolver: str | None) -> None:
    files = {"Cargo.toml": text.replace('"app"', '"top"'), "src/lib.rs": "", "one/src/main.rs": ""}
    files["Cargo.toml"] = files["Cargo.toml"].replace("[workspace]", '[workspace]\nmembers = ["one"]')
    made = tomli.loads(skeleton({**files, "one/Cargo.toml": HEAD}, None, start="one")["Cargo.toml"])
    # The first resolver counts the root's own package too.
    assert ("package" in made) == (HEAD in text and resolver in {None, "1"})
    assert made["workspace"].get("resolver") == resolver


@pytest.mark.parametrize(("text", "resolver"), ROOTS)
def test_the_resolver_of_a_root_that_is_compiled_is_said_once_at_most(text: str, resolver: str | None) -> None:
    if HEAD not in text:
        return
    made = masked(text, files={"Cargo.toml": text})
    package, workspace = made["package"], made["workspace"]
    assert isinstance(package, dict)
    assert isinstance(workspace, dict)
    implied = {"2021": "2", "2024": "3"}.get(
        str(package.get("edition")), "2" if "edition" in text and resolver == "2" else "1"
    )
    assert "resolver" not in package
    assert workspace.get("resolver", implied) == (resolver or "1")


OLD = {
    "Cargo.toml": '[workspace]\nmembers = ["app", "tool", "native"]\n',
    "app/Cargo.toml": HEAD + "[dev-dependencies]\nquickcheck = '1'\nnative = { path = '../native', version = '1' }\n"
    "[features]\nx = ['quickcheck/y']\n",
    "app/src/main.rs": "",
    "tool/Cargo.toml": '[package]\nname = "tool"\nversion = "1.0.0"\n[dependencies]\nregex = "1"\n',
    "tool/src/main.rs": "",
    "native/Cargo.toml": '[package]\nname = "native"\nversion = "1.0.0"\nlinks = "z"\n',
    "native/src/lib.rs": "",
    "native/build.rs": "",
}


def test_the_first_resolver_counts_dev_dependencies_and_all_members() -> None:
    made = skeleton(OLD, None)
    app = tomli.loads(made["app/Cargo.toml"])
    assert app["dev-dependencies"] == {"quickcheck": "1", "native": {"path": "../native"}}
    assert app["features"] == {"x": ["quickcheck/y"]}
    assert tomli.loads(made["Cargo.toml"])["workspace"] == {"members": ["app", "native", "tool"]}
    assert tomli.loads(made["tool/Cargo.toml"])["dependencies"] == {"regex": "1"}
    # cargo refuses `links` without a build script, and a package without a target
    assert "links" not in tomli.loads(made["native/Cargo.toml"])["package"]
    assert {"native/src/lib.rs", "tool/src/lib.rs"} <= made.keys()
    assert "native/build.rs" not in made
    second = skeleton({**OLD, "Cargo.toml": OLD["Cargo.toml"] + 'resolver = "2"'}, None)
    assert not {"tool/Cargo.toml", "native/Cargo.toml"} & second.keys()


INHERITING = {
    "Cargo.toml": '[workspace]\nmembers = ["app", "lib"]\nresolver = "2"\nexclude = ["old"]\n'
    '[workspace.package]\nedition = "2021"\nversion = "5.0.0"\nlicense = "MIT"\n'
    '[workspace.dependencies]\nlib = { path = "lib", version = "5" }\nserde = "1"\nregex = "1"\n'
    'brief = { package = "long-name", version = "2" }\n',
    "app/Cargo.toml": "[package]\nname = 'app'\nversion.workspace = true\nedition.workspace = true\n[dependencies]\n"
    "lib = { workspace = true, features = ['x'] }\nbrief.workspace = true\n[dev-dependencies]\nregex.workspace = true\n",
    "app/src/main.rs": "",
    "lib/Cargo.toml": "[package]\nname = 'lib'\nversion.workspace = true\n[features]\nx = []\n"
    "[target.'cfg(unix)'.dependencies]\nserde.workspace = true\n",
    "lib/src/lib.rs": "",
}


def test_what_is_inherited() -> None:
    made = skeleton(INHERITING, None)
    assert tomli.loads(made["Cargo.toml"])["workspace"] == {
        "members": ["app", "lib"],
        "resolver": "2",
        "exclude": ["old"],
        "package": {"edition": "2021"},
        "dependencies": {
            "lib": {"path": "lib"}, "serde": "1", "brief": {"package": "long-name", "version": "2"},
        },
    }  # fmt: skip
    app = tomli.loads(made["app/Cargo.toml"])
    assert app["package"]["edition"] == {"workspace": True}
    assert app["package"]["version"] == "0.0.0"
    assert app["dependencies"] == {"lib": {"workspace": True, "features": ["x"]}, "brief": {"workspace": True}}


def test_the_lock_knows_crates_by_their_own_names() -> None:
    lock = "version = 4\n" + package("app", "5.0.0", "lib", "long-name", "regex", source=False)
    lock += package("lib", "5.0.0", "serde", source=False) + package("long-name", "2.0.7") + package("regex", "1.0.0")
    lock += package("serde", "1.0.3")
    assert locked(skeleton(INHERITING, lock)["Cargo.lock"]) == {
        ("app", "0.0.0"): ["lib", "long-name"], ("lib", "0.0.0"): ["serde"],
        ("long-name", "2.0.7"): [], ("serde", "1.0.3"): [],
    }  # fmt: skip


def locked(text: str) -> dict[tuple[str, str], list[str]]:
    packages = tomli.loads(text)["package"]
    return {(each["name"], each["version"]): each.get("dependencies", []) for each in packages}


def test_the_lock_is_pruned_and_two_versions_are_kept_apart() -> None:
    expected = {
        ("app", "0.0.0"): ["lib", "serde"], ("lib", "0.0.0"): ["log 0.4.1"],
        ("log", "0.4.1"): [], ("serde", "1.0.1"): [],
    }  # fmt: skip
    for version in (3, 4):
        text = skeleton(FILES, LOCK.replace("version = 4", f"version = {version}"))["Cargo.lock"]
        assert locked(text) == expected
        assert tomli.loads(text)["version"] == version


CRATES_IO = "(registry+https://github.com/rust-lang/crates.io-index)"
V1 = f"""\
[root]
name = "app"
version = "1.2.3"
dependencies = [
 "lib 1.2.3",
 "serde 1.0.1 {CRATES_IO}",
]

[[package]]
name = "idle"
version = "0.1.0"
dependencies = ["log 0.3.9 {CRATES_IO}"]

[[package]]
name = "lib"
version = "1.2.3"
dependencies = ["log 0.4.1 {CRATES_IO}"]

[[package]]
name = "log"
version = "0.3.9"
source = "{CRATES_IO[1:-1]}"

[[package]]
name = "log"
version = "0.4.1"
source = "{CRATES_IO[1:-1]}"

[[package]]
name = "serde"
version = "1.0.1"
source = "{CRATES_IO[1:-1]}"

[metadata]
"checksum log 0.3.9 {CRATES_IO}" = "aa"
"checksum log 0.4.1 {CRATES_IO}" = "bb"
"checksum serde 1.0.1 {CRATES_IO}" = "cc"
"""


@pytest.mark.parametrize("text", [V1, V1.replace("[root]", "[[package]]")], ids=["with a root", "without"])
def test_locks_of_the_first_version(text: str) -> None:
    made = skeleton(FILES, text)["Cargo.lock"]
    assert locked(made) == {
        ("app", "0.0.0"): ["lib 1.2.3", f"serde 1.0.1 {CRATES_IO}"],
        ("lib", "0.0.0"): [f"log 0.4.1 {CRATES_IO}"], ("log", "0.4.1"): [], ("serde", "1.0.1"): [],
    }  # fmt: skip
    sums = {f"checksum log 0.4.1 {CRATES_IO}": "bb", f"checksum serde 1.0.1 {CRATES_IO}": "cc"}
    assert tomli.loads(made)["metadata"] == sums
    assert "version" not in tomli.loads(made)


PATCHED = {
    "Cargo.toml": '[workspace]\nmembers = ["app", "ours"]\nresolver = "2"\n[workspace.package]\nversion = "1.5.0"\n'
    '[workspace.lints.rust]\nunused = "warn"\n[patch.crates-io]\nlog = { path = "ours" }\n',
    "app/Cargo.toml": HEAD + '[dependencies]\nserde = "1"\n',
    "app/src/main.rs": "",
    "ours/Cargo.toml": "[package]\nname = 'log'\nversion.workspace = true\ndescription = 'ours'\n[lints]\nworkspace = true\n"
    "[[bin]]\nname = 'x'\n[dependencies]\nbase = { path = '../base', version = '2' }\n[dev-dependencies]\nregex = '1'\n",
    "ours/src/lib.rs": "",
    "ours/src/bin/x.rs": "",
    "base/Cargo.toml": "[package]\nname = 'base'\nversion = '2.0.0'\nlicense = 'MIT'\n",
    "base/src/lib.rs": "",
}


def test_patched_crates_keep_their_versions_and_have_no_stubs() -> None:
    lock = "version = 4\n" + package("app", "1.0.0", "serde", source=False) + package("serde", "1.0.1", "log")
    lock += package("log", "1.5.0", "base", "regex", source=False) + package("base", "2.0.0", source=False)
    made = skeleton(PATCHED, lock)
    assert {name for name in made if name.endswith(".rs")} == {"app/src/main.rs"}
    ours = tomli.loads(made["ours/Cargo.toml"])
    assert ours["package"] == tomli.loads(PATCHED["ours/Cargo.toml"])["package"]
    assert (ours["bin"], ours["lints"]) == ([{"name": "x"}], {"workspace": True})
    assert "dev-dependencies" not in ours
    assert tomli.loads(made["base/Cargo.toml"])["package"]["version"] == "2.0.0"
    root = tomli.loads(made["Cargo.toml"])
    assert root["workspace"]["package"] == {"version": "1.5.0"}
    assert root["workspace"]["lints"] == {"rust": {"unused": "warn"}}
    assert root["patch"] == {"crates-io": {"log": {"path": "ours"}}}
    assert locked(made["Cargo.lock"]) == {
        ("app", "0.0.0"): ["serde"], ("base", "2.0.0"): [], ("log", "1.5.0"): ["base"], ("serde", "1.0.1"): ["log"],
    }  # fmt: skip


def test_crates_of_one_name_keep_their_versions() -> None:
    files = {
        "Cargo.toml": HEAD + "[dependencies]\nx = { path = 'x' }\ny = { path = 'y', package = 'x' }\n",
        "src/main.rs": "", "x/src/lib.rs": "", "y/src/lib.rs": "",
        "x/Cargo.toml": "[package]\nname = 'x'\nversion = '1.0.0'\n[dependencies]\nlog = '0.3'\n",
        "y/Cargo.toml": "[package]\nname = 'x'\nversion = '2.0.0'\n[dependencies]\nlog = '0.4'\n",
    }  # fmt: skip
    lock = "version = 4\n" + package("app", "1.0.0", "x 1.0.0", "x 2.0.0", source=False) + package("log", "0.3.9")
    lock += package("log", "0.4.1") + package("x", "1.0.0", "log 0.3.9", source=False)
    lock += package("x", "2.0.0", "log 0.4.1", source=False)
    made = skeleton(files, lock, start=".")
    assert [tomli.loads(made[f"{name}/Cargo.toml"])["package"]["version"] for name in "xy"] == ["1.0.0", "2.0.0"]
    assert locked(made["Cargo.lock"]) == {
        ("app", "0.0.0"): ["x 1.0.0", "x 2.0.0"], ("log", "0.3.9"): [], ("log", "0.4.1"): [],
        ("x", "1.0.0"): ["log 0.3.9"], ("x", "2.0.0"): ["log 0.4.1"],
    }  # fmt: skip


OUTSIDE = {
    "work/Cargo.toml": HEAD + "[dependencies]\nout = { path = '../out' }\nalone = { path = '../alone' }\n",
    "work/src/main.rs": "",
    "out/Cargo.toml": "[package]\nname = 'out'\n[workspace]\nmembers = ['below', 'idle']\n[workspace.package]\n"
    "edition = '2021'\n[workspace.dependencies]\nserde = '1'\nregex = '1'\n[dependencies]\nbelow = { path = 'below' }\n",
    "out/src/lib.rs": "", "out/below/src/lib.rs": "", "out/idle/src/lib.rs": "",
    "out/below/Cargo.toml": "[package]\nname = 'below'\nedition.workspace = true\n[dependencies]\nserde.workspace = true\n",
    "out/idle/Cargo.toml": "[package]\nname = 'idle'\n[dependencies]\nregex.workspace = true\n",
    "alone/Cargo.toml": "[package]\nname = 'alone'\n[workspace]\n", "alone/src/lib.rs": "",
}  # fmt: skip


def test_crates_of_another_workspace_inherit_from_it() -> None:
    made = skeleton(OUTSIDE, None, start="work")
    assert tomli.loads(made["../out/Cargo.toml"])["workspace"] == {
        "members": ["below"], "package": {"edition": "2021"}, "dependencies": {"serde": "1"},
    }  # fmt: skip
    assert tomli.loads(made["../alone/Cargo.toml"])["workspace"] == {"members": []}
    assert "workspace" not in tomli.loads(made["Cargo.toml"])
