"""This machine's Rust toolchain, found through rustup, as the entries of an archive in the official image's layout."""

from __future__ import annotations

import shutil
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from integration.bed import process, tarball
from integration.bed.failure import BedError

if TYPE_CHECKING:
    from collections.abc import Iterator

_HINT = "install rustup with a stable toolchain, or: docker pull rust:1-slim"
_RUSTUP_HOME = "usr/local/rustup"
_CARGO_BIN = "usr/local/cargo/bin"
_OURS = (_RUSTUP_HOME, "usr/local/cargo")
_PROXIES = ("cargo", "rustc", "rustdoc")


@dataclass(frozen=True, kw_only=True)
class Toolchain:
    """An installed release: its version ("1.95.0"), its host triple, its root directory and the rustup that runs it."""

    version: str
    host: str
    root: Path
    rustup: Path

    @property
    def name(self) -> str:
        """Return the name it gets in the image, the official image's: version and host triple."""
        return f"{self.version}-{self.host}"


def find() -> Toolchain:
    """Return the toolchain that rustup's default `rustc` stands for; BedError if there is none, or no release."""
    rustup = shutil.which("rustup")
    if rustup is None:
        raise BedError("no public registry answers for rust:1-slim, and there is no rustup to make it from", hint=_HINT)
    # From / no rust-toolchain.toml of the repository has a say.
    described = process.run(["rustc", "-vV"], doing="asking rustc for its version", hint=_HINT, cwd=Path("/"))
    facts = dict(line.split(": ", 1) for line in described.splitlines() if ": " in line)
    if not facts.get("release", "").replace(".", "").isdigit():
        raise BedError(f"the default toolchain is no release: {facts.get('release')}", hint="rustup default stable")
    root = process.run(["rustc", "--print", "sysroot"], doing="asking rustc for its sysroot", cwd=Path("/"))
    return Toolchain(
        version=facts["release"], host=facts["host"], root=Path(root).resolve(), rustup=Path(rustup).resolve()
    )


def pack(toolchain: Toolchain, target: Path) -> None:
    """Write the archive: rustup, its proxies and settings, and the toolchain with rustc, cargo and rust-std alone."""
    home = f"{_RUSTUP_HOME}/toolchains/{toolchain.name}"
    files = {f"{home}/{name}": toolchain.root / name for name in sorted(_files(toolchain))}
    with tarfile.open(target, "w", format=tarfile.PAX_FORMAT) as archive:
        for directory in _directories([*files, f"{_CARGO_BIN}/rustup", f"{home}/lib/rustlib/components"]):
            tarball.add_directory(archive, directory, mode=0o777 if directory.startswith(_OURS) else 0o755)
        tarball.add_copy(archive, f"{_CARGO_BIN}/rustup", toolchain.rustup)
        for proxy in _PROXIES:
            tarball.add_symlink(archive, f"{_CARGO_BIN}/{proxy}", "rustup")
        _add_records(archive, toolchain, home)
        for path, source in files.items():
            tarball.add_copy(archive, path, source)


def _add_records(archive: tarfile.TarFile, toolchain: Toolchain, home: str) -> None:
    """Add what rustup keeps about an installation, for these three components."""
    texts = {
        f"{_RUSTUP_HOME}/settings.toml": _settings(toolchain),
        f"{home}/lib/rustlib/components": "".join(f"{part}\n" for part in _components(toolchain)),
        f"{home}/lib/rustlib/multirust-config.toml": _installed(toolchain),
    }
    for path, text in texts.items():
        tarball.add_text(archive, path, text, mode=0o666)


def _components(toolchain: Toolchain) -> list[str]:
    return [f"{part}-{toolchain.host}" for part in ("cargo", "rust-std", "rustc")]


def _files(toolchain: Toolchain) -> Iterator[str]:
    """Yield the paths in the toolchain that its own manifests list for the three components, and the records."""
    library = toolchain.root / "lib/rustlib"
    for component in _components(toolchain):
        manifest = library / f"manifest-{component}"
        if not manifest.is_file():
            raise BedError(f"the toolchain {toolchain.root} has no component {component}", hint=_HINT)
        lines = manifest.read_text().splitlines()
        yield from (line.removeprefix("file:") for line in lines if line.startswith("file:"))
        yield f"lib/rustlib/{manifest.name}"
    for record in ("multirust-channel-manifest.toml", "rust-installer-version"):
        if (library / record).is_file():
            yield f"lib/rustlib/{record}"


def _directories(paths: list[str]) -> list[str]:
    """Return every directory above `paths`, parents first."""
    return sorted({str(parent) for path in paths for parent in Path(path).parents if str(parent) != "."})


def _settings(toolchain: Toolchain) -> str:
    return f'version = "12"\ndefault_toolchain = "{toolchain.name}"\nprofile = "minimal"\n\n[overrides]\n'


def _installed(toolchain: Toolchain) -> str:
    part = '\n[[components]]\npkg = "{}"\ntarget = "{}"\nis_extension = false\n'
    return 'config_version = "1"\n' + "".join(part.format(p, toolchain.host) for p in ("cargo", "rust-std", "rustc"))
