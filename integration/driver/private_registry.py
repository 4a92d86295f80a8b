"""A private registry of crates, as the sparse protocol has it: it answers whoever shows the token, and remembers.

Source: The Cargo Book, "Registry Index" and "Registry Authentication".
"""

from __future__ import annotations

import hashlib
import io
import json
import secrets
import tarfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from integration.driver.private_server import Answer, serving

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator, Mapping

_REFUSED = Answer(status=401, headers={"WWW-Authenticate": 'Cargo login_url="https://stow.invalid/me"'})
_NOT_FOUND = Answer(status=404)
VERSION = "1.0.0"


@dataclass(kw_only=True)
class CrateRegistry:
    """`place` is the address that the index is told to be at; `crates` are archives by the crate's name."""

    token: str | None
    crates: dict[str, bytes]
    place: str = ""
    port: int = 0
    root: str = field(default_factory=lambda: f"/{secrets.token_hex(6)}")  # no cargo has seen this index before
    answered: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    before_download: Callable[[], object] = lambda: None

    @property
    def index(self) -> str:
        """As it stands in cargo's configuration, and in Cargo.lock."""
        return f"sparse+{self.place}{self.root}/"

    def entry(self, name: str, source: str = "") -> str:
        """What Cargo.lock says of a crate; `source` is another one that this registry is a mirror of."""
        return (
            f'[[package]]\nname = "{name}"\nversion = "{VERSION}"\nsource = "{source or self.index}"\n'
            f'checksum = "{self._checksum(name)}"\n'
        )

    def ask(self, path: str, headers: Mapping[str, str]) -> Answer:
        if not path.startswith(f"{self.root}/"):
            return _NOT_FOUND
        if self.token is not None and headers.get("authorization") != self.token:
            self.refused.append(path)
            return _REFUSED
        self.answered.append(path)
        return self._answer(path.removeprefix(f"{self.root}/"))

    def _answer(self, path: str) -> Answer:
        base = f"{self.place}{self.root}"
        if path == "config.json":
            known = {"dl": f"{base}/dl/{{crate}}", "api": base, "auth-required": self.token is not None}
            return Answer(status=200, body=json.dumps(known).encode())
        name = path.rpartition("/")[2]
        if name not in self.crates:
            return _NOT_FOUND
        if path.startswith("dl/"):
            self.before_download()
            return Answer(status=200, body=self.crates[name])
        version = {"name": name, "vers": VERSION, "deps": [], "cksum": self._checksum(name), "features": {}}
        return Answer(status=200, body=json.dumps({**version, "yanked": False}).encode())

    def _checksum(self, name: str) -> str:
        return hashlib.sha256(self.crates[name]).hexdigest()


@contextmanager
def crate_registry(
    address: str, token: str | None, *names: str, host: str | None = None, tls: ssl.SSLContext | None = None
) -> Iterator[CrateRegistry]:
    """Serve crates of these names; with `host`, under a name that only a proxy knows."""
    registry = CrateRegistry(token=token, crates={name: make_crate(name) for name in names})
    with serving(address, registry.ask, tls) as port:
        registry.port = port
        registry.place = f"{'https' if tls else 'http'}://{host or f'{address}:{port}'}"
        yield registry


def crate_files(name: str) -> dict[str, str]:
    """A library with one function, which says the library's name."""
    return {
        "Cargo.toml": f'[package]\nname = "{name}"\nversion = "{VERSION}"\nedition = "2021"\n',
        "src/lib.rs": f'pub fn word() -> &\'static str {{\n    "{name}"\n}}\n',
    }


def make_crate(name: str) -> bytes:
    """Pack such a library as `cargo package` does."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for path, text in crate_files(name).items():
            entry = tarfile.TarInfo(f"{name}-{VERSION}/{path}")
            entry.size, entry.mode = len(text.encode()), 0o644
            archive.addfile(entry, io.BytesIO(text.encode()))
    return buffer.getvalue()
