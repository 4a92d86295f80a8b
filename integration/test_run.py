"""`cargo stow run`: exit code, streams, options; the container and the temporary image are gone afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from integration.driver.marks import own_engine_only
from integration.driver.web import wait_for
from tests.terminal import CTRL_D, Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from integration.driver.stow import Stow

# Another arm of the greeter's `match`, put before its first one.
ARM = "    match args {\n"
SERVER = """\
        ["--serve"] => {
            let listener = std::net::TcpListener::bind("0.0.0.0:8080")?;
            for stream in listener.incoming() {
                let mut stream = stream?;
                io::Read::read(&mut stream, &mut [0; 1024])?;
                stream.write_all(b"HTTP/1.1 200 OK\\r\\nContent-Length: 6\\r\\n\\r\\nserved")?;
            }
        }
"""
LOOKER = """\
        ["--look"] => {
            use std::io::IsTerminal;
            println!("terminal: {} {}", io::stdin().is_terminal(), io::stdout().is_terminal());
            println!("GREETING: {:?}", env::var("GREETING").ok());
            println!("file: {:?}", fs::read_to_string("/given/file").ok());
        }
"""


@pytest.fixture
def looker(greeter: Stow) -> Iterator[Stow]:
    """A greeter that says what it was given, and serves; afterwards nothing of its runs may be left."""
    greeter.edit("src/main.rs", ARM, ARM + LOOKER + SERVER)
    yield greeter
    assert_nothing_left(greeter)


def assert_nothing_left(stow: Stow) -> None:
    stow("build")  # names the image, which a run leaves without one
    image = stow.engine.image_id(stow.image("greeter")) or ""
    assert stow.engine.containers_of({image}) == []
    assert stow.engine.temporary_names(image) == []


def test_streams_and_exit_code(looker: Stow) -> None:
    first = looker("run")
    assert (first.out, first.builds) == ("Hello, world!\n", 1)
    assert looker("run", "--", "--exit", "7", code=7).out == ""
    assert looker("run", "--", "--echo", stdin="one\ntwo\n").out == "one\ntwo\n"
    wrong = looker("run", "--", "--no-such", code=2)
    assert wrong.err.rstrip().endswith("--whoami]")
    assert looker("run", "-q", "--", "Ferris").err == ""
    assert looker.engine.image_id(looker.image("greeter")) is None, "`run` names no image as `build` does"


@own_engine_only
def test_a_run_uses_the_image_of_the_build(looker: Stow) -> None:
    looker("build")
    assert looker("run", "--", "--whoami").builds == 0


def test_options_are_those_of_docker_run(looker: Stow, tmp_path: Path) -> None:
    volume = ["--volume", f"{looker.image('greeter').replace('/', '-').replace(':', '-')}:/given"]
    done = looker("run", "--env", "GREETING=hi there", *volume, "--", "--look")
    assert done.out == 'terminal: false false\nGREETING: Some("hi there")\nfile: None\n'
    assert looker("run", "-e", "GREETING", "--", "--look", env={"GREETING": "mine"}).out.count('Some("mine")') == 1
    looker.engine.docker("volume", "rm", volume[1].partition(":")[0])


def test_published_port_of_a_detached_program(looker: Stow) -> None:
    container = looker("run", "--publish", "8080", "--detach", "--", "--serve").reference
    try:
        wait_for(looker.engine.published(container, 8080), "/", "served")
        image = looker.engine.docker("inspect", "--format", "{{.Image}}", container)
    finally:
        looker.engine.docker("rm", "--force", container)
    looker.engine.age(image)
    looker("run")  # sweeps the image that the detached program kept
    assert looker.engine.temporary_names(image) == []


BAD_OPTIONS = [
    (["--volume", ":::"], "::"),
    (["--publish", "no-port"], "no-port"),
    (["--env", "=x"], "=x"),
]


@pytest.mark.parametrize(
    ("options", "named"), BAD_OPTIONS, ids=lambda value: value if isinstance(value, str) else value[0]
)
def test_option_that_the_engine_refuses(looker: Stow, options: list[str], named: str) -> None:
    refused = looker("run", *options, code=10)
    assert named in refused.err
    assert "Traceback" not in refused.err


@own_engine_only
def test_port_that_is_taken(looker: Stow) -> None:
    container = looker("run", "--publish", "8080", "--detach", "--", "--serve").reference
    try:
        image = looker.engine.docker("inspect", "--format", "{{.Image}}", container)
        taken = looker.engine.published(container, 8080).rpartition(":")[2]
        refused = looker("run", "--publish", f"{taken}:8080", "--detach", "--", "--serve", code=10)
        assert taken in refused.err
        refused = looker("run", "--publish", f"{taken}:8080", "--", "--serve", code=10)
        assert taken in refused.err
    finally:
        looker.engine.docker("rm", "--force", container)
    looker.engine.age(image)
    looker("run")


def test_the_program_has_the_terminal(looker: Stow) -> None:
    looker("build")
    argv = ["cargo-stow", "run", "--"]
    with Terminal([*argv, "--look"], cwd=looker.root, env=looker.environ()) as terminal:
        terminal.until_it_says("terminal: true true")
        assert terminal.wait() == 0
    with Terminal([*argv, "--echo"], cwd=looker.root, env=looker.environ()) as terminal:
        terminal.until_it_says("Running")
        terminal.type("typed\n")
        terminal.until_it_says("typed\r\ntyped\r\n")  # once by the terminal, once by the program
        terminal.type(CTRL_D)
        assert terminal.wait() == 0
