"""A foreign pipeline with `from cargo_stow.tasks import *`, run by a real doit."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cargo_stow import tasks

if TYPE_CHECKING:
    from tests.scene import Scene

TARGET = "registry.example.org/team/greeter:1"
BROKEN = {
    "no container section": '[package]\nname = "greeter"\nversion = "0.1.0"\n',
    "broken TOML": "[package\n",
    "no base image": '[package]\nname = "greeter"\nversion = "0.1.0"\n[package.metadata.container]\n',
    "no crate at all": None,
}


@pytest.fixture
def pipeline(scene: Scene) -> Scene:
    scene.write_dodo()
    return scene


def names(scene: Scene, *options: str) -> list[str]:
    done = scene.doit("list", "--quiet", *options)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_what_is_exported() -> None:
    assert tasks.__all__ == sorted(tasks.__all__)
    assert all(name.startswith("task_") and callable(getattr(tasks, name)) for name in tasks.__all__)
    assert {name for name in vars(tasks) if name.startswith("task_")} == set(tasks.__all__)
    assert not hasattr(tasks, "DOIT_CONFIG")


def test_the_list_has_the_four_verbs_and_hides_the_rest(pipeline: Scene) -> None:
    assert names(pipeline) == ["own", "stow_build", "stow_dockerfile", "stow_push", "stow_run"]
    assert names(pipeline, "--private")[:2] == ["_stow_inputs", "_stow_target"]
    described = pipeline.doit("list").stdout
    assert re.search(r"stow_build +build the container image of the crate\n", described)


@pytest.mark.parametrize("manifest", BROKEN.values(), ids=BROKEN)
def test_a_broken_crate_disturbs_nobody_else(pipeline: Scene, manifest: str | None) -> None:
    path = pipeline.directory / "Cargo.toml"
    path.unlink() if manifest is None else path.write_text(manifest)
    assert "own" in names(pipeline)
    assert pipeline.doit("own").returncode == 0
    assert (pipeline.directory / "own.txt").read_text() == "own\n"
    failed = pipeline.doit("stow_build")
    assert failed.returncode == 1
    assert "Traceback" not in failed.stdout + failed.stderr
    assert "Cargo.toml" in failed.stdout + failed.stderr
    assert not pipeline.state.exists()


def test_our_own_configuration_of_doit_is_kept(pipeline: Scene) -> None:
    assert pipeline.doit("stow_build").returncode == 0
    assert (pipeline.directory.parent / "own.json").exists()


def test_building_and_not_building_again(pipeline: Scene) -> None:
    done = pipeline.doit("stow_build")
    assert done.returncode == 0, done.stderr
    identity = pipeline.tags()[TARGET]
    assert f"\n{identity}\n" in f"\n{done.stdout}"
    assert "    Building greeter (greeter, release) on debian:bookworm-slim\n" in done.stderr
    for _ in range(2):
        assert pipeline.doit("stow_build").returncode == 0
    assert "-- stow_build" in pipeline.doit("stow_build").stdout
    assert pipeline.counts()["build"] == 1


def test_content_decides_whatever_size_and_time_say(pipeline: Scene) -> None:
    main = pipeline.directory / "src/main.rs"
    pipeline.doit("stow_build")
    pipeline.doit("stow_build")
    status = main.stat()
    main.write_text(main.read_text().replace("{}", "()"))
    os.utime(main, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert pipeline.doit("stow_build").returncode == 0
    assert pipeline.counts()["build"] == 2


def test_an_image_that_is_gone_is_built_again(pipeline: Scene) -> None:
    pipeline.doit("stow_build")
    pipeline.doit("stow_build")
    state = json.loads(pipeline.state.read_text())
    pipeline.state.write_text(json.dumps({**state, "tags": {}, "images": []}))
    pipeline.doit("stow_build")
    assert pipeline.counts()["build"] == 2


@pytest.mark.parametrize("first", ["stow", "doit"])
def test_the_command_line_and_doit_agree(pipeline: Scene, first: str) -> None:
    def build(how: str) -> None:
        done = pipeline.stow("build") if how == "stow" else pipeline.doit("stow_build")
        assert done.returncode == 0, done.stderr

    other = "doit" if first == "stow" else "stow"
    for how in (first, other, first, other):
        build(how)
    assert pipeline.counts()["build"] == 1
    (pipeline.directory / "src/main.rs").write_text("changed")
    build(other)
    build(first)
    assert pipeline.counts()["build"] == 2


def test_the_file_dependencies(pipeline: Scene) -> None:
    root = pipeline.directory
    (root / "rust-toolchain.toml").write_text('[toolchain]\nchannel = "1.90"\n')
    (root / "near/src").mkdir(parents=True)
    (root / "near/Cargo.toml").write_text('[package]\nname = "near"\nversion = "0.1.0"\n')
    (root / "near/src/lib.rs").write_text("")
    manifest = root / "Cargo.toml"
    manifest.write_text(manifest.read_text() + '[dependencies]\nnear = { path = "near" }\n')
    (root / "Cargo.lock").unlink()
    for _ in range(2):
        done = pipeline.doit("stow_build")
        assert done.returncode == 0, done.stderr
    saved = json.loads((root.parent / "own.json").read_text())["stow_build"]["deps:"]
    assert sorted(str(Path(path).relative_to(root)) for path in saved) == sorted([
        "Cargo.toml", "Stow.lock", "rust-toolchain.toml", "src/main.rs", "near/Cargo.toml", "near/src/lib.rs",
        ".gitignore",
    ])  # fmt: skip


def test_pushing_builds_first_and_prints_the_digest(pipeline: Scene) -> None:
    done = pipeline.doit("stow_push")
    assert done.returncode == 0, done.stderr
    assert re.search(r"^registry\.example\.org/team/greeter@sha256:[0-9a-f]{64}$", done.stdout, re.MULTILINE)
    assert (pipeline.counts()["build"], pipeline.counts()["push"]) == (1, 1)


def test_nowhere_to_push_to_is_said_before_anything_is_built(pipeline: Scene) -> None:
    manifest = pipeline.directory / "Cargo.toml"
    manifest.write_text(manifest.read_text().replace("target_image", "# "))
    done = pipeline.doit("stow_push")
    assert done.returncode == 1
    assert "`target_image` is missing" in done.stdout + done.stderr
    assert not pipeline.state.exists()


def test_running_with_arguments(scene: Scene) -> None:
    scene.write_dodo(extra="backend.run = lambda image, options: print(options.arguments, flush=True) or 7")
    done = scene.doit("stow_run", "--", "a", "--flag")
    assert "('a', '--flag')" in done.stdout
    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr


def test_a_failing_task_says_ours_without_a_traceback(scene: Scene) -> None:
    scene.write_dodo(
        extra="from cargo_stow.errors import BuildError;"
        " backend.fail('build', BuildError('it failed', detail='its words', hint='type this'))"
    )
    done = scene.doit("stow_build")
    assert done.returncode == 1
    said = done.stdout + done.stderr
    assert "Traceback" not in said
    assert all(text in said for text in ("it failed", "its words", "type this"))


def test_a_bug_has_its_traceback(scene: Scene) -> None:
    scene.write_dodo(extra="backend.fail('build', RuntimeError('a bug'))")
    done = scene.doit("stow_build")
    assert done.returncode != 0
    assert "RuntimeError: a bug" in done.stdout + done.stderr


@pytest.mark.parametrize(
    "words", [("info", "stow_build"), ("forget", "stow_build"), ("clean",), ("ignore", "stow_push")]
)
def test_other_commands_of_doit(pipeline: Scene, words: tuple[str, ...]) -> None:
    pipeline.doit("stow_build")
    done = pipeline.doit(*words)
    assert "Traceback" not in done.stdout + done.stderr
    assert done.returncode in ({0, 1} if words[0] == "info" else {0})


def test_the_state_file_where_doit_puts_it_is_no_source(pipeline: Scene) -> None:
    dodo = pipeline.directory / "dodo.py"
    dodo.write_text(re.sub("DOIT_CONFIG = .*", "", dodo.read_text()))
    for _ in range(3):
        assert pipeline.doit("stow_build").returncode == 0
    assert pipeline.counts()["build"] == 1


def test_forgetting_costs_no_build(pipeline: Scene) -> None:
    pipeline.doit("stow_build")
    pipeline.doit("forget", "stow_build")
    assert pipeline.doit("stow_build").returncode == 0
    assert pipeline.counts()["build"] == 1


@pytest.mark.parametrize("options", [("-n", "2"), ("-n", "2", "-P", "thread")])
def test_in_parallel(pipeline: Scene, options: tuple[str, ...]) -> None:
    done = pipeline.doit(*options, "own", "stow_build", "stow_dockerfile")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (pipeline.directory / "Dockerfile").exists()
    assert pipeline.counts()["build"] == 1


def test_the_crate_of_the_dodo_file_wherever_doit_is_called(pipeline: Scene, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "doit", "-f", str(pipeline.directory / "dodo.py"), "stow_build"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert TARGET in pipeline.tags()


def test_two_builds_at_once_are_one(scene: Scene) -> None:
    slow = "backend.at('build', lambda: __import__('time').sleep(0.5))"
    builds = [
        subprocess.Popen(
            scene.argv("build", extra=slow),
            cwd=scene.directory,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    outputs = [build.communicate(timeout=120) for build in builds]
    assert [build.returncode for build in builds] == [0, 0], outputs
    assert [out for out, _ in outputs] == [f"{scene.tags()[TARGET]}\n"] * 2
    assert scene.counts()["build"] == 1
    assert "waiting for another cargo-stow" in "".join(err for _, err in outputs)
    assert scene.stow("build").returncode == 0
    assert scene.counts()["build"] == 1
