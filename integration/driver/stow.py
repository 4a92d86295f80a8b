"""The one driver of the suite: a copy of a crate, and `cargo-stow` started in it as a user starts it."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from integration.driver import clients
from integration.driver.done import Done
from integration.driver.running import Running
from integration.driver.state import State, read_state

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from integration.driver.engine import Engine

EXAMPLES = Path(__file__).parents[2] / "examples"
TOKEN = secrets.token_hex(4)
"""In every name and program of this session, so that no other session has the same image."""

_SECONDS = 400.0
_LEFT_OUT = shutil.ignore_patterns("target", "Stow.lock", "Dockerfile*")
_IMAGE_ID = re.compile(r"sha256:[0-9a-f]{64}")
_LOGGER = """\
#!/bin/sh
# Notes how docker was called, and calls it.
printf '%s\\n' "$*" >>'{log}'
exec '{docker}' "$@"
"""


def plugin_home(directory: Path) -> Path:
    """Make a Docker configuration directory that has nothing but the plugins of the user's own."""
    directory.mkdir()
    own = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker") / "cli-plugins"
    if own.is_dir():
        (directory / "cli-plugins").symlink_to(own)
    return directory


@dataclass(kw_only=True)
class Stow:
    """A crate in `root`, the engine its commands use, and a namespace of images that is its own."""

    root: Path
    engine: Engine
    scratch: Path
    prefix: str = field(default_factory=lambda: f"stow-{TOKEN}.invalid/{secrets.token_hex(4)}")
    environment: dict[str, str] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.bin = self.scratch / "bin"
        self.log = self.scratch / "docker.log"
        self.wrap_docker(_LOGGER.format(log=self.log, docker=shutil.which("docker")))

    @classmethod
    def copy(cls, example: str, engine: Engine, scratch: Path) -> Stow:
        """Copy an example, and let its images have names of its own."""
        root = scratch / "crate"
        shutil.copytree(EXAMPLES / example, root, ignore=_LEFT_OUT)
        stow = cls(root=root, engine=engine, scratch=scratch)
        for manifest in root.rglob("Cargo.toml"):
            manifest.write_text(manifest.read_text().replace("registry.example.org/team", stow.prefix))
        if example == "greeter":
            stow.edit("src/main.rs", '"usage: ', f'"usage ({TOKEN}): ')
        return stow

    def twin(self, scratch: Path) -> Stow:
        """The same crate in another directory, with all that was built of it, under the same names."""
        shutil.copytree(self.root, scratch / "crate", symlinks=True)
        return Stow(root=scratch / "crate", engine=self.engine, scratch=scratch, prefix=self.prefix)

    def wrap_docker(self, script: str) -> Path:
        """Put a program called docker first on PATH."""
        self.bin.mkdir(exist_ok=True)
        program = self.bin / "docker"
        program.write_text(script)
        program.chmod(0o755)
        return program

    def use_old_client(self) -> None:
        """Let docker be a client of 20.10 without plugins; skips the test where this machine has none."""
        program = clients.find_old()
        if program is None:
            pytest.skip(f"no docker client up to version {clients.LAST_OLD} on PATH")
        self.wrap_docker(clients.OLD.format(log=self.log, docker=program))

    def use_client_without_plugin(self) -> None:
        self.wrap_docker(clients.WITHOUT_PLUGIN.format(log=self.log, docker=shutil.which("docker")))

    def environ(self, env: Mapping[str, str | None] | None = None) -> dict[str, str]:
        """The environment of a command; None takes a variable away."""
        base = self.engine.environment
        base["PATH"] = f"{self.bin}:{Path(sys.executable).parent}:{base['PATH']}"
        return {name: value for name, value in {**base, **self.environment, **(env or {})}.items() if value is not None}

    def __call__(self, *words: str, code: int | None = 0, **options: object) -> Done:
        """Run `cargo-stow`; `code` is the exit code it must have, None for any. Options: see `run`."""
        return self.run(["cargo-stow", *words], code=code, **options)  # type: ignore[arg-type]

    def doit(self, *words: str, code: int | None = 0, **options: object) -> Done:
        """Run doit on the dodo.py of the crate's directory."""
        return self.run([sys.executable, "-m", "doit", *words], code=code, **options)  # type: ignore[arg-type]

    def run(
        self,
        argv: Sequence[str],
        *,
        code: int | None = 0,
        cwd: Path | None = None,
        env: Mapping[str, str | None] | None = None,
        stdin: str = "",
    ) -> Done:
        """Run a program in the crate's directory to its end."""
        before = len(self.calls())
        environment = self.environ(env)
        program = shutil.which(argv[0], path=f"{Path(sys.executable).parent}:{environment['PATH']}") or argv[0]
        ended = subprocess.run(
            [program, *argv[1:]], cwd=cwd or self.root, env=environment, input=stdin, capture_output=True, text=True,
            timeout=_SECONDS, check=False,
        )  # fmt: skip
        return self.note(
            Done(code=ended.returncode, out=ended.stdout, err=ended.stderr, docker=self.calls(before)), code
        )

    def finish(self, running: Running, *, code: int | None = 0) -> Done:
        """Wait for a command that was started."""
        ended = running.wait(_SECONDS)
        return self.note(Done(code=ended, out=running.out, err=running.err), code)

    def note(self, done: Done, code: int | None) -> Done:
        """Remember the images a command named, and hold it to its exit code."""
        self.seen.update(_IMAGE_ID.findall(done.out))
        self.seen.update(filter(None, [self.engine.image_id(name) for name in self.tags()]))
        assert code is None or done.code == code, (
            f"exit code {done.code}, not {code}; stderr ended:\n{done.err[-3000:]}"
        )
        return done

    def start(self, *words: str, env: Mapping[str, str | None] | None = None, cwd: Path | None = None) -> Running:
        """Start `cargo-stow` as the leader of a session of its own, and do not wait for it."""
        return Running(["cargo-stow", *words], cwd=cwd or self.root, env=self.environ(env), scratch=self.scratch)

    def calls(self, start: int = 0) -> tuple[str, ...]:
        """How docker has been called, from the call with that number on."""
        return tuple(self.log.read_text().splitlines()[start:]) if self.log.exists() else ()

    def image(self, name: str, tag: str = "latest") -> str:
        return f"{self.prefix}/{name}:{tag}"

    def tags(self) -> list[str]:
        """The names that images of this namespace have now."""
        found = self.engine.docker(
            "images", "--format", "{{.Repository}}:{{.Tag}}", "--filter", f"reference={self.prefix}/*"
        )
        return [name for name in found.split() if not name.endswith(":<none>")]

    def edit(self, path: str, old: str, new: str) -> None:
        """Change a file of the crate; the old text must be there."""
        file = self.root / path
        text = file.read_text()
        assert old in text, f"{old!r} is not in {path}"
        file.write_text(text.replace(old, new))

    def state(self, image: str = "greeter") -> State:
        """What a command that fails must leave as it is."""
        return read_state(self.root, self.engine.image_id(self.image(image)))

    def clean(self) -> None:
        """Remove the images and containers that the commands made."""
        for name in self.tags():
            self.seen.add(self.engine.image_id(name) or "")
        for container in self.engine.containers_of(self.seen):
            self.engine.try_docker("rm", "--force", "--volumes", container)
        for name in self.tags():
            self.engine.try_docker("rmi", name)
        for identity in self.seen - {""}:
            self.engine.remove_image(identity)
