"""Whatever the times of files say: the program that ships is compiled from the bytes in the tree.

A table of what goes wrong where builds go by time, and a random walk over the same changes. `STOW_WALK_STEPS` makes the
walk longer, `STOW_WALK_SEED` repeats one.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

import pytest

from integration.driver import tree as paths
from integration.driver.caches import drop_cache_mounts
from integration.driver.stow import Stow
from integration.driver.tree import CRATE, Tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from integration.driver.engine import Engine
    from integration.driver.leaks import Ledger

STEPS = int(os.environ.get("STOW_WALK_STEPS", "6"))
SEED = int(os.environ.get("STOW_WALK_SEED", secrets.randbits(32)))
BROKEN = "fn main() { nothing }\n"
PAIRS = [("text/one.txt", "text/two.txt"), (paths.TEXT, paths.SPELLED)]


@dataclass
class Clone:
    """A clone of the repository, built after each change; `done` is what was done to all of them so far."""

    stow: Stow
    tree: Tree
    package: str
    done: list[str] = field(default_factory=list)

    def check(self, *, salted: bool = True) -> None:
        """Build, and hold the program to what the sources say."""
        if salted:
            self.tree.salt()
        self.done.append("build")
        image = self.stow("build").image
        said = self.stow.engine.docker("run", "--rm", "--network", "none", image)
        assert said == self.tree.expected(), self.story()

    def check_that_it_fails(self) -> None:
        self.tree.salt()
        self.done.append("failing build")
        assert "error: " in self.stow("build", code=5).err, self.story()

    def story(self) -> str:
        return f"after {', '.join(self.done)} (seed {SEED})"


@dataclass
class Clones:
    """Two clones of one repository, which share an engine, and there the caches of their one package."""

    first: Clone
    second: Clone


@pytest.fixture(scope="module")
def clones(engine: Engine, tmp_path_factory: pytest.TempPathFactory, ledger: Ledger) -> Iterator[Clones]:
    package = f"content-{secrets.token_hex(4)}"
    stow = Stow.copy(str(CRATE), engine, scratch(tmp_path_factory))
    for path in ("Cargo.toml", "Cargo.lock"):
        stow.edit(path, '\nname = "content"\nversion', f'\nname = "{package}"\nversion')
    rng = Random(SEED)  # noqa: S311 - to be repeated
    first = Clone(stow, Tree(stow.root, rng), package)
    first.tree.start_history()
    place = scratch(tmp_path_factory)
    first.tree.git("clone", "--quiet", str(stow.root), str(place / "crate"))
    other = Stow(root=place / "crate", engine=engine, scratch=place, prefix=stow.prefix)
    first.check()
    yield Clones(first, Clone(other, Tree(other.root, rng), package, first.done))
    for each in (stow, other):
        ledger.add(each)
        each.clean()
    drop_cache_mounts(engine, package)


def scratch(factory: pytest.TempPathFactory) -> Path:
    return factory.mktemp("content")


EACH = (paths.PLAIN, paths.TEXT, paths.FIRST, paths.HIDDEN, paths.SPELLED)
"""One file a crate, for a crate that is compiled anew takes along whatever else changed in it."""


def edits_of_equal_length_keep_the_time(clones: Clones) -> None:
    tree = clones.first.tree
    for path in EACH:
        tree.edit(path, tree.time(path))
    clones.first.check()


def edits_are_reverted_with_their_old_times(clones: Clones) -> None:
    for path in EACH:
        clones.first.tree.edit(path)
    clones.first.check()
    for path in EACH:
        clones.first.tree.revert(path)
    clones.first.check()


def nothing_but_the_executable_changes(clones: Clones) -> None:
    tree = clones.first.tree
    tree.edit(paths.MAIN, tree.time(paths.MAIN))
    clones.first.check()


def a_file_comes_into_a_directory_and_older_ones_over_files(clones: Clones) -> None:
    tree = clones.first.tree
    tree.write(f"{paths.DATA}/added", f"{tree.new_word()}\n", paths.YEAR_1970 * 10**9)
    for path in (paths.PLAIN, paths.MACRO):
        tree.copy_over(path)
    clones.first.check()


def files_that_build_scripts_read_go(clones: Clones) -> None:
    clones.first.tree.touch(paths.YEAR_1970)
    clones.first.tree.remove(paths.HIDDEN)
    clones.first.tree.remove(f"{paths.DATA}/second")
    clones.first.check()


def links_lead_elsewhere(clones: Clones) -> None:
    clones.first.tree.retarget()
    clones.first.tree.toggle_directory()
    clones.first.check()


def another_branch_here_another_content_there_and_back(clones: Clones) -> None:
    clones.first.tree.switch()
    clones.first.check()
    for path in clones.second.tree.files():
        clones.second.tree.edit(path, paths.YEAR_2001 * 10**9)
    clones.second.check()
    clones.first.tree.switch()
    clones.first.check()


def a_failed_build_is_reverted_with_old_times(clones: Clones) -> None:
    tree = clones.first.tree
    tree.edit(paths.PLAIN)
    tree.write(paths.MAIN, BROKEN)
    clones.first.check_that_it_fails()
    tree.revert(paths.PLAIN)
    tree.withdraw(paths.MAIN)
    clones.first.check()


def the_cache_is_gone_and_all_is_of_2100(clones: Clones) -> None:
    tree = clones.first.tree
    drop_cache_mounts(clones.first.stow.engine, clones.first.package)
    tree.touch(paths.YEAR_2100)
    clones.first.check()
    for path in sorted({*EACH} & {*tree.files()}):
        tree.edit(path)
    clones.first.check()


CASES = [
    edits_of_equal_length_keep_the_time,
    edits_are_reverted_with_their_old_times,
    nothing_but_the_executable_changes,
    a_file_comes_into_a_directory_and_older_ones_over_files,
    files_that_build_scripts_read_go,
    links_lead_elsewhere,
    another_branch_here_another_content_there_and_back,
    a_failed_build_is_reverted_with_old_times,
    the_cache_is_gone_and_all_is_of_2100,
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_case(clones: Clones, case: Callable[[Clones], None]) -> None:
    clones.first.done.append(case.__name__)
    case(clones)


def edit(tree: Tree) -> None:
    tree.edit(tree.any_file())


def edit_with_the_old_time(tree: Tree) -> None:
    path = tree.any_file()
    tree.edit(path, tree.time(path))


def revert(tree: Tree) -> None:
    if tree.changed():
        tree.revert(tree.rng.choice(tree.changed()))


def exchange(tree: Tree) -> None:
    tree.exchange(*tree.rng.choice(PAIRS))


def copy_over(tree: Tree) -> None:
    tree.copy_over(tree.any_file())


def add(tree: Tree) -> None:
    tree.write(f"{paths.DATA}/{tree.new_word()}", f"{tree.new_word()}\n", tree.rng.choice([None, 10**9]))


def remove(tree: Tree) -> None:
    found = [path for path in tree.files() if path.startswith((paths.DATA, paths.HIDDEN))]
    tree.remove(tree.rng.choice(found)) if found else add(tree)


def touch(tree: Tree) -> None:
    tree.touch(tree.rng.choice([paths.YEAR_1970, paths.YEAR_2001, paths.YEAR_2100]))


MOVES: list[Callable[[Tree], None]] = [
    edit, edit_with_the_old_time, revert, revert, exchange, copy_over, add, remove, touch,
    Tree.retarget, Tree.toggle_directory, Tree.switch,
]  # fmt: skip


def fail(clone: Clone) -> None:
    """Leave what was compiled of an edit in the cache, and no executable of it."""
    time = clone.tree.time(paths.MAIN)
    kept = clone.tree.any_file()
    clone.tree.edit(kept)
    clone.tree.write(paths.MAIN, BROKEN)
    clone.check_that_it_fails()
    clone.tree.withdraw(paths.MAIN)
    clone.tree.set_time(paths.MAIN, time)
    if kept != paths.MAIN:
        clone.tree.revert(kept)


def test_walk(clones: Clones) -> None:
    """Mostly one change between two builds; now and then the engine has forgotten, or the build in between failed."""
    rng = Random(SEED)  # noqa: S311 - to be repeated
    for tree in (clones.first.tree, clones.second.tree):
        tree.rng = rng
    for _ in range(STEPS):
        clone = rng.choice([clones.first, clones.second])
        clone.done.append("here" if clone is clones.first else "there")
        if rng.random() < 0.1:
            clone.done.append("cache dropped")
            drop_cache_mounts(clone.stow.engine, clone.package)
        if rng.random() < 0.1:
            fail(clone)
        for move in rng.choices(MOVES, k=rng.choice([1, 1, 2])):
            clone.done.append(move.__name__)
            move(clone.tree)
        clone.check(salted=rng.random() < 0.8)
