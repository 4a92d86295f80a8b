"""What makes a build run and what does not, by what the engine was asked for, never by time."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from integration.driver.marks import own_engine_only

if TYPE_CHECKING:
    from collections.abc import Callable

    from integration.driver.stow import Stow

MAIN = "src/main.rs"


def touch(stow: Stow) -> None:
    for path in (stow.root / MAIN, stow.root / "Cargo.toml", stow.root / "Cargo.lock"):
        path.touch()


def edit(stow: Stow) -> None:
    stow.edit(MAIN, '"Hello, ', '"Good evening, ')


def edit_with_equal_size_and_time(stow: Stow) -> None:
    before = (stow.root / MAIN).stat()
    stow.edit(MAIN, '"Hello, ', '"Hallo, ')
    os.utime(stow.root / MAIN, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = (stow.root / MAIN).stat()
    assert (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)


def remove_the_image(stow: Stow) -> None:
    stow.engine.docker("rmi", "--force", stow.image("greeter"))


def give_the_tag_to_another_image(stow: Stow) -> None:
    stow.engine.docker("tag", "debian:bookworm-slim", stow.image("greeter"))


def ask_for_another_user(stow: Stow) -> None:
    stow.edit("Cargo.toml", "runtime_deps = []", 'runtime_deps = []\nuser = "1234"')


def ask_for_another_name(stow: Stow) -> None:
    stow.edit("Cargo.toml", "greeter:latest", "greeter:2")


def lose_the_record(stow: Stow) -> None:
    (stow.root / "target/stow/record.json").unlink()


def damage_the_state(stow: Stow) -> None:
    for name in ("record.json", "doit.json"):
        (stow.root / "target/stow" / name).write_text('{"half')


def lose_the_state_of_doit(stow: Stow) -> None:
    (stow.root / "target/stow/doit.json").unlink()


def write_into_the_target_directory(stow: Stow) -> None:
    (stow.root / "target/noise").write_text("what cargo leaves there is no source")


@dataclass(frozen=True)
class Case:
    change: Callable[[Stow], None]
    builds: int
    says: str = "Hello, world!"
    both: bool = False  # Whether the answer depends on what the engine says.


CASES = [
    Case(lambda _: None, builds=0, both=True),
    Case(touch, builds=0),
    Case(write_into_the_target_directory, builds=0),
    Case(lose_the_state_of_doit, builds=0),
    Case(edit, builds=1, says="Good evening, world!", both=True),
    Case(edit_with_equal_size_and_time, builds=1, says="Hallo, world!"),
    Case(remove_the_image, builds=1, both=True),
    Case(give_the_tag_to_another_image, builds=1, both=True),
    Case(ask_for_another_user, builds=1),
    Case(ask_for_another_name, builds=1),
    Case(lose_the_record, builds=1),
    Case(damage_the_state, builds=1),
]


ROWS = [(engine, case) for engine in ("own", "newer") for case in CASES if case.both or engine == "own"]


@pytest.mark.parametrize(
    ("engine", "case"),
    ROWS,
    indirect=["engine"],
    ids=lambda value: value if isinstance(value, str) else value.change.__name__.replace("<lambda>", "nothing"),
)
def test_change(greeter: Stow, case: Case) -> None:
    before = greeter("build")
    case.change(greeter)
    after = greeter("build")
    assert after.builds == case.builds, after.docker
    assert greeter.engine.docker("run", "--rm", after.reference) == case.says
    tag = greeter.image("greeter", "2" if case.change is ask_for_another_name else "latest")
    assert greeter.engine.image_id(tag) == greeter.engine.image_id(after.reference)
    if not case.builds:
        assert after.out == before.out
    again = greeter("build")
    assert (again.builds, again.out) == (0, after.out)


def test_a_second_build_changes_nothing_in_the_engine(greeter: Stow) -> None:
    greeter("build")
    since = greeter.engine.docker("info", "--format", "{{.SystemTime}}")
    assert greeter("build").docker == ()
    until = greeter.engine.docker("info", "--format", "{{.SystemTime}}")
    events = greeter.engine.docker("events", "--since", since, "--until", until, "--filter", "type=image")
    assert greeter.prefix not in events


@own_engine_only
def test_the_revert_of_a_failed_edit_gives_the_old_program(greeter: Stow) -> None:
    first = greeter("build")
    text = (greeter.root / MAIN).read_text()
    greeter.edit(MAIN, '"Hello, ', '"Hello" oops "')
    assert "error" in greeter("build", code=5).err
    (greeter.root / MAIN).write_text(text)
    again = greeter("build")
    assert (again.builds, again.out) == (0, first.out)
