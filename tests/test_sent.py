"""A context's name against a model of BuildKit, which is sent only the files that look different from the last ones."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cargo_stow.errors import FileError
from cargo_stow.sent import name_context, settle_context

Versions = dict[str, tuple[int, int, str]]
ROOT = Path("/somewhere/crate")


def version(content: str, mtime: int) -> tuple[int, int, str]:
    return len(content), mtime, hashlib.sha256(content.encode()).hexdigest()


class BuildKit:
    """What an engine has of each context that it was sent, by name."""

    def __init__(self) -> None:
        self.kept: dict[Path, Versions] = {}

    def send(self, name: Path, versions: Versions) -> Versions:
        """Sync as fsutil does, and return what a build would see."""
        before = self.kept.get(name, {})
        self.kept[name] = {
            path: before[path] if path in before and before[path][:2] == found[:2] else found
            for path, found in versions.items()
        }
        return self.kept[name]


FILES = st.dictionaries(
    st.sampled_from(["a", "b"]),
    st.builds(version, st.sampled_from(["one", "two", "six", "three"]), st.sampled_from([1, 2])),
    max_size=2,
)
STEPS = st.lists(
    st.tuples(
        FILES,
        st.sampled_from(["first", "second", "nobody"]),
        st.sampled_from(["", "", "", "save", "restore", "touched"]),
    ),
    max_size=12,
)


@settings(deadline=None, max_examples=300)
@given(STEPS)
def test_an_engine_builds_what_is_there(steps: list[tuple[Versions, str, str]]) -> None:
    """Whichever engine is sent what, and though the directory is put back to what it was some time ago."""
    with tempfile.TemporaryDirectory() as scratch:
        target, backup = Path(scratch, "target"), Path(scratch, "backup")
        engines = {"first": BuildKit(), "second": BuildKit()}
        for versions, engine, also in steps:
            if also == "save" and target.exists():
                shutil.rmtree(backup, ignore_errors=True)
                shutil.copytree(target, backup, symlinks=True)
            if also == "restore" and backup.exists():
                shutil.rmtree(target)
                shutil.copytree(backup, target, symlinks=True)
            name = name_context(ROOT, versions, target / "contexts" / "api")
            if also == "touched":  # while it was sent: nobody knows what that was, and the next name is a new one
                engines["first"].send(name, {path: version("???", each[1]) for path, each in versions.items()})
                continue
            if engine in engines:
                assert engines[engine].send(name, versions) == versions
            settle_context(target / "contexts" / "api")


def settled(root: Path, versions: Versions, directory: Path) -> Path:
    name = name_context(root, versions, directory)
    settle_context(directory)
    return name


def test_a_name_that_was_not_settled_is_given_up(tmp_path: Path) -> None:
    first = name_context(ROOT, {}, tmp_path / "api")
    second = settled(ROOT, {}, tmp_path / "api")
    assert second != first
    assert name_context(ROOT, {}, tmp_path / "api") == second


def test_a_name_stays_as_long_as_it_can(tmp_path: Path) -> None:
    directory = tmp_path / "contexts" / "api"
    first = settled(ROOT, {"a": version("one", 1)}, directory)
    assert first.readlink() == ROOT
    assert settled(ROOT, {"a": version("two", 2), "b": version("new", 1)}, directory) == first
    assert settled(ROOT, {"a": version("one", 1)}, directory) == first
    second = settled(ROOT, {"a": version("six", 1)}, directory)
    assert second != first
    assert list(directory.iterdir()) == [second]


def test_packages_have_names_of_their_own(tmp_path: Path) -> None:
    names = {settled(ROOT, {}, tmp_path / package) for package in ("api", "worker")}
    assert len(names) == 2
    assert names == {settled(ROOT, {}, tmp_path / package) for package in ("api", "worker")}


def test_a_root_that_moved_is_another_context(tmp_path: Path) -> None:
    first = settled(ROOT, {}, tmp_path / "api")
    second = name_context(ROOT / "moved", {}, tmp_path / "api")
    assert second != first
    assert second.readlink() == ROOT / "moved"


def test_what_is_known_does_not_grow_for_ever(tmp_path: Path) -> None:
    names = {settled(ROOT, {"a": version("one", mtime)}, tmp_path / "api") for mtime in range(100)}
    assert 1 < len(names) < 10
    assert (tmp_path / "api.json").stat().st_size < 10_000


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"version": 1}', '{"version": 1, "link": 3, "state": [], "files": {}}', "[" * 100_000,
     '{"version": 1, "link": "../../../etc", "state": [], "files": {}}', "\udcff"],
)  # fmt: skip
def test_a_damaged_memory_is_none(tmp_path: Path, text: str) -> None:
    first = settled(ROOT, {}, tmp_path / "api")
    (tmp_path / "api.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    assert name_context(ROOT, {}, tmp_path / "api") != first


@pytest.mark.parametrize("files", [3, {"a": 3}, {"a": {"3 1": 3}}, {"a": {"3 1": None}}])
def test_a_memory_of_another_shape_is_none(tmp_path: Path, files: object) -> None:
    first = settled(ROOT, {"a": version("one", 1)}, tmp_path / "api")
    known = json.loads((tmp_path / "api.json").read_text())
    (tmp_path / "api.json").write_text(json.dumps({**known, "files": files}))
    assert name_context(ROOT, {"a": version("one", 1)}, tmp_path / "api") != first


def test_a_link_that_was_replaced_is_given_up(tmp_path: Path) -> None:
    first = settled(ROOT, {}, tmp_path / "api")
    first.rename(tmp_path / "kept")
    first.symlink_to(ROOT)
    assert name_context(ROOT, {}, tmp_path / "api") != first


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "api").write_text("")
    with pytest.raises(FileError, match=r"cannot write .*api/[0-9a-f]{16}: "):
        name_context(ROOT, {}, tmp_path / "api")
