from __future__ import annotations

import hashlib
import os
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cargo_stow import context as module
from cargo_stow.context import hash_files, list_files
from cargo_stow.errors import FileError
from cargo_stow.plan import Context

if TYPE_CHECKING:
    from collections.abc import Callable

EVERYTHING = Context(directories=(PurePosixPath(),), files=(), excluded=())


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / "src/main.rs").write_text("fn main() {}", encoding="utf-8")
    (tmp_path / "src/lib.rs").write_text("", encoding="utf-8")
    (tmp_path / "link").symlink_to("src/lib.rs")
    return tmp_path


def hashed(root: Path) -> str:
    return hash_files(root, list_files(root, EVERYTHING))


def test_links_are_sent_and_not_what_is_behind_them(tmp_path: Path) -> None:
    """Whichever path is named: a configuration that came with sources may name one."""
    for name in ("root/src", "loot/keys"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "loot/keys/key").write_text("secret")
    (tmp_path / "root/vendor").symlink_to("../loot")
    named = Context(
        directories=(PurePosixPath("vendor"), PurePosixPath("vendor/keys"), PurePosixPath("src")),
        files=(PurePosixPath("vendor/keys/key"),),
        excluded=(),
    )
    (tmp_path / "link").symlink_to("root")
    for root in (tmp_path / "root", tmp_path / "link"):
        assert list_files(root, named) == [root / "src", root / "vendor"]


def replace_link(root: Path) -> None:
    (root / "link").unlink()
    (root / "link").symlink_to("src/main.rs")


def add_in_directory(root: Path) -> None:
    (root / "d").mkdir()
    (root / "d/x").touch()


def link_to_file(root: Path) -> None:
    (root / "link").unlink()
    (root / "link").write_text("src/lib.rs", encoding="utf-8")


CHANGES: dict[str, Callable[[Path], object]] = {
    "an empty directory": lambda root: (root / "d").mkdir(),
    "content": lambda root: (root / "src/main.rs").write_text("fn main() {;}", encoding="utf-8"),
    "content of the same size": lambda root: (root / "src/main.rs").write_text("fn main() { ", encoding="utf-8"),
    "name": lambda root: (root / "src/lib.rs").rename(root / "src/lob.rs"),
    "directory": lambda root: (root / "src").rename(root / "srd"),
    "two names swapped": lambda root: (
        (root / "src/lib.rs").rename(root / "x"), (root / "src/main.rs").rename(root / "src/lib.rs"),
        (root / "x").rename(root / "src/main.rs"),
    ),
    "executable": lambda root: (root / "src/main.rs").chmod(0o755),
    "link": replace_link,
    "link becomes a file with its target's name": link_to_file,
    "added": lambda root: (root / "new").touch(),
    "added in a new directory": add_in_directory,
    "deleted": lambda root: (root / "src/lib.rs").unlink(),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_what_changes_the_hash(tree: Path, change: str) -> None:
    before = hashed(tree)
    assert hashed(tree) == before
    CHANGES[change](tree)
    assert hashed(tree) != before


def test_what_does_not(tree: Path) -> None:
    before = hashed(tree)
    for path in tree.rglob("*"):
        os.utime(path, (1, 1), follow_symlinks=False)
        if os.geteuid() == 0:
            os.chown(path, 12345, 12345, follow_symlinks=False)
    (tree / "src/main.rs").chmod(0o600)
    assert hashed(tree) == before
    assert hash_files(tree, reversed(list_files(tree, EVERYTHING))) == before


def test_the_place_of_the_tree_does_not_count(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    (tree / "src").rename(other / "src")
    (other / "link").symlink_to("src/lib.rs")
    (tree / "src").mkdir()
    (tree / "src/main.rs").write_text("fn main() {}", encoding="utf-8")
    (tree / "src/lib.rs").touch()
    assert hashed(other) == hashed(tree)


def test_a_file_that_went_away_since_it_was_listed(tree: Path) -> None:
    files = list_files(tree, EVERYTHING)
    before = hash_files(tree, files)
    (tree / "src/lib.rs").unlink()
    assert hash_files(tree, files) not in {before, hashed(tree)}


KINDS = st.sampled_from(
    [b"-", *(kind + hashlib.sha256(text).digest() for kind in (b"f", b"x", b"l") for text in (b"", b"1"))]
)
TREES = st.dictionaries(st.text(st.sampled_from("af-:1"), min_size=1, max_size=8).map(Path), KINDS, max_size=4)


@given(one=TREES, two=TREES)
@example(one={Path("a"): b"-", Path("b"): b"-"}, two={Path("a-b"): b"-"})
@example(one={Path("1"): b"-", Path("a"): b"-"}, two={Path("1-1:a"): b"-"})
def test_no_two_trees_give_the_same_bytes(one: dict[Path, bytes], two: dict[Path, bytes]) -> None:
    """With the fingerprints as they are, nothing in a name can be taken for the end of it."""
    assert (stream(one) == stream(two)) == (one == two)


def stream(tree: dict[Path, bytes]) -> bytes:
    class Recorder:
        def __init__(self) -> None:
            self.parts: list[bytes] = []
            self.update = self.parts.append

        def hexdigest(self) -> str:
            return b"".join(self.parts).hex()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_fingerprint", lambda path, _digest: tree[path.relative_to("/r")])
        patch.setattr(hashlib, "sha256", Recorder)
        return bytes.fromhex(hash_files(Path("/r"), [Path("/r") / path for path in tree]))


def test_fingerprints_say_their_own_length(tree: Path) -> None:
    (tree / "run").touch(mode=0o755)
    files = [*list_files(tree, EVERYTHING), tree / "gone"]
    assert {(each[:1], len(each)) for each in map(module._fingerprint, files)} == {
        (b"f", 33), (b"x", 33), (b"l", 33), (b"-", 1),
    }  # fmt: skip


def deny(*_: object, **__: object) -> None:
    raise PermissionError(13, "Permission denied")


def test_an_unreadable_file_is_named(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = list_files(tree, EVERYTHING)
    monkeypatch.setattr(Path, "open", deny)
    with pytest.raises(FileError, match=r"cannot read .*src/lib\.rs: Permission denied"):
        hash_files(tree, files)


def test_an_unreadable_directory_is_named(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "scandir", deny)
    with pytest.raises(FileError, match=rf"cannot read {tree}: Permission denied"):
        list_files(tree, EVERYTHING)


def test_links_are_listed_and_not_followed_and_sockets_are_left_out(tree: Path) -> None:
    (tree / "loop").symlink_to(".")
    (tree / "dangling").symlink_to("nowhere")
    os.mkfifo(tree / "pipe")
    listed = [str(path.relative_to(tree)) for path in list_files(tree, EVERYTHING)]
    assert listed == ["dangling", "link", "loop", "src/lib.rs", "src/main.rs"]
    only = Context(directories=(), files=(PurePosixPath("dangling"), PurePosixPath("absent")), excluded=())
    assert list_files(tree, only) == [tree / "dangling"]
