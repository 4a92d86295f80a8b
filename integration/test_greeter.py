"""The main job: a crate without dependencies becomes a clean image that runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from integration.driver.marks import newer_engine_only, own_engine_only

if TYPE_CHECKING:
    from integration.driver.stow import Stow


def test_the_printed_reference_runs(greeter: Stow) -> None:
    done = greeter("build")
    assert done.builds == 1
    run = ["run", "--rm", done.reference]
    assert greeter.engine.docker(*run) == "Hello, world!"
    assert greeter.engine.docker(*run, "Ferris") == "Hello, Ferris!"
    assert greeter.engine.docker(*run, "--whoami") == "uid=65532 gid=65532"


def test_the_image_is_its_base_and_one_executable(greeter: Stow) -> None:
    reference = greeter("build").reference
    engine = greeter.engine
    config = engine.inspect(reference)["Config"]
    assert (config["Entrypoint"], config["User"], config["Cmd"]) == (["/usr/bin/greeter"], "65532:65532", None)
    base, layers = engine.layers("debian:bookworm-slim"), engine.layers(reference)
    assert layers[:-1] == base
    script = "cd /; find . -xdev ! -path './proc/*' ! -path './sys/*' ! -path './dev/*' ! -type d | sort"
    added = set(engine.shell(reference, script).split()) - set(engine.shell("debian:bookworm-slim", script).split())
    assert added == {"./usr/bin/greeter"}
    assert engine.shell(reference, "command -v cargo rustc gcc cc ld; stat -c '%a %u:%g' /usr/bin/greeter") == "755 0:0"
    history = engine.docker("history", "--no-trunc", reference)
    assert not any(word in history for word in ("cargo", "rustup", "/src"))


@own_engine_only
def test_stdout_holds_the_result_only(greeter: Stow) -> None:
    loud = greeter("build")
    assert "Building" in loud.err
    quiet = greeter("build", "-q")
    assert (quiet.out, quiet.err, quiet.builds) == (loud.out, "", 0)
    assert greeter("stow", "build").out == loud.out  # as cargo starts it


@own_engine_only
def test_cargo_finds_it(greeter: Stow) -> None:
    first = greeter("build")
    assert greeter.run(["cargo", "stow", "build"]).out == first.out


@newer_engine_only
def test_debug_profile(greeter: Stow) -> None:
    release = greeter("build")
    debug = greeter("build", "--debug")
    assert debug.reference != release.reference
    assert debug.builds == 1
    size = "stat -c %s /usr/bin/greeter"
    engine = greeter.engine
    assert int(engine.shell(debug.image, size)) > int(engine.shell(release.image, size))
    assert engine.docker("run", "--rm", debug.reference) == "Hello, world!"


def test_the_printed_reference_stays_when_the_tag_moves(greeter: Stow) -> None:
    first = greeter("build").reference
    greeter.edit("src/main.rs", "Hello, ", "Second, ")
    second = greeter("build").reference
    assert greeter.engine.docker("run", "--rm", second) == "Second, world!"
    assert greeter.engine.docker("run", "--rm", first) == "Hello, world!"


@newer_engine_only
def test_trixie_base_runs_what_was_compiled_on_it(greeter: Stow) -> None:
    greeter.edit("Cargo.toml", "bookworm", "trixie")
    reference = greeter("build").reference
    assert greeter.engine.docker("run", "--rm", reference) == "Hello, world!"
    assert greeter.engine.layers(reference)[:-1] == greeter.engine.layers("debian:trixie-slim")
