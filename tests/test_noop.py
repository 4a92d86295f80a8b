"""What an unchanged crate costs: one request to the engine, no process, no library that is not needed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from cargo_stow import inputs as inputs_module
from cargo_stow.commands.doing import do
from cargo_stow.errors import EngineError
from cargo_stow.work import Work
from tests.backends.fake_engine import Answer, FakeEngine, answer, playing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cargo_stow.backends.memory import MemoryBackend
    from cargo_stow.session import Session

ID, DIGEST = f"sha256:{'1' * 64}", f"sha256:{'d' * 64}"
NAME = "registry.example.org/team/greeter"
IMAGE = {"Id": ID, "RepoTags": [f"{NAME}:1"], "RepoDigests": [], "Os": "linux", "Architecture": "amd64"}
# Each needs many times what a no-op may take, or belongs to a build.
NEEDLESS = {"docker", "requests", "urllib3", "jinja2", "tomli_w", "asyncio", "sqlite3", "doit", "filelock", "rich"}
OF_A_BUILD = {
    f"cargo_stow.{name}" for name in ("dockerfile", "skeleton", "generated", "planning", "actions.order", "tables")
}
CODE = """
import sys
from cargo_stow.entry import main
sys.argv = ["cargo-stow", "build"]
try:
    main()
finally:
    print("IMPORTED", *sys.modules, file=sys.stderr)
"""
DOCKER = """\
#!/bin/sh
echo "docker $*" >> "$CALLS"
while [ $# -gt 0 ]; do
    case "$1" in type=local,dest=*)
        mkdir -p "${1#*dest=}/found"
        echo ID=debian >"${1#*dest=}/found/os-release"
        touch "${1#*dest=}/found/apt-get" ;;
    esac
    if [ "$1" = --metadata-file ]; then echo '{"containerimage.config.digest": "%s"}' > "$2"; fi
    shift
done
"""


@dataclass
class Machine:
    """A crate, an engine that knows its image, and programs that write down how they are called."""

    crate: Path
    engine: FakeEngine
    programs: Path

    def build(self) -> set[str]:
        """Build in a process of its own; returns the modules it had imported."""
        environment = {
            **os.environ,
            "PATH": f"{self.programs}:{os.environ['PATH']}",
            "CALLS": str(self.programs / "calls"),
            "DOCKER_HOST": self.engine.address,
            "HOME": str(self.programs),
        }
        ended = subprocess.run(
            [sys.executable, "-c", CODE], cwd=self.crate, env=environment, capture_output=True, text=True, check=False
        )
        assert (ended.returncode, ended.stdout) == (0, f"{ID}\n"), ended.stderr
        return set(ended.stderr.rpartition("IMPORTED ")[2].split())

    def calls(self) -> list[str]:
        """How programs were called since this was last asked."""
        file = self.programs / "calls"
        calls = file.read_text().splitlines() if file.exists() else []
        file.unlink(missing_ok=True)
        return calls

    def requests(self) -> list[str]:
        found = [f"{one.method} {one.path}" for one in self.engine.requests]
        self.engine.requests.clear()
        return found


@pytest.fixture
def machine(greeter: Path, tmp_path: Path) -> Iterator[Machine]:
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "docker").write_text(DOCKER % ID)
    cargo = shutil.which("cargo")
    if cargo:
        (programs / "cargo").write_text(f'#!/bin/sh\necho "cargo $*" >> "$CALLS"\nexec {cargo} "$@"\n')
    for program in programs.iterdir():
        program.chmod(0o755)
    with playing(tmp_path / "engine.sock") as engine:
        for name in ("debian:bookworm-slim", "rust:1.95-slim"):
            engine.set(f"GET /distribution/{name}/json", answer({"Descriptor": {"digest": DIGEST}}))
        engine.set(f"POST /images/{ID}/tag", Answer(status=201, body=b""))
        for name in (ID, f"{NAME}:1"):
            engine.set(f"GET /images/{name}/json", answer(IMAGE))
        yield Machine(crate=greeter, engine=engine, programs=programs)


def test_an_unchanged_crate(machine: Machine) -> None:
    machine.build()
    machine.build()
    machine.calls()
    machine.requests()
    modules = machine.build()
    assert machine.requests() == [f"GET /images/{NAME}:1/json"]
    assert machine.calls() == []
    assert {name.partition(".")[0] for name in modules} & NEEDLESS == set()
    assert modules & OF_A_BUILD == set()
    assert modules & {"click.shell_completion", "cargo_stow.candidates"} == set()


def test_what_a_build_asks_of_the_engine(machine: Machine) -> None:
    """Once whether it is there, before BuildKit is, then only for the image: what it was, and what it is."""
    machine.build()
    machine.calls()
    machine.requests()
    (machine.crate / "src/main.rs").write_text("fn main() { }\n")
    modules = machine.build()
    assert machine.requests() == [
        "GET /_ping",
        f"GET /images/{ID}/json",
        f"GET /images/{NAME}:1/json",
        f"POST /images/{ID}/tag",
        f"GET /images/{NAME}:1/json",
    ]
    calls = [call for call in machine.calls() if call.startswith("docker ")]
    assert [call.partition(" --")[0] for call in calls] == ["docker buildx build"]
    assert modules & {"docker", "requests"} == set()


class TestLooks:
    """How often the tree is listed, and hashed, in one command."""

    @pytest.fixture
    def seen(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        seen: list[str] = []
        for name in ("list_files", "hash_files"):
            known = getattr(inputs_module, name)

            def noted(*args: object, name: str = name, known: object = known) -> object:
                seen.append(name)
                return known(*args)  # type: ignore[operator]

            monkeypatch.setattr(inputs_module, name, noted)
        return seen

    def build(self, session: Session) -> Work:
        work = Work(session=session, prints=False)
        do(work, "stow_build")
        return work

    @pytest.mark.usefixtures("greeter")
    def test_an_unchanged_crate_is_looked_at_once(self, session: Session, seen: list[str]) -> None:
        self.build(session)
        seen.clear()
        self.build(session)
        assert seen == ["list_files", "hash_files"]

    def test_a_changed_one_before_the_build_and_after(
        self, session: Session, backend: MemoryBackend, greeter: Path, seen: list[str]
    ) -> None:
        self.build(session)
        (greeter / "src/main.rs").write_text("changed")
        seen.clear()
        backend.at("build", lambda: seen.append("build"))
        self.build(session)
        assert seen == ["list_files", "hash_files", "build", "list_files", "hash_files"]

    def test_what_changes_while_it_is_built_is_noticed(
        self, session: Session, backend: MemoryBackend, greeter: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.build(session)
        (greeter / "src/main.rs").write_text("changed")

        def edit() -> None:
            (greeter / "src/main.rs").write_text("CHANGED")

        backend.at("tag", edit)
        self.build(session)
        assert "a source changed during the build" in capsys.readouterr().err
        self.build(session)
        assert backend.counts["build"] == 3

    def test_without_the_lock_nothing_is_kept(self, session: Session, greeter: Path) -> None:
        project = Work(session=session).project()
        before = session.inputs(project).contents
        (greeter / "src/main.rs").write_text("changed")
        assert session.inputs(project).contents != before
        with session.locked(project):
            held = session.inputs(project)
            with session.locked(project):
                assert session.inputs(project) is held
            assert session.inputs(project) is held
        assert session.inputs(project) is not held


@pytest.mark.usefixtures("greeter")
def test_an_engine_that_fails_is_asked_once(session: Session, backend: MemoryBackend) -> None:
    """One that hangs costs a minute each time."""
    do(Work(session=session, prints=False), "stow_build")
    asked = backend.counts["find"]
    backend.fail("find", EngineError("it did not answer in time"))
    with pytest.raises(EngineError, match="in time"):
        do(Work(session=session, prints=False), "stow_build")
    assert backend.counts["find"] == asked + 1
    do(Work(session=session, prints=False), "stow_build")
