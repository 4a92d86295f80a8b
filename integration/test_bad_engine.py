"""What is wrong with the machine: no docker, no buildx, no daemon, no right to its socket, no such image."""

from __future__ import annotations

import os
import shutil
import socket
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from integration.driver.done import Done
    from integration.driver.registry import Registry
    from integration.driver.stow import Stow


@pytest.fixture
def edited(built: Stow, tmp_path: Path) -> Stow:
    """A crate that was built, and changed since: its next build needs everything."""
    stow = built.twin(tmp_path)
    stow.edit("src/main.rs", "Hello, ", "Edited, ")
    return stow


def refused(stow: Stow, code: int, *says: str, env: dict[str, str] | None = None) -> Done:
    before = stow.state()
    done = stow("build", code=code, env=env)
    for text in says:
        assert text in done.err, f"{text!r} is not in:\n{done.err[-1500:]}"
    assert done.out == ""
    assert "Traceback" not in done.err
    assert done.err.count("error:") == 1
    assert stow.state() == before
    return done


def test_no_docker_program(edited: Stow, tmp_path: Path) -> None:
    path = tmp_path / "path"
    path.mkdir()
    for name in ("cargo", "rustc"):
        found = shutil.which(name)
        if found:
            (path / name).symlink_to(found)
    refused(edited, 7, "`docker`", "not installed", env={"PATH": str(path)})


def test_no_buildx(edited: Stow) -> None:
    edited.use_client_without_plugin()
    done = refused(edited, 7, "buildx", "docker-buildx")
    assert not [call for call in done.docker if call.startswith("build ")]


def test_an_old_client_builds_without_buildx(edited: Stow) -> None:
    edited.use_old_client()
    done = edited("build")
    assert [call for call in done.docker if call.startswith("build ")]
    assert edited.engine.docker("run", "--rm", done.reference) == "Edited, world!"


def test_no_daemon(edited: Stow) -> None:
    refused(edited, 8, "/nowhere.sock", env={"DOCKER_HOST": "unix:///nowhere.sock"})
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = str(taken.getsockname()[1])
        refused(edited, 8, port, env={"DOCKER_HOST": f"tcp://127.0.0.1:{port}"})


def test_address_that_is_none(edited: Stow) -> None:
    refused(edited, 2, "DOCKER_HOST", env={"DOCKER_HOST": "nonsense://x"})


def test_the_socket_is_closed_to_us(edited: Stow, tmp_path: Path) -> None:
    path = tmp_path / "closed.sock"
    with socket.socket(socket.AF_UNIX) as closed:
        closed.bind(str(path))
        closed.listen()
        path.chmod(0)
        before = edited.state()
        done = edited.run(
            [*without_root_rights(), "cargo-stow", "build"], code=9, env={"DOCKER_HOST": f"unix://{path}"}
        )
    assert str(path) in done.err
    assert "group" in done.err
    assert "Traceback" not in done.err
    assert edited.state() == before


def without_root_rights() -> list[str]:
    """Root reaches every socket; without these capabilities it meets the modes of files, as others do."""
    if os.geteuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        pytest.skip("there is no setpriv to give up root's rights with")
    dropped = "-dac_override,-dac_read_search"
    return ["setpriv", f"--bounding-set={dropped}", f"--inh-caps={dropped}"]


def test_no_such_base_in_a_registry_that_answers(greeter: Stow, registry: Registry) -> None:
    name = f"{registry.host}/no/such:base"
    greeter("build")
    greeter.edit("Cargo.toml", "debian:bookworm-slim", name)
    refused(greeter, 6, name)


def test_a_base_behind_credentials(greeter: Stow, closed_registry: Registry) -> None:
    greeter("build")
    greeter.edit("Cargo.toml", "debian:bookworm-slim", f"{closed_registry.host}/debian:bookworm-slim")
    refused(greeter, 12, f"docker login {closed_registry.host}")


def test_a_base_of_a_registry_that_is_not_there(greeter: Stow) -> None:
    greeter("build")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        name = f"127.0.0.1:{taken.getsockname()[1]}/debian:bookworm-slim"
        greeter.edit("Cargo.toml", "debian:bookworm-slim", name)
        refused(greeter, 11, name)
