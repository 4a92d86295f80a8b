"""Ctrl-C and SIGTERM in each phase: the code says so, no child goes on, and what was there before is still there."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from integration.driver.stall import Stall
from integration.driver.stow import TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from integration.driver.running import Running
    from integration.driver.stow import Stow

# phase, what is typed, the engine's request that the phase waits for
PHASES = {
    "look-up": (["build"], "/images/"),
    "resolve": (["update"], "/distribution/"),
    "tag": (["build"], "/tag?"),
    "push": (["push"], "/push?"),
    "run": (["run"], "/containers/create"),
}


@dataclass(frozen=True)
class Ending:
    name: str
    number: signal.Signals
    group: bool
    code: int


ENDINGS = [
    Ending("ctrl-c", signal.SIGINT, group=True, code=130),
    Ending("sigint-to-the-process", signal.SIGINT, group=False, code=130),
    Ending("sigterm-to-the-process", signal.SIGTERM, group=False, code=143),
]
SLOW = 'fn main() { std::thread::sleep(std::time::Duration::from_secs(300)); println!("cargo:rustc-env=X=%s"); }\n'


@pytest.fixture
def stall(greeter: Stow) -> Iterator[Stall]:
    """The engine behind a proxy, for all commands of the greeter, which has been built through it."""
    with Stall(greeter.engine) as stall:
        greeter.environment["DOCKER_HOST"] = stall.host
        greeter("build")
        yield stall


def end(stow: Stow, running: Running, ending: Ending) -> None:
    running.send(ending.number, group=ending.group)
    done = stow.finish(running, code=ending.code)
    assert done.out == ""
    assert "Traceback" not in done.err
    assert running.survivors() == []


@pytest.mark.parametrize("phase", PHASES)
def test_while_the_engine_is_asked(greeter: Stow, stall: Stall, phase: str) -> None:
    argv, stall_at = PHASES[phase]
    if phase in ("tag", "run"):
        greeter.edit("src/main.rs", "Hello, ", "Never, ")
    before = greeter.state()
    stall.what = stall_at
    running = greeter.start(*argv)
    stall.wait()
    stall.what = ""
    end(greeter, running, ENDINGS[0])
    assert greeter.state() == before


@pytest.mark.parametrize(
    ("verb", "ending"),
    [*(("build", ending) for ending in ENDINGS), ("run", ENDINGS[0]), ("run", ENDINGS[2])],
    ids=lambda value: value if isinstance(value, str) else value.name,
)
def test_while_it_compiles(greeter: Stow, verb: str, ending: Ending) -> None:
    greeter("build")
    before = greeter.state()
    (greeter.root / "build.rs").write_text(SLOW.replace("%s", f"{TOKEN}-{verb}-{ending.name}"))
    running = greeter.start(verb)
    running.until_it_says("Compiling greeter")
    end(greeter, running, ending)
    assert greeter.state() == before
    (greeter.root / "build.rs").unlink()
    assert greeter("build").builds == 0


def test_while_packages_are_installed(greeter: Stow) -> None:
    greeter("build")
    greeter.edit("Cargo.toml", "build_deps = []", 'build_deps = ["libboost-all-dev"]')
    before = greeter.state()
    running = greeter.start("build")
    running.until_it_says("Reading package lists")
    end(greeter, running, ENDINGS[0])
    assert greeter.state() == before
