"""Git servers that let in whoever has the key, or the password."""

from __future__ import annotations

import subprocess
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from integration.bed import git_server
from integration.driver.private_crate import write_files
from integration.driver.private_registry import crate_files
from integration.driver.private_server import Answer, basic, serving
from integration.driver.running import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from integration.driver.engine import Engine

_GIT = ("git", "-c", "user.name=stow", "-c", "user.email=stow@example.org", "-c", "core.hooksPath=/dev/null")


@dataclass(frozen=True, kw_only=True)
class Repository:
    """A library in a bare repository: where that is, and its one commit."""

    directory: Path
    library: str
    commit: str

    def entry(self, url: str) -> str:
        """What Cargo.lock says of the library."""
        return f'[[package]]\nname = "{self.library}"\nversion = "1.0.0"\nsource = "git+{url}#{self.commit}"\n'


def make_repository(directory: Path, library: str) -> Repository:
    work, bare = directory / "work", directory / f"{library}.git"
    write_files(work, crate_files(library))
    _git(work, "init", "--quiet", "--initial-branch", "main")
    _git(work, "add", "--all")
    _git(work, "commit", "--quiet", "--message", "all of it")
    _git(work, "clone", "--quiet", "--bare", str(work), str(bare))
    _git(bare, "update-server-info")
    return Repository(directory=bare, library=library, commit=_git(work, "rev-parse", "HEAD"))


def _git(directory: Path, *words: str) -> str:
    return subprocess.run([*_GIT, *words], cwd=directory, check=True, capture_output=True, text=True).stdout.strip()


@dataclass(frozen=True, kw_only=True)
class Agent:
    """An ssh agent with a key that is in no file any more; `public` is its other half."""

    socket: Path
    public: str


@contextmanager
def ssh_agent(directory: Path) -> Iterator[Agent]:
    key, socket = directory / "key", directory / "agent"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "stow", "-f", key], check=True)
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", socket], stdout=subprocess.DEVNULL)
    try:
        wait_until(socket.exists, "the agent has a socket")
        subprocess.run(["ssh-add", "-q", key], env={"SSH_AUTH_SOCK": str(socket)}, check=True)
        key.unlink()
        yield Agent(socket=socket, public=key.with_suffix(".pub").read_text())
    finally:
        agent.terminate()
        agent.wait()


@dataclass(frozen=True, kw_only=True)
class SshServer:
    """`url` is that of the repository; `known` what a client has to know of the server."""

    url: str
    known: str


@contextmanager
def ssh_server(engine: Engine, repository: Repository, public: str) -> Iterator[SshServer]:
    """Serve a repository to the one who has a key, from a container on the engine's bridge."""
    git_server.ensure()
    container = engine.docker("run", "--detach", "--rm", git_server.IMAGE)
    try:
        inside = f"/srv/{repository.directory.name}"
        engine.docker("cp", str(repository.directory), f"{container}:/srv")
        give = f"printf %s '{public}' >/etc/ssh/may-enter && chown -R git {inside}"
        engine.docker("exec", container, "sh", "-c", give)
        wait_until(lambda: _host_key(engine, container), "the server has a key of its own")
        address = engine.inspect(container)["NetworkSettings"]["Networks"]["bridge"]["IPAddress"]
        known = f"{address} {_host_key(engine, container)}\n"
        yield SshServer(url=f"ssh://git@{address}{inside}", known=known)
    finally:
        engine.docker("rm", "--force", container)


def _host_key(engine: Engine, container: str) -> str:
    key = engine.try_docker("exec", container, "cat", "/etc/ssh/ssh_host_ed25519_key.pub").stdout
    return " ".join(key.split()[:2])


@dataclass(kw_only=True)
class HttpServer:
    """A repository for whoever has the password, as plain files."""

    directory: Path
    user: str
    password: str
    url: str = ""
    answered: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def ask(self, path: str, headers: Mapping[str, str]) -> Answer:
        if headers.get("authorization") != basic(self.user, self.password):
            self.refused.append(path)
            return Answer(status=401, headers={"WWW-Authenticate": 'Basic realm="stow"'})
        self.answered.append(path)
        file = self.directory / path.partition("?")[0].lstrip("/")
        return Answer(status=200, body=file.read_bytes()) if file.is_file() else Answer(status=404)


@contextmanager
def http_server(address: str, repository: Repository, user: str, password: str) -> Iterator[HttpServer]:
    server = HttpServer(directory=repository.directory.parent, user=user, password=password)
    with serving(address, server.ask) as port:
        server.url = f"http://{address}:{port}/{repository.directory.name}"
        yield server
