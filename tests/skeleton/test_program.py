"""The program of stage `tools`, compiled once and run on real trees."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.skeleton.trees import FILES, OLD, PACKAGES, SCRIPTED, Build, Content, Tree, lay, read


def test_first_of_all_everything_is_copied(build: Build) -> None:
    assert read(build.tree) == read(build.context)
    assert build.recorded() == {name.encode() for name in FILES}


def test_what_stays_the_same_keeps_its_time(build: Build) -> None:
    assert build.sync(*PACKAGES) == set()
    for path in build.context.rglob("*"):
        os.utime(path, None)
    assert build.sync(*PACKAGES) == set()


ROOTS = {"src/main.rs", "lib/src/lib.rs"}
SCRIPTS = {"build.rs", "lib/build.rs"}
ALL = ROOTS | SCRIPTS
EDITS: dict[str, tuple[dict[str, str | None], set[str]]] = {
    # What rustc read it knows by itself.
    "a source": ({"src/one.rs": "// new"}, set()),
    "a root": ({"src/main.rs": "// new"}, set()),
    "a source of a package within": ({"lib/src/lib.rs": "// new"}, set()),
    "a source that only a script or a macro can have read": ({"src/text.rs": "// new"}, ALL),
    "a source of a script": ({"lib/build.rs": "// new"}, {"lib/src/lib.rs", *SCRIPTS}),
    "a source of a library and a script": ({"src/two.rs": "// new"}, ALL),
    "of equal length": ({"notes.txt": "b"}, ALL),
    "the root's manifest": ({"Cargo.toml": "[package]"}, SCRIPTS),
    "a manifest": ({"lib/Cargo.toml": "[package]"}, {"lib/build.rs"}),
    "a manifest of what is not compiled": ({"other/Cargo.toml": "[package]"}, SCRIPTS),
    "the lock": ({"Cargo.lock": "version = 4"}, SCRIPTS),
    # What a macro or a script read, nobody does. That of a package within may read it too.
    "other files": ({"lib/data.bin": "2"}, {"lib/src/lib.rs", *SCRIPTS}),
    "other files of the root": ({"new.txt": ""}, ALL),
    "a file added": ({"lib/new.txt": ""}, {"lib/src/lib.rs", *SCRIPTS}),
    "a source added": ({"src/main/two.rs": ""}, {"src/main.rs", *SCRIPTS}),
    "a file gone": ({"lib/data.bin": None}, {"lib/src/lib.rs", *SCRIPTS}),
    "a source gone": ({"src/one.rs": None}, {"src/main.rs", *SCRIPTS}),
    "a root gone": ({"lib/src/lib.rs": None}, SCRIPTS),
    "both": ({"lib/data.bin": None, "src/one.rs": None}, ALL),
}


@pytest.mark.parametrize("edit", EDITS)
def test_what_an_edit_makes_new(build: Build, edit: str) -> None:
    build.sync(*SCRIPTED)
    build.compiled("app", "bin-app", "src/main.rs", "src/one.rs", "src/two.rs")
    build.compiled("app", "build-script-build-script-build", "build.rs", "src/two.rs")
    build.compiled("lib", "lib-lib", "src/lib.rs", build.tree / "notes.txt")
    changes, new = EDITS[edit]
    for name, text in changes.items():
        path = build.context / name
        path.parent.mkdir(exist_ok=True)
        path.unlink() if text is None else path.write_text(text)
        if text is not None:
            os.utime(path, (1, 1))  # older than anything
    assert build.sync(*SCRIPTED) == new | {name for name, text in changes.items() if text is not None}
    assert read(build.tree) == read(build.context)
    assert build.sync(*SCRIPTED) == set()


ASSET = ("--asset", "static", "", "--asset", "lib/conf", "**/*.txt")


@pytest.mark.parametrize("name", ["static/a", "static/deep/b", "lib/conf/x.txt", "lib/conf/deep/x.txt"])
def test_an_asset_makes_nothing_new_but_itself(build: Build, name: str) -> None:
    for text in ("one", "two"):
        lay(build.context, {name.encode(): ("file", text.encode())})
        assert build.sync(*SCRIPTED, *ASSET) == {name}
    (build.context / name).unlink()
    assert build.sync(*SCRIPTED, *ASSET) == set()
    assert read(build.tree) == read(build.context)


@pytest.mark.parametrize("name", ["static/a.rs", "static/Cargo.toml", "static.txt", "lib/conf/x", "lib/x.txt"])
def test_what_is_no_asset_may_be_read(build: Build, name: str) -> None:
    lay(build.context, {name.encode(): ("file", b"")})
    assert build.sync(*SCRIPTED, *ASSET) > {name}


def test_an_asset_that_is_said_to_be_read(build: Build) -> None:
    options = (*SCRIPTED, *ASSET, "--read", "static", "*.json")
    lay(build.context, {b"static/a.json": ("file", b""), b"static/b.txt": ("file", b"")})
    assert build.sync(*options) == {"static/a.json", "static/b.txt", *ALL}
    lay(build.context, {b"static/b.txt": ("file", b"new")})
    assert build.sync(*options) == {"static/b.txt"}


def test_a_source_that_another_package_read(build: Build) -> None:
    """cargo writes down the whole path of what lies outside of a package."""
    build.compiled("lib", "lib-lib", build.tree / "src/text.rs")
    (build.context / "src/text.rs").write_text("// new")
    assert build.sync(*PACKAGES) == {"src/text.rs"}


def test_a_package_of_which_the_layer_had_nothing_but_itself(build: Build) -> None:
    """A crate of a registry may depend on it, and is compiled already."""
    lay(build.context, {b"more.txt": ("file", b""), b"lib/more.txt": ("file", b"")})
    assert build.sync(*PACKAGES, "--patched") == {"more.txt", "src/main.rs", "lib/more.txt", "lib/src/lib.rs"}
    (build.context / "more.txt").write_text("new")
    assert build.sync(*PACKAGES, "--patched") == {"more.txt", "src/main.rs"}


@pytest.mark.parametrize(
    ("name", "new"),
    [
        ("shared/data.txt", {"shared/data.txt", "one/lib.rs", "two/lib.rs"}),
        ("new/Cargo.toml", {"new/Cargo.toml"}),
        ("one/a/Cargo.toml", {"one/a/Cargo.toml", "one/lib.rs"}),
        ("one-more/x", {"one-more/x", "one/lib.rs", "two/lib.rs"}),
    ],
)
def test_a_file_beside_all_packages_is_everybody_s(tmp_path: Path, program: Path, name: str, new: set[str]) -> None:
    build = Build(program, tmp_path)
    lay(build.context, {b"one/lib.rs": ("file", b""), b"two/lib.rs": ("file", b"")})
    options = ("--package", "one", "one", "one/lib.rs", "--package", "two", "two", "two/lib.rs")
    build.sync(*options)
    lay(build.context, {name.encode(): ("file", b"")})
    assert build.sync(*options) == new


def test_modes(build: Build) -> None:
    build.compiled("app", "bin-app", "src/one.rs")
    (build.context / "src/one.rs").chmod(0o755)
    assert build.sync(*PACKAGES) == {"src/one.rs"}
    (build.context / "src/one.rs").chmod(0o700)
    assert build.sync(*PACKAGES) == set()


def test_stubs_are_empty_until_they_are_sent(build: Build) -> None:
    stubs = ("--stub", "other/src/lib.rs", "--stub", "src/one.rs")
    assert build.sync(*stubs) == {"other/src/lib.rs"}
    assert (build.tree / "other/src/lib.rs").read_bytes() == b""
    assert build.sync(*stubs) == set()
    (build.tree / "other/src/lib.rs").write_text("left behind")
    assert build.sync(*stubs) == {"other/src/lib.rs"}
    lay(build.context, {b"other/src/lib.rs": ("file", b"real")})
    build.sync(*stubs)
    assert (build.tree / "other/src/lib.rs").read_bytes() == b"real"
    (build.context / "other/src/lib.rs").unlink()
    build.sync()
    assert not (build.tree / "other/src/lib.rs").exists()


def test_a_stub_takes_the_place_of_a_link(build: Build) -> None:
    lay(build.root, {b"away/lib.rs": ("file", b"not ours")})
    (build.tree / "other/src").symlink_to(build.root / "away")
    build.sync("--stub", "other/src/lib.rs")
    assert (build.root / "away/lib.rs").read_bytes() == b"not ours"
    assert (build.tree / "other/src/lib.rs").read_bytes() == b""


def test_what_is_skipped_is_neither_read_nor_removed(build: Build) -> None:
    lay(build.context, {b"lib/vendor/x/a.rs": ("file", b""), b"lib/vendored": ("file", b"")})
    lay(build.tree, {b"lib/vendor/mounted": ("file", b"")})
    assert "lib/vendor/x/a.rs" not in build.sync("--skip", "lib/vendor")
    assert (build.tree / "lib/vendor/mounted").exists()
    assert (build.tree / "lib/vendored").exists()
    assert not any(name.startswith(b"lib/vendor/") for name in build.recorded())


def test_what_is_lent_is_a_link_to_the_context(build: Build) -> None:
    lay(build.context, {b"vendor/x/a.rs": ("file", b""), b".cargo/config.toml": ("file", b"[build]")})
    lay(build.tree, {b"vendor/left": ("file", b""), b".cargo/config.toml": ("file", b"")})
    lent = ("--lend", "vendor", "--lend", "vendor/x/a.rs", "--lend", ".cargo/config.toml")
    build.sync(*lent, *SCRIPTED)
    for name in ("vendor", ".cargo/config.toml"):
        assert (build.tree / name).readlink() == build.context / name
    assert not any(name.startswith((b"vendor", b".cargo")) for name in build.recorded())
    (build.context / "notes.txt").write_text("new")
    assert build.sync(*lent, *SCRIPTED) == {"notes.txt", *ALL}
    assert (build.context / "vendor/x/a.rs").exists()
    assert (build.tree / "vendor/x/a.rs").read_bytes() == b""
    build.sync(*PACKAGES)
    assert read(build.tree) == read(build.context)


def test_adopt_begins_with_what_is_there(tmp_path: Path, program: Path) -> None:
    build = Build(program, tmp_path)
    lay(build.tree, {b"Cargo.toml": ("file", b"masked"), b"src/lib.rs": ("file", b""), b"v/mounted": ("file", b"")})
    lay(tmp_path, {b"away": ("file", b"")})
    (build.tree / "link").symlink_to(tmp_path / "away")
    for path in (*build.tree.rglob("*"), tmp_path / "away"):
        os.utime(path, (OLD, OLD), follow_symlinks=False)
    build.stow("adopt", tmp_path / "build", "--skip", "v")
    new = {path.name for path in build.tree.rglob("*") if path.is_file() and path.stat().st_mtime > OLD}
    assert new == {"Cargo.toml", "lib.rs"}
    assert (tmp_path / "away").stat().st_mtime == OLD
    assert build.recorded() == {b"Cargo.toml", b"src/lib.rs", b"link"}
    lay(build.context, {b"Cargo.toml": ("file", b"real")})
    build.sync("--skip", "v")
    assert read(build.tree) == {b"Cargo.toml": ("file", b"real"), b"v/mounted": ("file", b"")}


NAMES = [b"a b", b"a\nb", b"a\\b", b"a\\nb", b"'\"$", b"\xff\xfe", "é".encode(), b"-x", b"--skip", b" ", b"\t"]


def test_names_of_any_kind(tmp_path: Path, program: Path) -> None:
    build = Build(program, tmp_path)
    tree = {name: ("file", name) for name in NAMES} | {b"d" + name + b"/x": ("file", b"") for name in NAMES}
    lay(build.context, tree)
    build.sync()
    assert read(build.tree) == tree
    assert build.sync() == set()
    build.replace_context({})
    build.sync()
    assert read(build.tree) == {}


SHAPES: dict[str, Tree] = {
    "nothing": {},
    "a file": {b"x": ("file", b"1")},
    "a program": {b"x": ("program", b"1")},
    "a directory": {b"x/y": ("file", b"1"), b"x/z/y": ("file", b"1")},
    "another directory": {b"x/z": ("file", b"1")},
    "a link to a file": {b"x": ("link", b"f"), b"f": ("file", b"1")},
    "a link to a directory": {b"x": ("link", b"d"), b"d/y": ("file", b"1"), b"d/z/y": ("file", b"1")},
    "a link to nothing": {b"x": ("link", b"nothing")},
    "a link outside": {b"x": ("link", b"../../away")},
    "a link in itself": {b"x/y": ("link", b".")},
    "a link below": {b"x/y": ("link", b"../f"), b"f": ("file", b"1")},
}


@pytest.mark.parametrize("before", SHAPES)
@pytest.mark.parametrize("after", SHAPES)
@pytest.mark.parametrize("cut", [False, True])
def test_one_kind_becomes_another(tmp_path: Path, program: Path, before: str, after: str, cut: bool) -> None:
    """Whole or, where it was `cut` short, a second time; and what lies outside is never touched."""
    away: Tree = {b"y": ("file", b"1"), b"z/y": ("file", b"1"), b"x": ("file", b"1")}
    build = Build(program, tmp_path)
    lay(tmp_path / "away", away)
    for path in (tmp_path / "away").rglob("*"):
        os.utime(path, (OLD, OLD))
    options = ("--package", "p", "", "x", "x/y")
    build.replace_context(SHAPES[before])
    build.sync(*options)
    build.replace_context(SHAPES[after])
    if cut:
        record = build.record.read_bytes()
        build.sync(*options)
        build.record.write_bytes(record + b"\0" + build.record.read_bytes())
    build.sync(*options)
    assert read(build.tree) == dict(SHAPES[after])
    assert read(tmp_path / "away") == away
    assert all(path.stat().st_mtime == OLD for path in (tmp_path / "away").rglob("*") if path.is_file())


PARTS = st.sampled_from([b"a", b"b", b"c", b"lib.rs"])
PATHS = st.lists(PARTS, min_size=1, max_size=3).map(b"/".join)
CONTENTS = st.one_of(
    st.tuples(st.sampled_from(["file", "file", "program"]), st.sampled_from([b"", b"1", b"2"])),
    st.tuples(st.just("link"), st.sampled_from([b"a", b"../b", b"lib.rs", b".", b"../../away", b"nothing"])),
)


@st.composite
def trees(draw: st.DrawFn) -> dict[bytes, Content]:
    drawn = draw(st.dictionaries(PATHS, CONTENTS, max_size=6))
    parents = {path.rsplit(b"/", number)[0] for path in drawn for number in range(1, path.count(b"/") + 1)}
    return {path: content for path, content in drawn.items() if path not in parents}


MADE = b"a/made-by-a-script"


@settings(deadline=None, max_examples=120)
@given(before=trees(), after=trees(), cut=st.booleans(), script=st.booleans())
@example(
    before={b"a": ("link", b"b"), b"b/c": ("file", b"1")},
    after={b"a/c": ("file", b"1"), b"b/c": ("file", b"1")},
    cut=False,
    script=False,
)
def test_the_tree_becomes_the_context(
    program: Path, before: dict[bytes, Content], after: dict[bytes, Content], cut: bool, script: bool
) -> None:
    with tempfile.TemporaryDirectory() as directory:
        build = Build(program, Path(directory))
        away: Tree = dict.fromkeys((b"a", b"b", b"c", b"lib.rs"), ("file", b"1"))
        lay(build.root / "away", away)
        options = ("--package", "a", "a", "a/lib.rs", "--package", "root", "", "lib.rs", "--script", "b/lib.rs")
        build.replace_context(before)
        build.sync(*options)
        if script and (build.tree / "a").is_dir() and not (build.tree / "a").is_symlink():
            lay(build.tree, {MADE: ("file", b"")})
        record = build.record.read_bytes()
        build.replace_context(after)
        build.sync(*options)
        if cut:
            build.record.write_bytes(record + b"\0" + build.record.read_bytes())
            build.sync(*options)
        found = read(build.tree)
        made = found.pop(MADE, None)
        assert found == after
        assert made == (("file", b"") if script and b"a" not in after and made else made)
        assert read(build.root / "away") == away
        assert build.recorded() == after.keys()
        assert build.sync(*options) == set()


PLACES = [
    "target/debug", "target/release", "target/x86_64-unknown-linux-gnu/debug", "target/wasm32-wasip1/small",
    "target/deps", "target/wasm32-wasip1/build",
]  # fmt: skip
HASH = "0123456789abcdef"


@pytest.mark.parametrize("place", PLACES)
def test_forget_makes_some_packages_compile_anew_and_no_others(build: Build, place: str) -> None:
    mine = build.fingerprint(f"app-{HASH}", "app-ffffffffffffffff", f"my-lib-{HASH}", at=place)
    theirs = build.fingerprint(
        f"app-more-{HASH}", f"my-{HASH}", f"lib-{HASH}", "app", f"app{HASH}0", f"-{HASH}", f"xapp-{HASH}", "app-0",
        at=place,
    )  # fmt: skip
    for kept in ("deps", "build"):
        (build.root / "build" / place / kept / ".fingerprint" / f"app-{HASH}").mkdir(parents=True)
    build.stow("forget", build.root / "build", "app", "my-lib")
    assert not any(path.exists() for path in mine)
    assert all(path.exists() for path in theirs)
    assert (build.root / "build" / place / "deps/.fingerprint" / f"app-{HASH}").exists()


def test_forget_finds_all_places_at_once(build: Build) -> None:
    found = [build.fingerprint(f"app-{HASH}", at=place)[0] for place in PLACES]
    build.stow("forget", build.root / "build", "app")
    assert not any(path.exists() for path in found)


@pytest.mark.parametrize("ahead", [False, True])
def test_a_clock_that_went_back(build: Build, ahead: bool) -> None:
    """What was compiled in the future says nothing: any edit of now is older."""
    mine, theirs = build.fingerprint(f"lib-{HASH}", f"serde-{HASH}")
    later = build.record.stat().st_mtime + (3600 if ahead else -3600)
    for path in (mine, theirs):
        os.utime(path / "dep", (later, later))
    build.sync(*PACKAGES)
    assert mine.exists() == (not ahead)
    assert theirs.exists()


def test_a_layout_that_we_do_not_know_is_given_up(build: Build) -> None:
    lay(build.root, {b"build/target/debug/build/app/0123/fingerprint/dep": ("file", b"")})
    build.sync(*PACKAGES)
    assert not (build.root / "build/target").exists()
    assert read(build.tree) == read(build.context)


@pytest.mark.parametrize("words", [[], ["nonsense"], ["sync", "none", "b"]])
def test_what_cannot_be(program: Path, words: list[str], tmp_path: Path) -> None:
    ended = subprocess.run([program, *words], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("stow: ")
