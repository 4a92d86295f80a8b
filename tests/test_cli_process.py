"""`cargo-stow` as a process of its own: streams, signals, exit codes."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.scene import Scene

TARGET = "registry.example.org/team/greeter:1"
WAITS = "backend.at('build', lambda: (print('building', file=sys.stderr, flush=True), __import__('time').sleep(20)))"


@pytest.mark.parametrize("words", [("build",), ("stow", "build")])
def test_with_and_without_the_word_that_cargo_passes(scene: Scene, words: tuple[str, ...]) -> None:
    done = scene.stow(*words)
    assert (done.returncode, done.stdout) == (0, f"{scene.tags()[TARGET]}\n"), done.stderr


def test_cargo_finds_us(scene: Scene, tmp_path: Path) -> None:
    if shutil.which("cargo") is None:
        pytest.skip("no cargo on this machine")
    program = tmp_path / "bin" / "cargo-stow"
    program.parent.mkdir()
    program.write_text(f"#!{sys.executable}\n{scene.preamble()}\nfrom cargo_stow.entry import main\nmain()\n")
    program.chmod(0o755)
    environment = {**os.environ, "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        ["cargo", "stow", "build", "-q"],
        cwd=scene.directory,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, f"{scene.tags()[TARGET]}\n"), done.stderr


def test_no_crate_here(scene: Scene, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    done = scene.stow("build", "--manifest-path", str(empty))
    assert (done.returncode, done.stdout) == (2, "")
    assert str(empty / "Cargo.toml") in done.stderr
    assert " help: " in done.stderr


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_signals_during_a_build(scene: Scene, signum: signal.Signals, code: int) -> None:
    with subprocess.Popen(
        scene.argv("build", extra=f"import sys; {WAITS}"),
        cwd=scene.directory, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as build:  # fmt: skip
        assert build.stderr is not None
        assert "building\n" in iter(build.stderr.readline, "")
        build.send_signal(signum)
        out, err = build.communicate(timeout=120)
    assert (build.returncode, out) == (code, "")
    assert "Traceback" not in err
    assert scene.tags() == {}
    assert not (scene.directory / "target/stow/record.json").exists()
    assert scene.stow("build").returncode == 0


@pytest.mark.parametrize("words", [("build",), ("dockerfile", "--output", "-")])
def test_a_reader_that_has_gone(scene: Scene, words: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = scene.stow(*words, stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    assert done.returncode == 141
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


def test_a_result_that_cannot_be_written(scene: Scene) -> None:
    with Path("/dev/full").open("w") as full:
        done = scene.stow("build", stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 14
    assert done.stderr.endswith("error: cannot write the result to stdout: No space left on device\n")


@pytest.mark.parametrize("descriptor", [1, 2])
def test_a_stream_that_the_caller_closed(scene: Scene, descriptor: int) -> None:
    done = subprocess.run(
        ["sh", "-c", f'exec "$@" {descriptor}>&-', "sh", *scene.argv("build")],
        cwd=scene.directory, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert TARGET in scene.tags()


@pytest.mark.parametrize("variables", [{"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"}, {"PYTHONIOENCODING": "ascii"}])
def test_names_that_the_terminal_has_no_sign_for(scene: Scene, variables: dict[str, str]) -> None:
    odd = scene.directory / "grün"
    odd.mkdir()
    (odd / "Cargo.toml").write_text("[")
    scene.environment = variables
    done = scene.stow("build", "--manifest-path", "grün")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    dockerfile = scene.stow("dockerfile", "-o", "-")
    assert dockerfile.returncode == 0, dockerfile.stderr


def test_nothing_that_a_fresh_build_does_not_need_is_imported(scene: Scene) -> None:
    scene.stow("build")
    scene.stow("build")
    look = "print(sorted({'docker', 'jinja2', 'requests'} & set(__import__('sys').modules)))"
    report = f"__import__('atexit').register(lambda: {look})"
    done = scene.stow("build", extra=report)
    assert done.stdout.splitlines()[-1] == "[]"


def test_no_docker_on_this_machine(greeter: Path, tmp_path: Path) -> None:
    """The real backend, on a PATH without docker and at an address where nothing answers."""
    environment = {**os.environ, "PATH": str(tmp_path / "nothing")}
    done = subprocess.run(
        [sys.executable, "-c", "from cargo_stow.entry import main; main()", "build"],
        cwd=greeter, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (7, "")
    assert "error: the program `docker` is not installed, or not on PATH\n" in done.stderr
    assert "apt-get install docker.io" in done.stderr


def test_an_engine_that_is_stopped(greeter: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from cargo_stow.entry import main; main()", "build"],
        cwd=greeter, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (8, "")
    assert "no engine answers at unix:///" in done.stderr
    assert not (greeter / "Stow.lock").exists()
